"""The energy axis of predictions: its end, its bins, the memory that it takes, and the end of the scattering."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.quantum import Statistics, harmonic_correction

STEPS_MEV: Final = (0.25, 0.5, 1.0)
"""Widths of bins; the first is taken whose arrays need no more than `MAX_ARRAY_BYTES`. TOSCA's σ is 0.31 meV at the
elastic line; the coarser bins are narrower than σ from 50 meV (0.5) or 150 meV (1) on."""
MAX_ARRAY_BYTES: Final = 200e6
"""Memory of a prediction's arrays."""
HEADROOM: Final = 1.1
"""Smallest end of the axis over the highest phonon: room for the tail of the resolution."""


def worthwhile_end(numbers: NDArray[np.integer[Any]]) -> float:
    """Return the energy in meV up to which to predict multiphonon scattering of elements with these atomic numbers.

    - with hydrogen: its stretch, up to 450 meV, and the combinations of the stretch with modes below 150 meV;
    - with elements up to neon: the first overtone of most modes;
    - otherwise: all scattering up to 12 Å⁻¹ of, for example, silicon.
    """
    lightest = int(np.min(numbers))
    if lightest == 1:
        return 600.0
    return 400.0 if lightest <= 10 else 250.0


def size(*, n_species: int, n_orders: int, n_q: int, n_energy: float) -> float:
    """Return the bytes of a harmonic prediction's arrays: orders, their sum, and pairs, in single precision."""
    return 4 * n_q * n_energy * (n_species * (n_orders + 1) + n_species * (n_species + 1) / 2)


def smallest_size(*, end: float, n_species: int, n_orders: int, n_q: int) -> float:
    """Return the bytes of the arrays with the coarsest bins."""
    return size(n_species=n_species, n_orders=n_orders, n_q=n_q, n_energy=end / STEPS_MEV[-1] + 1)


def bins(*, end: float, highest: float, n_species: int, n_orders: int, n_q: int) -> NDArray[np.float64]:
    """Return the centres of the bins in meV, from 0: the finest bins that `MAX_ARRAY_BYTES` permits.

    Parameters
    ----------
    end
        End of the axis, meV. A high phonon moves it further.
    highest
        The highest phonon, meV.
    n_species, n_orders, n_q
        Number of elements or sites, of phonon orders, and of bins of |q|.
    """
    end = max(end, HEADROOM * highest)
    fitting = (
        step
        for step in STEPS_MEV
        if size(n_species=n_species, n_orders=n_orders, n_q=n_q, n_energy=end / step + 1) <= MAX_ARRAY_BYTES
    )
    step = next(fitting, STEPS_MEV[-1])
    return np.asarray(step * np.arange(math.ceil(end / step) + 1))


def extent(
    energy: NDArray[np.float64], intensity: NDArray[np.floating[Any]], *, temperature: float, statistics: Statistics
) -> float:
    """Return the energy in meV beyond which a sample scatters next to nothing: the default end of a figure.

    It is the last energy at which ω S(ω) is 1 % of its maximum. For one phonon ω S(ω) is the density of states at any
    temperature.

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
    strong = np.flatnonzero(weighted > 0.01 * weighted.max(initial=0.0))
    return float(energy[strong[-1]]) if len(strong) else float(energy[-1])
