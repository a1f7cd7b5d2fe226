"""How far and how finely predictions cover energies, how much memory that takes, and where there is nothing more."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.quantum import Statistics, harmonic_correction

STEPS_MEV: Final = (0.25, 0.5, 1.0)
"""Bins, the first with which the arrays take no more than `BYTES`. TOSCA's σ is 0.31 meV at the elastic line; the
coarser bins are narrower than it from 50 meV (0.5) or 150 meV (1) on."""
BYTES: Final = 200e6
HEADROOM: Final = 1.1
"""The axis goes at least that far beyond the highest phonon, for the resolution's tail."""


def worthwhile_end(numbers: NDArray[np.integer[Any]]) -> float:
    """Energy in meV up to which multi-phonon scattering of elements with these atomic numbers is worth predicting.

    With hydrogen, its stretch at up to 450 meV and the combinations of that with what lies below 150; with elements up
    to neon, the first overtone of most; else all that is scattered up to 12 Å⁻¹, of silicon say.
    """
    lightest = int(np.min(numbers))
    if lightest == 1:
        return 600.0
    return 400.0 if lightest <= 10 else 250.0


def size(*, n_species: int, n_orders: int, n_q: int, n_energy: float) -> float:
    """Bytes of a harmonic prediction's arrays: orders, their sum, and pairs, in single precision."""
    return 4 * n_q * n_energy * (n_species * (n_orders + 1) + n_species * (n_species + 1) / 2)


def smallest_size(*, end: float, n_species: int, n_orders: int, n_q: int) -> float:
    """Bytes with the coarsest bins."""
    return size(n_species=n_species, n_orders=n_orders, n_q=n_q, n_energy=end / STEPS_MEV[-1] + 1)


def bins(*, end: float, highest: float, n_species: int, n_orders: int, n_q: int) -> NDArray[np.float64]:
    """Centres of the bins, from 0, in meV: as fine as `BYTES` permits.

    Parameters
    ----------
    end
        Where the axis ends, in meV, unless a phonon needs more.
    highest
        The highest phonon, meV.
    n_species, n_orders, n_q
        Elements or sites, orders of phonons, and bins of |q| to make room for.
    """
    end = max(end, HEADROOM * highest)
    fitting = (
        step
        for step in STEPS_MEV
        if size(n_species=n_species, n_orders=n_orders, n_q=n_q, n_energy=end / step + 1) <= BYTES
    )
    step = next(fitting, STEPS_MEV[-1])
    return np.asarray(step * np.arange(math.ceil(end / step) + 1))


def extent(
    energy: NDArray[np.float64], intensity: NDArray[np.floating[Any]], *, temperature: float, statistics: Statistics
) -> float:
    """Energy in meV beyond which a sample scatters next to nothing: what a figure shows by itself.

    The last at which ω S(ω), which for one phonon is the density of states whatever the temperature, is 1 % of its
    maximum.

    Parameters
    ----------
    energy
        Shape (n_energy,), meV, from 0.
    intensity
        Shape (n_energy,): all partials added up.
    temperature, statistics
        As of `Partials`; classical partials are given their quantum occupation first.
    """
    weighted = energy * np.abs(intensity)
    if statistics != "quantum":
        weighted = weighted * harmonic_correction(energy, temperature)
    some = np.flatnonzero(weighted > 0.01 * weighted.max(initial=0.0))
    return float(energy[some[-1]]) if len(some) else float(energy[-1])
