"""Measured data as points with error bars, drawn over forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.figures.energy import in_unit
from backend.figures.hover import CurveHover
from backend.figures.theme import Theme
from scattering.measured.data import MeasuredSpectrum, extremes

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "x")
MAX_MARKERS = 1500
"""More points look like a line, and are slow to draw."""
MAX_POINTS = 8000
"""A screen has fewer columns, and 24 spectra of 50 000 points would be 20 MB."""


@dataclass(frozen=True, eq=False)
class Points:
    """A measured spectrum.

    Attributes
    ----------
    of
        Index of the curve that it belongs to.
    unit
        Unit of the intensity; empty: as measured.
    is_scaled
        Whether its intensity was scaled to that of the curve.
    """

    label: str
    measured: MeasuredSpectrum
    of: int
    unit: str = ""
    is_scaled: bool = False


def scale_intensity(measured: MeasuredSpectrum, factor: float) -> MeasuredSpectrum:
    """Return the same spectrum in another unit of intensity."""
    error = None if measured.error is None else measured.error * abs(factor)
    return replace(measured, intensity=measured.intensity * factor, error=error)


def points_trace(
    points: Points,
    theme: Theme,
    hover: CurveHover,
    *,
    index: int,
    factor: float = 1.0,
    lift: float = 0.0,
    group: str | None = None,
) -> dict[str, Any]:
    """Return a trace of points with error bars, or a line if there are too many points.

    Parameters
    ----------
    index
        Index of the measured spectrum in the figure, which decides its symbol.
    factor, lift
        The intensity is drawn at `factor` times its value plus `lift`.
    """
    measured = points.measured
    x, values, error = insert_gaps(
        in_unit(measured.energy, hover.energy_unit), measured.intensity, measured.error, measured
    )
    keep = extremes(values, MAX_POINTS)
    x, values, error = x[keep], values[keep].astype(np.float32), None if error is None else error[keep]
    shifted = (factor, lift) != (1.0, 0.0)
    many = len(measured.energy) > MAX_MARKERS
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": x,
        "y": (factor * values + lift).astype(np.float32),
        "customdata": values if shifted else None,
        "name": points.label,
        "mode": "lines" if many else "markers",
        "connectgaps": False,
        "marker": {"color": theme.ink, "size": 4, "symbol": SYMBOLS[index % len(SYMBOLS)], "opacity": 0.85},
        "line": {"color": theme.ink, "width": 1},
        "legendgroup": group,
        "meta": {"role": "measured"},
        "hovertemplate": hover.template(points.label, points.unit, shifted=shifted),
    }
    if error is not None:
        bars = factor * np.nan_to_num(error).astype(np.float32)
        trace["error_y"] = {
            "type": "data",
            "array": bars,
            "color": theme.muted if many else theme.ink,
            "thickness": 0.8,
            "width": 0,
        }
    return trace


def insert_gaps(
    x: NDArray[np.float32], y: NDArray[np.float64], error: NDArray[np.float64] | None, measured: MeasuredSpectrum
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64] | None]:
    """Insert a NaN where neighbouring bins do not touch, so that no line crosses a gap in the data."""
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


def curve_offsets(n_curves: int, points: Sequence[Points], step: float) -> tuple[list[float], list[float]]:
    """Return the offsets of curves and measured spectra in a waterfall: data have the offset of their curve.

    `step` is an intensity, or a number of decades on a logarithmic axis, where a sum would flatten all but the lowest
    curve.
    """
    order: list[tuple[int, int]] = []
    for curve in range(n_curves):
        order.append((curve, -1))
        order += [(curve, index) for index, one in enumerate(points) if one.of == curve]
    level = {key: step * height for height, key in enumerate(order)}
    return [level[curve, -1] for curve in range(n_curves)], [level[one.of, index] for index, one in enumerate(points)]
