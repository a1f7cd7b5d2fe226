"""Figures of plans: target features, resolution against hours, a simulated measurement, isotopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.annotations import offsets_of_labels, plot_sizes, rows_of_labels, text_size
from backend.figures.curves.elastic import largest_beyond
from backend.figures.energy import ENERGY_TITLES, UNIT_WORDS, feature_text, in_unit
from backend.figures.hover import CurveHover
from backend.figures.schemas import EnergyUnit, ThemeName
from backend.figures.spectrum import intensity_title
from backend.figures.theme import MARGIN, POWERS, THEMES, Theme, axis, draw, layout
from backend.wording.formatting import setting_label
from scattering.observe.spectrum import Spectrum
from scattering.planning.evaluation import Evaluation
from scattering.planning.features import Feature
from scattering.planning.measurement import Measurement
from scattering.planning.ranking import Ranking
from scattering.planning.tally import tally

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagon", "star")
LABEL_FONT_PX, LABEL_ROW_PX = 12, 18
FRONT_MARGIN = {**MARGIN, "t": 3 * MARGIN["t"]}
"""Margins with the rows of a legend above the plot."""
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
    labels: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    n_rows = 0
    if features:
        at = in_unit(np.array([one.energy for one in features]), energy_unit)
        texts = [feature_text(one.energy, energy_unit) for one in features]
        off = in_unit(np.array([one.energy_uncertainty for one in features]), energy_unit)
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": at,
                "y": (heights + 0.06 * top).astype(np.float32),
                "name": "Features",
                "text": texts,
                "marker": {"symbol": "triangle-down", "size": 10, "color": colours.edge},
                "error_x": {"type": "data", "array": off, "color": colours.edge, "thickness": 1.2, "width": 3},
                "hovertemplate": f"%{{text}} ± %{{error_x.array:.2~r}} {unit}<extra>feature</extra>",
            }
        )
        labels, n_rows = _energy_labels(at.tolist(), texts, float(x[-1]), colours)
        shapes = [_leader(float(energy), colours) for energy in at]
    return draw(
        traces,
        layout(
            colours,
            xaxis=axis(colours, ENERGY_TITLES[energy_unit], range=[0, float(x[-1])]),
            yaxis=axis(colours, intensity_title([spectrum]), range=[0, 1.3 * top], **POWERS),
            margin={**MARGIN, "t": MARGIN["t"] + LABEL_ROW_PX * max(n_rows - 1, 0)},
            annotations=labels,
            shapes=shapes,
            showlegend=False,
            hovermode="closest",
            clickmode="event",
            uirevision=f"features {energy_unit}",
        ),
    )


def _energy_labels(
    at: Sequence[float], texts: Sequence[str], end: float, colours: Theme
) -> tuple[list[dict[str, Any]], int]:
    """Return the energies of features in rows above the plot, where they cover no curve, and the number of rows."""
    plot_px = min(width for width, _ in plot_sizes(MARGIN))
    rows = rows_of_labels([energy / end for energy in at], texts, LABEL_FONT_PX, plot_px)
    labels = [
        {
            "x": energy,
            "y": 1,
            "yref": "paper",
            "text": text,
            "showarrow": True,
            "arrowhead": 0,
            "arrowwidth": 1,
            "arrowcolor": colours.muted,
            "ax": 0,
            "ay": -(4 + LABEL_ROW_PX * row),
            "yanchor": "bottom",
            "borderpad": 0,
            "bgcolor": colours.paper,
            "font": {"color": colours.ink, "size": LABEL_FONT_PX},
        }
        for energy, text, row in zip(at, texts, rows, strict=True)
    ]
    # The lowest row comes last, and covers the lines that lead to the rows above
    return sorted(labels, key=lambda label: label["ay"]), max(rows) + 1


def _leader(energy: float, colours: Theme) -> dict[str, Any]:
    line = {"color": colours.muted, "width": 1, "dash": "dot"}
    ends = {"x0": energy, "x1": energy, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", **ends, "line": line, "layer": "below"}


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
    x_range = _log_range([one.hours for _, one in shown], beam_time_h)
    y_range = _log_range([one.resolution_percent or 1.0 for _, one in shown], None)
    if beam_time_h is not None:
        limit = {"type": "line", "x0": beam_time_h, "x1": beam_time_h, "y0": 0, "y1": 1, "yref": "paper"}
        shapes.append({**limit, "line": {"color": colours.edge, "width": 1.5, "dash": "dash"}})
    return draw(
        traces,
        layout(
            colours,
            xaxis=axis(colours, "Hours for all measured features", type="log", range=x_range, **POWERS),
            yaxis=axis(colours, "FWHM over energy transfer, worst feature (%)", type="log", range=y_range),
            shapes=shapes,
            annotations=_best_names(ranking, {index for index, _ in known}, (x_range, y_range), colours)
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


def _log_range(values: Sequence[float], also: float | None) -> list[float]:
    """Return the logarithms between which an axis shows all values, with room on both sides."""
    powers = [float(np.log10(value)) for value in [*values, *([] if also is None else [also])] if value > 0]
    low, high = (min(powers), max(powers)) if powers else (0.0, 1.0)
    room = max(0.08 * (high - low), 0.05)
    return [low - room, high + room]


def _best_names(
    ranking: Ranking, drawn: set[int], ranges: tuple[list[float], list[float]], colours: Theme
) -> list[dict[str, Any]]:
    best = [
        (place, one)
        for place, (index, one) in enumerate(((index, ranking.ranked[index]) for index in ranking.best), start=1)
        if index in drawn and one.resolution_percent
    ]
    points = [(float(np.log10(one.hours)), float(np.log10(one.resolution_percent or 1.0))) for _, one in best]
    fractions = [
        tuple((at - low) / (high - low) for at, (low, high) in zip(point, ranges, strict=True)) for point in points
    ]
    texts = [f"{place}. {one.instrument.name}" for place, one in best]
    sizes = [text_size(text, LABEL_FONT_PX) for text in texts]
    offsets = offsets_of_labels([(x, y) for x, y in fractions], sizes, plot_sizes(FRONT_MARGIN))
    labels = [
        {
            "x": x,
            "y": y,
            "text": text,
            "showarrow": True,
            "arrowcolor": colours.muted,
            "ax": right,
            "ay": -up,
            "borderpad": 0,
            "font": {"color": colours.ink, "size": LABEL_FONT_PX},
            "bgcolor": colours.paper,
            "opacity": 0.9,
        }
        for (x, y), text, (right, up) in zip(points, texts, offsets, strict=True)
    ]
    # The nearest come last, and cover the arrows of the others
    return labels[::-1]


def _empty_note(colours: Theme) -> dict[str, Any]:
    return {
        "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False, "font": {"color": colours.muted},
        "text": "No setting whose hours are known",
    }  # fmt: skip


def measurement_figure(
    made: Measurement, label: str, unit: str, *, theme: ThemeName, energy_unit: EnergyUnit, elastic_mev: float
) -> go.Figure:
    """Draw simulated counts with their errors, the expected counts, and the background.

    The axis leaves out the counts below `elastic_mev`, which rise steeply where atoms diffuse.
    """
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
    top = 1.25 * max(largest_beyond(made.energy, made.expected, elastic_mev), floor, 1.0)
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


def isotopes_figure(
    spectra: Sequence[tuple[str, Spectrum]], *, theme: ThemeName, energy_unit: EnergyUnit, elastic_mev: float
) -> go.Figure:
    """Draw the same sample with other isotopes, on the same axes, which leave out intensities below `elastic_mev`."""
    colours = THEMES[theme]
    tops = [largest_beyond(spectrum.energy, spectrum.intensity, elastic_mev) for _, spectrum in spectra]
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
            yaxis=axis(
                colours,
                intensity_title([spectrum for _, spectrum in spectra]),
                range=[0, 1.08 * max(tops) or 1.0],
                **POWERS,
            ),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            hovermode="closest",
            uirevision=f"isotopes {energy_unit}",
        ),
    )
