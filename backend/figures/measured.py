"""Measured data as points with error bars, to be laid over what was forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.figures.energy import UNIT_WORDS, in_unit
from backend.figures.schemas import EnergyUnit
from backend.figures.theme import Theme
from scattering.measured.data import MeasuredSpectrum, extremes

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
MOST_MARKERS = 1500
"""More points than that are a line to the eye, and slow to draw."""
MOST_POINTS = 8000
"""More points than a screen has columns say nothing more, and 24 spectra of 50 000 would be 20 MB."""


@dataclass(frozen=True, eq=False)
class Points:
    """A measured spectrum in the figure's unit, and the curve that it belongs to."""

    label: str
    measured: MeasuredSpectrum
    of: int


def scaled(measured: MeasuredSpectrum, factor: float) -> MeasuredSpectrum:
    """The same spectrum in another unit of intensity."""
    error = None if measured.error is None else measured.error * abs(factor)
    return replace(measured, intensity=measured.intensity * factor, error=error)


def points_trace(
    points: Points, theme: Theme, *, index: int, lift: float, energy_unit: EnergyUnit, group: str | None = None
) -> dict[str, Any]:
    """One trace of points with error bars; a line, where there are too many points to tell apart.

    Parameters
    ----------
    index
        Which of the figure's measured spectra it is: tells its symbol.
    lift
        Added to the intensity.
    """
    measured = points.measured
    unit = UNIT_WORDS[energy_unit]
    x, y, error = with_gaps(in_unit(measured.energy, energy_unit), measured.intensity + lift, measured.error, measured)
    keep = extremes(y, MOST_POINTS)
    x, y, error = x[keep], y[keep], None if error is None else error[keep]
    many = len(measured.energy) > MOST_MARKERS
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": x,
        "y": y.astype(np.float32),
        "name": points.label,
        "mode": "lines" if many else "markers",
        "connectgaps": False,
        "marker": {"color": theme.ink, "size": 4, "symbol": SYMBOLS[index % len(SYMBOLS)], "opacity": 0.85},
        "line": {"color": theme.ink, "width": 1},
        "legendgroup": group,
        "meta": {"role": "measured"},
        "hovertemplate": f"%{{x:.1f}} {unit}<br>%{{y:.4g}}<extra>{points.label}</extra>",
    }
    if error is not None:
        bars = np.nan_to_num(error).astype(np.float32)
        trace["error_y"] = {
            "type": "data",
            "array": bars,
            "color": theme.muted if many else theme.ink,
            "thickness": 0.8,
            "width": 0,
        }
    return trace


def with_gaps(
    x: NDArray[np.float32], y: NDArray[np.float64], error: NDArray[np.float64] | None, measured: MeasuredSpectrum
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64] | None]:
    """Put a NaN where neighbouring bins do not touch, so that no line is drawn where nothing was measured."""
    width = measured.high - measured.low
    apart = measured.low[1:] - measured.high[:-1] > 0.01 * np.minimum(width[1:], width[:-1])
    after = np.flatnonzero(apart) + 1
    if not len(after):
        return x, y, error
    between = (x[after - 1] + x[after]) / 2
    return (
        np.insert(x, after, between),
        np.insert(y, after, np.nan),
        None if error is None else np.insert(error, after, np.nan),
    )


def lifts(n_curves: int, points: Sequence[Points], step: float) -> tuple[list[float], list[float]]:
    """How far each curve and each measured spectrum is lifted in a waterfall: data stand right above their curve.

    `step` is an intensity, or decades on a logarithmic axis, where a sum would press all but the lowest curve flat.
    """
    order: list[tuple[int, int]] = []
    for curve in range(n_curves):
        order.append((curve, -1))
        order += [(curve, index) for index, one in enumerate(points) if one.of == curve]
    level = {key: step * height for height, key in enumerate(order)}
    return [level[curve, -1] for curve in range(n_curves)], [level[one.of, index] for index, one in enumerate(points)]
