"""Figure of one sample on many instruments: small maps with their windows, and the spectrum below each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.annotations import CHARACTER_EM, LINE_EM, WIDTHS_PX, text_size
from backend.figures.curves.elastic import largest_beyond
from backend.figures.energy import ENERGY_TITLES, in_unit
from backend.figures.map import MOMENTUM_TITLE, brightest
from backend.figures.schemas import EnergyUnit, ThemeName
from backend.figures.theme import THEMES, Theme, axis, draw, layout
from scattering.instruments.kinematics import Window
from scattering.observe.spectrum import Spectrum

MAX_COLUMNS, MIN_COLUMN_PX = 3, 260
ROW_PX = 300
GAP_X_PX, GAP_PX = 38, 78
MARGIN = {"l": 56, "r": 16, "t": 40, "b": 54}
LABEL_FONT_PX, NOTE_FONT_PX = 12, 11
MAP_FRACTION = 0.66
"""Height of the map over that of a panel; the spectrum has the rest."""
MAX_MAP_BINS = (60, 120)
"""Bins of a small map in |q| and energy, as many as its pixels can show."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One instrument: its map and window, its spectrum, or a note that explains why there is none.

    `elastic_mev` is half of the range around ω = 0 that belongs to the elastic line.
    """

    label: str
    spectrum: Spectrum | None
    window: Window | None
    note: str = ""
    elastic_mev: float = 0.0


def sheet_figure(
    panels: Sequence[Panel],
    features: Sequence[float],
    highest: float,
    *,
    theme: ThemeName,
    energy_unit: EnergyUnit,
    width_px: float = max(WIDTHS_PX),
) -> go.Figure:
    """Draw the sheet, in as many columns as fit its width, with labels in as many lines as they need.

    Parameters
    ----------
    features
        Energies to mark in each spectrum, meV.
    highest
        End of all energy axes, meV.
    width_px
        Of the figure on its page.
    """
    colours = THEMES[theme]
    plot_px = max(width_px - MARGIN["l"] - MARGIN["r"], 1.0)
    columns = int(np.clip((plot_px + GAP_X_PX) // (MIN_COLUMN_PX + GAP_X_PX), 1, MAX_COLUMNS))
    gap_x = GAP_X_PX / plot_px if columns > 1 else 0.0
    width = (1 - gap_x * (columns - 1)) / columns
    labels = [_wrap(panel.label, width * plot_px, LABEL_FONT_PX) for panel in panels]
    extra = round(max((text_size(one, LABEL_FONT_PX)[1] for one in labels), default=0) - LINE_EM * LABEL_FONT_PX)
    gap_px, margin = GAP_PX + extra, {**MARGIN, "t": MARGIN["t"] + extra}
    rows = -(-len(panels) // columns)
    frame = margin["t"] + margin["b"]
    height = rows * ROW_PX + (rows - 1) * gap_px + frame
    traces: list[dict[str, Any]] = []
    arrangement: dict[str, Any] = {}
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    end = float(in_unit(np.array([highest]), energy_unit)[0])
    inner = height - frame
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        left = column * (width + gap_x)
        top = 1 - row * (ROW_PX + gap_px) / inner
        bottom = max(top - ROW_PX / inner, 0.0)
        split = top - MAP_FRACTION * ROW_PX / inner
        numbers = (2 * index + 1, 2 * index + 2)
        names = [("" if number == 1 else str(number)) for number in numbers]
        domains = ([split + 6 / inner, top], [bottom, split - 6 / inner])
        energy_axis = {"domain": [left, left + width], "range": [0, end]}
        momentum_title = MOMENTUM_TITLE if column == 0 else ""
        arrangement |= _axes(names[0], colours, domains[0], energy_axis, momentum_title=momentum_title)
        arrangement |= _axes(names[1], colours, domains[1], energy_axis, energy_title=ENERGY_TITLES[energy_unit])
        above = {"yanchor": "bottom", "xanchor": "left", "align": "left"}
        notes.append(_note(labels[index], left, top + 4 / inner, colours, size=LABEL_FONT_PX, **above))
        if panel.spectrum is None or panel.window is None:
            note = _wrap(panel.note, width * plot_px, NOTE_FONT_PX)
            middle = left + width / 2, (top + bottom) / 2
            notes.append(_note(note, *middle, colours, size=NOTE_FONT_PX, xanchor="center"))
            continue
        traces += _map(panel.spectrum, panel.window, names[0], colours, energy_unit)
        traces.append(_spectrum(panel.spectrum, names[1], colours, energy_unit))
        shapes.append(_ground(names[0], colours))
        marked = in_unit(np.array(features, dtype=float), energy_unit)
        shapes += [_mark(float(energy), f"x{names[1]}", f"y{names[1]} domain", colours) for energy in marked]
        q_high = float(panel.spectrum.map.q[-1])
        arrangement[f"yaxis{names[0]}"]["range"] = [0, q_high]
        arrangement[f"yaxis{names[1]}"]["range"] = [0, _top(panel.spectrum, panel.elastic_mev, highest)]
    return draw(
        traces,
        layout(
            colours,
            **arrangement,
            height=height,
            shapes=shapes,
            annotations=notes,
            showlegend=False,
            margin=margin,
            uirevision=f"sheet {energy_unit}",
        ),
    )


def _wrap(text: str, width_px: float, font_px: float) -> str:
    """Return a text in lines that fit a width."""
    return "<br>".join(textwrap.wrap(text, max(int(width_px / (CHARACTER_EM * font_px)), 8)))


def _axes(
    name: str,
    theme: Theme,
    domain: list[float],
    energy_axis: dict[str, Any],
    *,
    momentum_title: str | None = None,
    energy_title: str | None = None,
) -> dict[str, Any]:
    """Return the axes of a map (with `momentum_title`) or of a spectrum (with `energy_title`)."""
    x = _small_axis(
        theme, energy_title or "", anchor=f"y{name}", showticklabels=energy_title is not None, **energy_axis
    )
    y = _small_axis(
        theme,
        momentum_title or "",
        domain=domain,
        anchor=f"x{name}",
        showticklabels=momentum_title is not None,
        automargin=False,
    )
    return {f"xaxis{name}": x, f"yaxis{name}": y}


def _small_axis(theme: Theme, title: str, **more: Any) -> dict[str, Any]:
    made = axis(theme, title, showgrid=False, nticks=5, tickfont={"size": 10}, ticklen=3, **more)
    made["title"] = {"text": title, "standoff": 3, "font": {"size": 11}}
    return made


def _map(spectrum: Spectrum, window: Window, name: str, theme: Theme, unit: EnergyUnit) -> list[dict[str, Any]]:
    """Return the map within the window with the edges of the window; energies run to the right, as in the spectrum."""
    image = spectrum.map
    seen = np.ones_like(image.inside) if window.lines else image.inside
    shown = np.where(seen, image.intensity, np.nan)
    values, q, energy = _coarsen(shown, image.q, image.energy)
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "x": in_unit(energy, unit),
            "y": q.astype(np.float32),
            "z": values.astype(np.float32),
            "zmin": 0.0,
            "zmax": brightest(values),
            "colorscale": [list(stop) for stop in theme.heat],
            "showscale": False,
            "hoverinfo": "skip",
            "xaxis": f"x{name}",
            "yaxis": f"y{name}",
        }
    ]
    edges = [line.q for line in window.lines] or [window.q_min, window.q_max]
    return traces + [
        {
            "type": "scatter",
            "mode": "lines",
            "x": in_unit(window.energy, unit),
            "y": edge.astype(np.float32),
            "line": {"color": theme.edge, "width": 1.5},
            "hoverinfo": "skip",
            "xaxis": f"x{name}",
            "yaxis": f"y{name}",
        }
        for edge in edges
    ]


def _coarsen(
    values: NDArray[np.float64], q: NDArray[np.float64], energy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return means over groups of bins for a small map; NaN if the instrument reaches no bin of a group."""
    by = [max(1, -(-n // most)) for n, most in zip(values.shape, MAX_MAP_BINS, strict=True)]
    shape = [n // step for n, step in zip(values.shape, by, strict=True)]
    cut = values[: shape[0] * by[0], : shape[1] * by[1]].reshape(shape[0], by[0], shape[1], by[1])
    known = np.isfinite(cut)
    total = np.where(known, cut, 0.0).sum(axis=(1, 3))
    number = known.sum(axis=(1, 3))
    means = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    axes = [
        part[: n * step].reshape(n, step).mean(axis=1) for part, n, step in zip((q, energy), shape, by, strict=True)
    ]
    return means, axes[0], axes[1]


def _spectrum(spectrum: Spectrum, name: str, theme: Theme, unit: EnergyUnit) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": in_unit(spectrum.energy, unit),
        "y": spectrum.intensity.astype(np.float32),
        "line": {"color": theme.lines[0], "width": 1.3},
        "hoverinfo": "skip",
        "xaxis": f"x{name}",
        "yaxis": f"y{name}",
    }


def _top(spectrum: Spectrum, elastic_mev: float, highest: float) -> float:
    """Return the upper end of the intensity axis; the foot of the elastic line is cut off."""
    return 1.1 * largest_beyond(spectrum.energy, spectrum.intensity, elastic_mev, (0.0, highest)) or 1.0


def _mark(energy: float, x: str, y: str, theme: Theme) -> dict[str, Any]:
    line = {"color": theme.edge, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": energy, "x1": energy, "xref": x, "y0": 0, "y1": 1, "yref": y, "line": line}


def _ground(name: str, theme: Theme) -> dict[str, Any]:
    """Return the ground of a map, which shows where nothing is measured."""
    box = {"type": "rect", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "xref": f"x{name} domain", "yref": f"y{name} domain"}
    return {**box, "fillcolor": theme.outside, "line": {"width": 0}, "layer": "below"}


def _note(text: str, x: float, y: float, theme: Theme, **more: Any) -> dict[str, Any]:
    font = {"size": more.pop("size"), "color": theme.ink}
    note = {"text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False, "font": font}
    return {**note, **more}
