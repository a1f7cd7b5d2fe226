"""The energy axis of predictions: its end, its bins, the memory that it takes, and the end of the scattering."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.quantum import Statistics, harmonic_correction

MIN_FWHM_MEV: Final = 0.05
"""Narrowest resolution (FWHM) that the bins resolve near the elastic line: that of a cold spectrometer at 5 meV. Only
acoustic modes, without sharp lines, lie much lower."""
MIN_RELATIVE_FWHM: Final = 0.012
"""Narrowest FWHM over the energy transfer, at large transfers: VISION has 1.5 %; a chopper spectrometer whose incident
energy is a quarter above the transfer has 1.2 % at best."""
BINS_PER_FWHM: Final = 5.0
"""A line in bins of a fifth of the FWHM is 1 % too low."""
MIN_BINS_PER_FWHM: Final = 1.5
"""Fewest bins, used if the arrays would otherwise need more than `MAX_ARRAY_BYTES`."""
MAX_ARRAY_BYTES: Final = 200e6
"""Memory of a prediction's arrays."""
MIN_END_RATIO: Final = 1.1
"""Smallest end of the axis over the highest phonon: room for the tail of the resolution."""


def multiphonon_end(numbers: NDArray[np.integer[Any]]) -> float:
    """Return the energy in meV up to which to predict multiphonon scattering of elements with these atomic numbers.

    - with hydrogen: its stretch, up to 450 meV, and the combinations of the stretch with modes below 150 meV;
    - with elements up to neon: the first overtone of most modes;
    - otherwise: all scattering up to 12 Å⁻¹ of, for example, silicon.
    """
    lightest = int(np.min(numbers))
    if lightest == 1:
        return 600.0
    return 400.0 if lightest <= 10 else 250.0


def array_bytes(*, n_species: int, n_orders: int, n_q: int, n_energy: float) -> float:
    """Return the bytes of a harmonic prediction's arrays: orders, their sum, and pairs, in single precision."""
    return 4 * n_q * n_energy * (n_species * (n_orders + 1) + n_species * (n_species + 1) / 2)


def min_array_bytes(*, end: float, n_species: int, n_orders: int, n_q: int) -> float:
    """Return the bytes of the arrays with the coarsest bins."""
    return array_bytes(n_species=n_species, n_orders=n_orders, n_q=n_q, n_energy=_n_bins(end, MIN_BINS_PER_FWHM))


def bins(*, end: float, highest: float, n_species: int, n_orders: int, n_q: int) -> NDArray[np.float64]:
    """Return the centres of the bins in meV, from 0: the finest bins that `MAX_ARRAY_BYTES` permits.

    The bins are as fine as the narrowest resolution of any instrument at their energy needs. With f =
    √(a² + r²ω²) of a = `MIN_FWHM_MEV` and r = `MIN_RELATIVE_FWHM`, and n bins in f, bin i has its centre at
    the ω up to which ∫ n/f dω = (n/r) asinh(rω/a) is i.

    Parameters
    ----------
    end
        End of the axis, meV. A high phonon moves it further.
    highest
        The highest phonon, meV.
    n_species, n_orders, n_q
        Number of elements or sites, of phonon orders, and of bins of |q|.
    """
    end = max(end, MIN_END_RATIO * highest)
    per_bin = array_bytes(n_species=n_species, n_orders=n_orders, n_q=n_q, n_energy=1)
    fitting = MAX_ARRAY_BYTES / per_bin / (_n_bins(end, 1.0))
    n = min(max(fitting, MIN_BINS_PER_FWHM), BINS_PER_FWHM)
    index = np.arange(math.ceil(_n_bins(end, n)) + 1)
    ratio = MIN_FWHM_MEV / MIN_RELATIVE_FWHM
    return np.asarray(ratio * np.sinh(MIN_RELATIVE_FWHM / n * index))


def _n_bins(end: float, n: float) -> float:
    """Return the number of bins up to an energy, with n bins in the narrowest FWHM."""
    return n / MIN_RELATIVE_FWHM * math.asinh(MIN_RELATIVE_FWHM * end / MIN_FWHM_MEV)


def extent(
    energy: NDArray[np.float64], intensity: NDArray[np.floating[Any]], *, temperature: float, statistics: Statistics
) -> float:
    """Return the energy in meV beyond which a sample scatters almost nothing: the default end of a figure.

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
