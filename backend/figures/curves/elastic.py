"""The elastic line in figures: which part of an energy axis it hides, and the largest intensity beyond it.

One rule for the figures of pages and of reports, so that a peak that one of them shows is not cut off in another.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.measured.comparison.forecast_grid import fwhm
from scattering.observe.view import View

ELASTIC_FRACTION: Final = 0.03
"""Fraction of the drawn energies next to ω = 0 that belongs to an elastic or quasielastic line."""

Limits = tuple[float, float]
"""Ends of an energy axis, meV."""
EVERYTHING: Final[Limits] = (-np.inf, np.inf)


def elastic_foot(
    energy: NDArray[np.floating[Any]], method: str, view: View | None, limits: Limits = EVERYTHING
) -> float:
    """Return half of the range around ω = 0 that belongs to the elastic line, meV.

    It is `ELASTIC_FRACTION` of the drawn range. Harmonic phonons without an elastic line have lattice modes within that
    range, which may be the highest of all: there it is at most the FWHM of the resolution.

    Parameters
    ----------
    energy
        Shape (n,), meV, ascending: of the curve.
    method
        Method of its forecast.
    view
        Its view; None if it is unknown.
    limits
        Ends of the axis, which draws only the energies between them.
    """
    low, high = max(float(energy[0]), limits[0]), min(float(energy[-1]), limits[1])
    foot = ELASTIC_FRACTION * max(high - low, 0.0)
    if method != "harmonic" or view is None or view.elastic or not high > low:
        return foot
    nearest = np.clip(np.zeros(1), low, high)
    return min(foot, float(fwhm(view, nearest)[0]))


def largest_beyond(
    energy: NDArray[np.floating[Any]],
    intensity: NDArray[np.floating[Any]],
    foot_mev: float,
    limits: Limits = EVERYTHING,
) -> float:
    """Return the largest finite intensity on an axis beyond the foot of the elastic line, at least 0."""
    beyond = (np.abs(energy) > foot_mev) & (energy >= limits[0]) & (energy <= limits[1]) & np.isfinite(intensity)
    return float(intensity[beyond].max(initial=0.0))
