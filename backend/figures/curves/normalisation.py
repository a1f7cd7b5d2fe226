"""Normalise the curves of a figure, so that their shapes can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.figures.curves.curve import Curve
from backend.figures.curves.elastic import largest_beyond
from backend.figures.measured import Points, scale_intensity
from backend.figures.schemas import Normalisation

UNITS: Final[dict[Normalisation, str]] = {"maximum": "", "area": "1/meV"}
DIVISORS: Final[dict[Normalisation, str]] = {"maximum": "maximum", "area": "area (1/meV)"}
"""What intensities are divided by, for the title of their axis."""
_Range = tuple[float, float, float]
"""First and last energy, and end of the elastic line, meV."""


def normalise(
    curves: Sequence[Curve], points: Sequence[Points], how: Normalisation
) -> tuple[list[Curve], list[Points]]:
    """Return curves and measured data with equal maxima or equal areas.

    The elastic line does not count. The area is that over the energies which all curves have; gaps in the cut of a
    single crystal add nothing. Data that were scaled to
    their curve stay scaled to it; others are normalised by themselves.
    """
    if how == "none":
        return list(curves), list(points)
    shared = _shared_range(curves)
    factors = [_factor(one.spectrum.energy, one.spectrum.intensity, how, shared, one.elastic_mev) for one in curves]
    unit = UNITS[how]
    changed = []
    for one in points:
        energy, intensity = one.measured.energy, one.measured.intensity
        elastic = curves[one.of].elastic_mev
        factor = factors[one.of] if one.is_scaled else _factor(energy, intensity, how, shared, elastic)
        changed.append(replace(one, measured=scale_intensity(one.measured, factor)))
    return [curve.scaled(factor, unit) for curve, factor in zip(curves, factors, strict=True)], changed


def _shared_range(curves: Sequence[Curve]) -> _Range:
    energies = [curve.spectrum.energy[np.isfinite(curve.spectrum.intensity)] for curve in curves]
    # A cut may be measured nowhere
    energies = [one for one in energies if len(one)] or [curve.spectrum.energy for curve in curves]
    ends = max(float(one[0]) for one in energies), min(float(one[-1]) for one in energies)
    return *ends, max(curve.elastic_mev for curve in curves)


def _factor(
    energy: NDArray[np.floating[Any]],
    intensity: NDArray[np.floating[Any]],
    how: Normalisation,
    shared: _Range,
    elastic_mev: float,
) -> float:
    """Return 1 over the maximum or the area; 1 if that is not above 0."""
    if how == "maximum":
        size = largest_beyond(energy, intensity, elastic_mev)
    else:
        low, high, elastic = shared
        inside = (energy >= low) & (energy <= high) & (np.abs(energy) > elastic)
        # Curves without a common range keep their own
        inside = inside if inside.sum() > 1 else np.abs(energy) > elastic_mev
        size = float(np.trapezoid(np.where(inside, np.nan_to_num(intensity), 0.0), energy))
    return 1 / size if np.isfinite(size) and size > 0 else 1.0
