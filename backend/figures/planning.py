"""Figures of plans: target features, resolution against hours, a simulated measurement, isotopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import ENERGY_TITLES, UNIT_WORDS, in_unit
from backend.figures.hover import CurveHover
from backend.figures.schemas import EnergyUnit, ThemeName
from backend.figures.spectrum import intensity_title
from backend.figures.theme import POWERS, THEMES, Theme, axis, draw, layout
from backend.wording.formatting import setting_label
from scattering.observe.spectrum import Spectrum
from scattering.planning.evaluation import Evaluation
from scattering.planning.features import Feature
from scattering.planning.measurement import Measurement
from scattering.planning.ranking import Ranking
from scattering.planning.tally import tally

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagon", "star")
MAX_POINTS = 1500
"""Points in the figure of all settings; more would lie on top of each other."""


def features_figure(
    spectrum: Spectrum, features: Sequence[Feature], *, theme: ThemeName, energy_unit: EnergyUnit
) -> go.Figure:
    """Draw the ideal spectrum of the sample with its features, each with the uncertainty of its energy."""
    colours = THEMES[theme]
    x = in_unit(spectrum.energy, energy_unit)
    heights = np.interp([one.energy for one in features], spectrum.energy, spectrum.intensity)
    top = float(heights.max(initial=0.0)) or float(spectrum.intensity.max(initial=1.0))
    unit = UNIT_WORDS[energy_unit]
    name = "Ideal S(q, ω), no instrument"
    hover = CurveHover(energy_unit).template(name, spectrum.unit)
    traces = [_line(x, spectrum.intensity, name, colours.lines[0], hover)]
    if features:
        at = in_unit(np.array([one.energy for one in features]), energy_unit)
        off = in_unit(np.array([one.energy_uncertainty for one in features]), energy_unit)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": at,
                "y": (heights + 0.06 * top).astype(np.float32),
                "text": [f"{value:.1f}" for value in at],
                "textposition": "top center",
                "name": "Features",
                "marker": {"symbol": "triangle-down", "size": 10, "color": colours.edge},
                "error_x": {"type": "data", "array": off, "color": colours.edge, "thickness": 1.2, "width": 3},
                "hovertemplate": f"%{{x:.4~r}} ± %{{error_x.array:.2~r}} {unit}<extra>feature</extra>",
            }
        )
    return draw(
        traces,
        layout(
            colours,
            xaxis=axis(colours, ENERGY_TITLES[energy_unit], range=[0, float(x[-1])]),
            yaxis=axis(colours, intensity_title([spectrum]), range=[0, 1.3 * top], **POWERS),
            showlegend=False,
            hovermode="closest",
            clickmode="event",
            uirevision=f"features {energy_unit}",
        ),
    )


def _line(
    x: NDArray[np.float32], y: NDArray[np.float64], name: str, colour: str, hover: str, **more: Any
) -> dict[str, Any]:
    line = {"color": colour, "width": 2, **more.pop("line", {})}
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y.astype(np.float32), "name": name, "line": line,
        "hovertemplate": hover, **more,
    }  # fmt: skip


def front_figure(ranking: Ranking, *, theme: ThemeName, beam_time_h: float | None) -> go.Figure:
    """Draw resolution against hours of the settings that measure most features, with the Pareto front."""
    colours = THEMES[theme]
    known = _settings_with_hours(ranking)
    # The first are the best: if there are too many, the last are left out
    shown = [each for each in known if each[0] in ranking.pareto_front or each[0] in ranking.best]
    shown += [each for each in known if each not in shown][: MAX_POINTS - len(shown)]
    traces = []
    names = list(dict.fromkeys(one.instrument.name for _, one in sorted(shown, key=lambda each: each[0])))
    for place, name in enumerate(names):
        points = [(index, one) for index, one in shown if one.instrument.name == name]
        traces.append(_points(points, name, place, colours, ranking))
    front = sorted((one for index, one in known if index in ranking.pareto_front), key=lambda one: one.hours)
    if len(front) > 1:
        traces.insert(
            0,
            {
                "type": "scatter",
                "mode": "lines",
                "x": [one.hours for one in front],
                "y": [one.resolution_percent for one in front],
                "line": {"color": colours.muted, "width": 1.5, "shape": "hv", "dash": "dot"},
                "name": "Pareto front",
                "hoverinfo": "skip",
            },
        )
    shapes = []
    if beam_time_h is not None:
        limit = {"type": "line", "x0": beam_time_h, "x1": beam_time_h, "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append({**limit, "line": {"color": colours.edge, "width": 1.5, "dash": "dash"}})
    return draw(
        traces,
        layout(
            colours,
            xaxis=axis(colours, "Hours for all measured features", type="log", **POWERS),
            yaxis=axis(colours, "FWHM over energy transfer, worst feature (%)", type="log"),
            shapes=shapes,
            annotations=_best_names(ranking, {index for index, _ in known}, colours)
            if shown
            else [_empty_note(colours)],
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            hovermode="closest",
            uirevision="front",
        ),
    )


def _settings_with_hours(ranking: Ranking) -> list[tuple[int, Evaluation]]:
    """Return the settings with known hours that measure most features, with their indices."""
    known = [
        (index, one)
        for index, one in enumerate(ranking.ranked)
        if one.basis != "relative" and one.resolution_percent is not None
    ]
    most = max((tally(one).n_measured for _, one in known), default=0)
    return [each for each in known if tally(each[1]).n_measured == most]


def _points(
    points: Sequence[tuple[int, Evaluation]], name: str, place: int, colours: Theme, ranking: Ranking
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": np.array([one.hours for _, one in points], dtype=np.float32),
        "y": np.array([one.resolution_percent for _, one in points], dtype=np.float32),
        "text": [setting_label(one.instrument, one.settings) for _, one in points],
        "name": name,
        "marker": {
            "symbol": SYMBOLS[place % len(SYMBOLS)],
            "color": colours.lines[place % len(colours.lines)],
            "size": [11 if index in ranking.pareto_front else 6 for index, _ in points],
            "opacity": [1.0 if index in ranking.pareto_front else 0.45 for index, _ in points],
        },
        "hovertemplate": "%{text}<br>%{x:.2g} h, %{y:.1f} %<extra></extra>",
    }


def _best_names(ranking: Ranking, drawn: set[int], colours: Theme) -> list[dict[str, Any]]:
    best = [(index, ranking.ranked[index]) for index in ranking.best]
    return [
        {
            "x": float(np.log10(one.hours)),
            "y": float(np.log10(one.resolution_percent)),
            "text": f"{place}. {one.instrument.name}",
            "showarrow": True,
            "arrowcolor": colours.muted,
            "ax": 24,
            "ay": -26,
            "font": {"color": colours.ink, "size": 12},
            "bgcolor": colours.paper,
            "opacity": 0.9,
        }
        for place, (index, one) in enumerate(best, start=1)
        if index in drawn and one.resolution_percent
    ]


def _empty_note(colours: Theme) -> dict[str, Any]:
    return {
        "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False, "font": {"color": colours.muted},
        "text": "No setting whose hours are known",
    }  # fmt: skip


def measurement_figure(
    made: Measurement, label: str, unit: str, *, theme: ThemeName, energy_unit: EnergyUnit
) -> go.Figure:
    """Draw simulated counts with their errors, the expected counts, and the background."""
    colours = THEMES[theme]
    x = in_unit(made.energy, energy_unit)
    floor = float(np.quantile(made.expected, 0.1)) if len(made.expected) else 0.0
    background = "Container and ambient background"

    def hover(name: str) -> str:
        return CurveHover(energy_unit).template(name, unit)

    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": x,
            "y": made.counts.astype(np.float32),
            "error_y": {
                "type": "data",
                "array": made.standard_error.astype(np.float32),
                "thickness": 1,
                "width": 0,
                "color": colours.muted,
            },
            "name": "Counts",
            "marker": {"size": 4, "color": colours.ink},
            "hovertemplate": hover("Counts"),
        },
        _line(x, made.expected, "Expected", colours.lines[0], hover("Expected")),
        _line(x, made.background, background, colours.lines[1], hover(background), line={"dash": "dash"}),
    ]
    # Counts rise steeply next to the elastic line, which the axis leaves out
    beyond = made.expected[max(3, len(made.expected) // 20) :]
    top = 1.25 * float(max(beyond.max(initial=1.0), floor, 1.0))
    return draw(
        traces,
        layout(
            colours,
            title={"text": label, "font": {"size": 14}, "x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top"},
            margin={"l": 68, "r": 18, "t": 64, "b": 54},
            xaxis=axis(colours, ENERGY_TITLES[energy_unit]),
            yaxis=axis(colours, unit[:1].upper() + unit[1:], range=[0, top]),
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            hovermode="closest",
            uirevision=f"measurement {energy_unit}",
        ),
    )


def isotopes_figure(spectra: Sequence[tuple[str, Spectrum]], *, theme: ThemeName, energy_unit: EnergyUnit) -> go.Figure:
    """Draw the same sample with other isotopes, on the same axes."""
    colours = THEMES[theme]
    traces = [
        _line(
            in_unit(spectrum.energy, energy_unit),
            spectrum.intensity,
            name,
            colours.lines[place],
            CurveHover(energy_unit).template(name, spectrum.unit),
            line={"dash": "solid" if place == 0 else "dash"},
        )
        for place, (name, spectrum) in enumerate(spectra)
    ]
    return draw(
        traces,
        layout(
            colours,
            xaxis=axis(colours, ENERGY_TITLES[energy_unit]),
            yaxis=axis(colours, intensity_title([spectrum for _, spectrum in spectra]), rangemode="tozero", **POWERS),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            hovermode="closest",
            uirevision=f"isotopes {energy_unit}",
        ),
    )
