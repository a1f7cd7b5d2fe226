"""Differences of curves and measured data from the first curve of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.figures.curves.curve import Curve
from backend.figures.measured import Points


@dataclass(frozen=True, eq=False)
class Difference:
    """A curve or measured data minus the first curve.

    Attributes
    ----------
    energy
        Shape (n,), meV.
    values
        Shape (n,), in the unit of the first curve.
    of
        Index of the curve, or of the data.
    is_measured
        Whether it is of measured data.
    elastic_mev
        Half of the range around ω = 0 that belongs to the elastic line of either, meV.
    """

    energy: NDArray[np.float64]
    values: NDArray[np.float64]
    of: int
    is_measured: bool
    elastic_mev: float


def differences(curves: Sequence[Curve], points: Sequence[Points]) -> list[Difference]:
    """Subtract the first curve from each other curve and from measured data, over the energies that both have.

    A curve is interpolated at the energies of the first one, and the first one at those of the data.
    """
    first, foot = curves[0].spectrum, curves[0].elastic_mev
    found = []
    for index, curve in enumerate(curves[1:], start=1):
        spectrum = curve.spectrum
        inside = _within(first.energy, spectrum.energy)
        values = np.interp(first.energy[inside], spectrum.energy, spectrum.intensity) - first.intensity[inside]
        widest = max(foot, curve.elastic_mev)
        found.append(Difference(first.energy[inside], values, index, is_measured=False, elastic_mev=widest))
    for index, one in enumerate(points):
        energy = one.measured.energy
        inside = _within(energy, first.energy)
        values = one.measured.intensity[inside] - np.interp(energy[inside], first.energy, first.intensity)
        widest = max(foot, curves[one.of].elastic_mev)
        found.append(Difference(energy[inside], values, index, is_measured=True, elastic_mev=widest))
    return found


def _within(energy: NDArray[np.floating[Any]], other: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    return np.asarray((energy >= other[0]) & (energy <= other[-1]))
