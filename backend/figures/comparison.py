"""Figures of forecast and measured data: a fit with its residual, the effect of each correction, a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import ENERGY_TITLES, in_unit
from backend.figures.hover import CurveHover
from backend.figures.measured import MAX_POINTS, Points, insert_gaps, points_trace
from backend.figures.schemas import Look
from backend.figures.theme import POWERS, THEMES, Theme, axis, draw, layout
from scattering.measured.comparison.fit import FitResult
from scattering.measured.comparison.goodness import Goodness
from scattering.measured.data import MeasuredSpectrum, extremes

DECADES = 3
RESIDUAL_FRACTION = 0.24
"""Height of the residual over that of the figure."""
GAP = 0.04
"""Vertical gap between two panels, over the height of the figure."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A fitted forecast, perhaps with only some corrections, and its name."""

    label: str
    fitted: FitResult


def comparison_figure(measured: MeasuredSpectrum, name: str, candidate: Candidate, drawing: Look) -> go.Figure:
    """Draw the measured data, the fitted forecast over them, its background, and the residual below."""
    return _with_residuals(measured, name, [candidate], drawing)


def ranking_figure(measured: MeasuredSpectrum, name: str, candidates: Sequence[Candidate], drawing: Look) -> go.Figure:
    """Draw several fitted forecasts, the best first, over the measured data, and their residuals below."""
    ranked = [
        Candidate(f"{place}. {candidate.label}", candidate.fitted) for place, candidate in enumerate(candidates, 1)
    ]
    return _with_residuals(measured, name, ranked, drawing)


def _with_residuals(measured: MeasuredSpectrum, name: str, candidates: Sequence[Candidate], drawing: Look) -> go.Figure:
    theme = THEMES[drawing.theme]
    points = Points(name, measured, 0)
    traces = [points_trace(points, theme, CurveHover(drawing.energy_unit), index=0)]
    for index, candidate in enumerate(candidates):
        colour = theme.lines[index % len(theme.lines)]
        fitted = candidate.fitted
        label = f"{candidate.label} ({goodness_text(fitted.goodness)})"
        traces.append(_line(fitted, fitted.model, measured, drawing, name=label, colour=colour, group=str(index)))
        if len(candidates) == 1 and np.any(fitted.background):
            traces.append(
                _line(fitted, fitted.background, measured, drawing, name="background", colour=theme.muted, dash="dash")
            )
        residual = _line(
            fitted, fitted.residual, measured, drawing, name="residual", colour=colour, group=str(index), width=1.2
        )
        traces.append(residual | {"yaxis": "y2", "showlegend": False})
    fits = [candidate.fitted for candidate in candidates]
    x_range = energy_range(fits, measured, drawing)
    residual_unit = "residual / σ" if measured.error is not None else "residual / scatter"
    return draw(
        traces,
        layout(
            theme,
            xaxis=axis(theme, ENERGY_TITLES[drawing.energy_unit], range=x_range, anchor="y2"),
            yaxis=axis(
                theme,
                "Intensity (as measured)",
                domain=[RESIDUAL_FRACTION + GAP, 1.0],
                type=drawing.scale,
                range=intensity_range(fits, measured, drawing),
                **POWERS,
            ),
            yaxis2=axis(
                theme,
                residual_unit,
                domain=[0.0, RESIDUAL_FRACTION],
                range=_residual_range(fits),
                zeroline=True,
            )
            | {"zerolinecolor": theme.muted, "zerolinewidth": 1},
            shapes=[
                *_shade_excluded(fits[0], measured, x_range, drawing, theme),
                _frame(RESIDUAL_FRACTION + GAP, 1.0, theme),
            ],
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            uirevision=f"comparison {drawing.energy_unit} {drawing.scale}",
        ),
    )


def refinement_figure(measured: MeasuredSpectrum, name: str, stages: Sequence[Candidate], drawing: Look) -> go.Figure:
    """Draw the stages one above the other on the same axes, each over the measured data."""
    theme = THEMES[drawing.theme]
    fits = [stage.fitted for stage in stages]
    x_range, y_range = energy_range(fits, measured, drawing), intensity_range(fits, measured, drawing)
    height = (1.0 - GAP * (len(stages) - 1)) / len(stages)
    traces: list[dict[str, Any]] = []
    axes: dict[str, Any] = {}
    notes, frames = [], []
    for index, stage in enumerate(stages):
        number = "" if index == 0 else str(index + 1)
        top = 1.0 - index * (height + GAP)
        points = points_trace(
            Points(name, measured, 0), theme, CurveHover(drawing.energy_unit), index=0, group="measured"
        )
        traces.append(points | {"yaxis": f"y{number}", "showlegend": index == 0})
        colour = theme.lines[index % len(theme.lines)]
        line = _line(stage.fitted, stage.fitted.model, measured, drawing, name=stage.label, colour=colour)
        traces.append(line | {"yaxis": f"y{number}", "showlegend": False})
        axes[f"yaxis{number}"] = axis(
            theme,
            "Intensity (as measured)" if index == len(stages) // 2 else "",
            domain=[max(0.0, top - height), top],
            type=drawing.scale,
            range=y_range,
            **POWERS,
        )
        frames.append(_frame(max(0.0, top - height), top, theme))
        notes.append(
            {
                "xref": "paper",
                "yref": "paper",
                "x": 0.985,
                "y": top - 0.015,
                "xanchor": "right",
                "yanchor": "top",
                "showarrow": False,
                "align": "right",
                "text": f"<b>{stage.label}</b><br>{goodness_text(stage.fitted.goodness)}",
                "font": {"size": 12, "color": colour},
                "bgcolor": theme.paper,
                "opacity": 0.9,
            }
        )
    lowest = "" if len(stages) == 1 else str(len(stages))
    return draw(
        traces,
        layout(
            theme,
            xaxis=axis(theme, ENERGY_TITLES[drawing.energy_unit], range=x_range, anchor=f"y{lowest}"),
            **axes,
            annotations=notes,
            shapes=frames,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            uirevision=f"refinement {drawing.energy_unit} {drawing.scale}",
        ),
    )


def goodness_text(goodness: Goodness) -> str:
    """Return χ²ᵣ, R and the correlation as text, without unknown ones."""
    words = [] if goodness.chi2_reduced is None else [f"χ²ᵣ {goodness.chi2_reduced:.3g}"]
    if goodness.r_factor is not None:
        words.append(f"R {100 * goodness.r_factor:.3g} %")
    if goodness.correlation is not None:
        words.append(f"correlation {goodness.correlation:.3f}")
    return ", ".join(words)


def _line(
    fitted: FitResult,
    values: NDArray[np.float64],
    measured: MeasuredSpectrum,
    drawing: Look,
    *,
    name: str,
    colour: str,
    dash: str = "solid",
    group: str | None = None,
    width: float = 2.0,
) -> dict[str, Any]:
    x, y, _ = insert_gaps(in_unit(measured.energy, drawing.energy_unit), values, None, measured)
    keep = extremes(y, MAX_POINTS)
    return {
        "type": "scatter",
        "x": x[keep].astype(np.float32),
        "y": y[keep].astype(np.float32),
        "name": name,
        "mode": "lines",
        "connectgaps": False,
        "line": {"color": colour, "width": width, "dash": dash},
        "legendgroup": group,
        "meta": {"role": name if name in ("residual", "background") else "forecast"},
        "hovertemplate": CurveHover(drawing.energy_unit).template(name),
    }


def energy_range(fits: Sequence[FitResult], measured: MeasuredSpectrum, drawing: Look) -> list[float]:
    """Return the fitted range, extended by a tenth on both sides as far as there are data."""
    used = np.any([fitted.used for fitted in fits], axis=0)
    low, high = float(measured.low[used].min()), float(measured.high[used].max())
    margin = 0.1 * (high - low)
    ends = np.array([max(low - margin, measured.low[0]), min(high + margin, measured.high[-1])])
    return [float(end) for end in in_unit(ends, drawing.energy_unit)]


def intensity_range(fits: Sequence[FitResult], measured: MeasuredSpectrum, drawing: Look) -> list[float]:
    """Return the range of intensity from zero, or slightly below for negative data, to the largest fitted one."""
    used = np.any([fitted.used for fitted in fits], axis=0)
    shown = np.concatenate([measured.intensity[used], *[fitted.model[fitted.used] for fitted in fits]])
    shown = shown[np.isfinite(shown)]
    top = float(shown.max(initial=0.0)) or 1.0
    if drawing.scale == "log":
        return [float(np.log10(top)) - DECADES, float(np.log10(top)) + 0.2]
    return [min(0.0, 1.05 * float(np.percentile(shown, 0.5))), 1.08 * top]


def _residual_range(fits: Sequence[FitResult]) -> list[float]:
    residuals = np.concatenate([fitted.residual[fitted.used] for fitted in fits])
    residuals = residuals[np.isfinite(residuals)]
    largest = max(3.0, 1.1 * float(np.percentile(np.abs(residuals), 99.5))) if len(residuals) else 3.0
    return [-largest, largest]


def _shade_excluded(
    fitted: FitResult, measured: MeasuredSpectrum, x_range: list[float], drawing: Look, theme: Theme
) -> list[dict[str, Any]]:
    """Return shades over the ranges that were not fitted."""
    ends = in_unit(np.array([measured.low[fitted.used].min(), measured.high[fitted.used].max()]), drawing.energy_unit)
    shade: Mapping[str, Any] = {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"width": 0},
        "fillcolor": theme.wash,
        "opacity": 0.45,
        "layer": "above",
    }
    parts = [(x_range[0], float(ends[0])), (float(ends[1]), x_range[1])]
    return [{**shade, "x0": low, "x1": high} for low, high in parts if high > low]


def _frame(low: float, high: float, theme: Theme) -> dict[str, Any]:
    """Return a frame around a panel; the shared energy axis frames only the lowest panel."""
    box = {"type": "rect", "xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": low, "y1": high}
    return {**box, "line": {"color": theme.muted, "width": 1}}
