"""Figure of a measured map, the forecast in the same bins and colours, and their difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.comparison import goodness_text
from backend.figures.energy import ENERGY_TITLES, in_unit
from backend.figures.hover import map_hover
from backend.figures.map import MOMENTUM_TITLE, brightest
from backend.figures.schemas import Look
from backend.figures.theme import MARGIN, POWERS, THEMES, Theme, axis, draw, layout, powers_of_ten
from scattering.measured.comparison.maps import MapComparison

DECADES = 3
GAP = 0.03
"""Horizontal gap between two maps, over the width of the figure."""
TITLE_PX = 48
"""Space above the maps for labels of two lines."""
# ColorBrewer's PuOr, distinguishable with every kind of colour vision, around the colour of the paper
NEGATIVE_COLOURS, POSITIVE_COLOURS = ("#5e3c99", "#b2abd2"), ("#fdb863", "#e66101")


@dataclass(frozen=True, eq=False)
class _Part:
    """One of the three maps: its colours come from `coloured`, the hover text from `values`."""

    title: str
    coloured: NDArray[np.float64]
    values: NDArray[np.float64]
    colour_axis: str


def map_comparison_figure(compared: MapComparison, measured_label: str, label: str, drawing: Look) -> go.Figure:
    """Draw measured data, forecast and difference side by side, with common axes and a common colour scale."""
    theme = THEMES[drawing.theme]
    high = brightest(np.concatenate([compared.measured.ravel(), compared.forecast.ravel()]))
    coloured = [compared.measured, compared.forecast]
    limits, ticks = (0.0, high), dict(POWERS)
    if drawing.scale == "log":
        top = float(np.log10(high))
        coloured = [_log(part, high) for part in coloured]
        limits, ticks = (top - DECADES, top), powers_of_ten(top - DECADES, top)
    goodness = goodness_text(compared.goodness)
    parts = [
        _Part(measured_label, coloured[0], compared.measured, "coloraxis"),
        _Part(f"{label}<br>× {compared.scale:.3g}", coloured[1], compared.forecast, "coloraxis"),
        _Part(f"Measured − forecast<br>{goodness}", compared.difference, compared.difference, "coloraxis2"),
    ]
    axes: dict[str, Any] = {}
    for index in range(len(parts)):
        axes |= _axes(index, theme, drawing)
    return draw(
        [_heatmap(part, index, compared, drawing) for index, part in enumerate(parts)],
        layout(
            theme,
            # Bins without a measurement are not zero
            plot_bgcolor=theme.outside,
            margin=MARGIN | {"t": TITLE_PX},
            **axes,
            **_colour_axes(theme, limits, ticks, largest_difference=brightest(np.abs(compared.difference))),
            annotations=[_title(part.title, index) for index, part in enumerate(parts)],
            showlegend=False,
            uirevision=f"measured map {drawing.energy_unit}",
        ),
    )


def _log(values: NDArray[np.float64], high: float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        floor = high * 10.0 ** -(DECADES + 1)
        return np.where(np.isfinite(values), np.log10(np.maximum(values, floor)), np.nan)


def _axis_number(index: int) -> str:
    """Return the number of the axes of a map: Plotly counts "", "2", "3"."""
    return "" if index == 0 else str(index + 1)


def _left_and_width(index: int) -> tuple[float, float]:
    """Return the left edge and the width of a map, over the width of the figure."""
    width = (1 - 2 * GAP) / 3
    return index * (width + GAP), width


def _heatmap(part: _Part, index: int, compared: MapComparison, drawing: Look) -> dict[str, Any]:
    number = _axis_number(index)
    return {
        "type": "heatmap",
        "x": compared.q.astype(np.float32),
        "y": in_unit(compared.energy, drawing.energy_unit),
        "z": np.asarray(part.coloured, dtype=np.float32).T,
        "customdata": np.asarray(part.values, dtype=np.float32).T,
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "coloraxis": part.colour_axis,
        "name": part.title,
        "hovertemplate": map_hover(drawing.energy_unit, logarithmic=True, name=part.title.partition("<br>")[0]),
        "zsmooth": False,
    }


def _axes(index: int, theme: Theme, drawing: Look) -> dict[str, Any]:
    """Return the axes of a map; those of the second and third follow the zoom of the first."""
    number, (left, width) = _axis_number(index), _left_and_width(index)
    energy_title = ENERGY_TITLES[drawing.energy_unit] if index == 0 else ""
    x = axis(theme, MOMENTUM_TITLE, domain=[left, left + width], anchor=f"y{number}", showgrid=False)
    y = axis(theme, energy_title, anchor=f"x{number}", showgrid=False)
    if index > 0:
        x |= {"matches": "x"}
        y |= {"matches": "y", "showticklabels": False}
    return {f"xaxis{number}": x, f"yaxis{number}": y}


def _title(text: str, index: int) -> dict[str, Any]:
    return {
        "xref": "paper",
        "yref": "paper",
        "x": _left_and_width(index)[0],
        "y": 1.01,
        "xanchor": "left",
        "yanchor": "bottom",
        "text": text,
        "showarrow": False,
        "font": {"size": 12},
        "align": "left",
    }


def _colour_axes(
    theme: Theme, limits: tuple[float, float], ticks: dict[str, Any], *, largest_difference: float
) -> dict[str, Any]:
    """Return the colour axis of the intensities, and the diverging one of the difference."""
    bar: dict[str, Any] = {"thickness": 10, "outlinewidth": 0, "ticks": "outside", "tickcolor": theme.muted}
    colours = (*NEGATIVE_COLOURS, theme.paper, *POSITIVE_COLOURS)
    return {
        "coloraxis": {
            "colorscale": [list(stop) for stop in theme.heat],
            "cmin": limits[0],
            "cmax": limits[1],
            "colorbar": {**bar, **ticks, "x": 1.01, "len": 0.46, "y": 1, "yanchor": "top"},
        },
        "coloraxis2": {
            "colorscale": [[0.25 * step, colour] for step, colour in enumerate(colours)],
            "cmin": -largest_difference,
            "cmax": largest_difference,
            "colorbar": {**bar, **POWERS, "x": 1.01, "len": 0.46, "y": 0, "yanchor": "bottom"},
        },
    }
