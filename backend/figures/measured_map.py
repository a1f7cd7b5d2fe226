"""Figure of a measured map, the forecast in the same bins and colours, and their difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.comparison import goodness_text
from backend.figures.energy import ENERGY_TITLES, UNIT_WORDS, in_unit
from backend.figures.map import BRIGHTEST_PERCENTILE, MOMENTUM_TITLE
from backend.figures.schemas import Look
from backend.figures.theme import MARGIN, POWERS, THEMES, axis, draw, layout, powers_of_ten
from scattering.measured.comparison.maps import MapComparison

DECADES = 3
BETWEEN = 0.03
TITLE_PX = 48
"""Space above the maps for labels of two lines."""
# ColorBrewer's PuOr, distinguishable with every kind of colour vision, around the colour of the paper
LESS, MORE = ("#5e3c99", "#b2abd2"), ("#fdb863", "#e66101")


def map_comparison_figure(compared: MapComparison, measured_label: str, label: str, drawing: Look) -> go.Figure:
    """Draw measured, forecast and difference side by side, on one scale of colours, zoomed together."""
    theme = THEMES[drawing.theme]
    logarithmic = drawing.scale == "log"
    seen = np.concatenate([part[np.isfinite(part)] for part in (compared.measured, compared.forecast)])
    high = float(np.percentile(seen, BRIGHTEST_PERCENTILE)) if len(seen) else 1.0
    high = high if high > 0 else 1.0
    gap = compared.difference[np.isfinite(compared.difference)]
    largest = float(np.percentile(np.abs(gap), BRIGHTEST_PERCENTILE)) if len(gap) else 1.0
    largest = largest or 1.0
    if logarithmic:
        top = float(np.log10(high))
        coloured = [_log(part, high) for part in (compared.measured, compared.forecast)]
        limits, ticks = (top - DECADES, top), powers_of_ten(top - DECADES, top)
    else:
        coloured = [compared.measured, compared.forecast]
        limits, ticks = (0.0, high), dict(POWERS)
    unit = UNIT_WORDS[drawing.energy_unit]
    q = compared.q.astype(np.float32)
    energy = in_unit(compared.energy, drawing.energy_unit)
    width = (1 - 2 * BETWEEN) / 3
    parts = [
        (measured_label, coloured[0], compared.measured, "coloraxis"),
        (f"{label}<br>× {compared.scale:.3g}", coloured[1], compared.forecast, "coloraxis"),
        (
            f"Measured − forecast<br>{goodness_text(compared.goodness)}",
            compared.difference,
            compared.difference,
            "coloraxis2",
        ),
    ]
    traces: list[dict[str, Any]] = []
    arrangement: dict[str, Any] = {}
    titles = []
    for index, (title, z, values, colours) in enumerate(parts):
        number = "" if index == 0 else str(index + 1)
        left = index * (width + BETWEEN)
        traces.append(
            {
                "type": "heatmap",
                "x": q,
                "y": energy,
                "z": np.asarray(z, dtype=np.float32).T,
                "customdata": np.asarray(values, dtype=np.float32).T,
                "xaxis": f"x{number}",
                "yaxis": f"y{number}",
                "coloraxis": colours,
                "name": title,
                "hovertemplate": f"|q| %{{x:.2f}} Å⁻¹<br>%{{y:.1f}} {unit}<br>%{{customdata:.3g}}<extra></extra>",
                "zsmooth": False,
            }
        )
        shared = {} if index == 0 else {"matches": "y", "showticklabels": False}
        arrangement[f"xaxis{number}"] = axis(
            theme, MOMENTUM_TITLE, domain=[left, left + width], anchor=f"y{number}", showgrid=False
        ) | ({} if index == 0 else {"matches": "x"})
        arrangement[f"yaxis{number}"] = (
            axis(theme, ENERGY_TITLES[drawing.energy_unit] if index == 0 else "", anchor=f"x{number}", showgrid=False)
            | shared
        )
        titles.append(
            {
                "xref": "paper",
                "yref": "paper",
                "x": left,
                "y": 1.01,
                "xanchor": "left",
                "yanchor": "bottom",
                "text": title,
                "showarrow": False,
                "font": {"size": 12},
                "align": "left",
            }
        )
    bar: dict[str, Any] = {"thickness": 10, "outlinewidth": 0, "ticks": "outside", "tickcolor": theme.muted}
    paper = theme.paper
    diverging = [[0.0, LESS[0]], [0.25, LESS[1]], [0.5, paper], [0.75, MORE[0]], [1.0, MORE[1]]]
    return draw(
        traces,
        layout(
            theme,
            # Bins without a measurement are not zero
            plot_bgcolor=theme.outside_of_lines,
            margin=MARGIN | {"t": TITLE_PX},
            **arrangement,
            coloraxis={
                "colorscale": [list(stop) for stop in theme.heat],
                "cmin": limits[0],
                "cmax": limits[1],
                "colorbar": {**bar, **ticks, "x": 1.01, "len": 0.46, "y": 1, "yanchor": "top"},
            },
            coloraxis2={
                "colorscale": diverging,
                "cmin": -largest,
                "cmax": largest,
                "colorbar": {**bar, **POWERS, "x": 1.01, "len": 0.46, "y": 0, "yanchor": "bottom"},
            },
            annotations=titles,
            showlegend=False,
            uirevision=f"measured map {drawing.energy_unit}",
        ),
    )


def _log(values: NDArray[np.float64], high: float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        floor = high * 10.0 ** -(DECADES + 1)
        return np.where(np.isfinite(values), np.log10(np.maximum(values, floor)), np.nan)
