"""Figure of intensity over (|q|, ω), with the kinematic window drawn over it and everything outside hatched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import ENERGY_TITLES, in_unit
from backend.figures.hover import map_hover
from backend.figures.schemas import Style
from backend.figures.spectrum import intensity_title
from backend.figures.theme import POWERS, THEMES, Theme, axis, draw, layout, powers_of_ten
from scattering.core.bins import bin_edges
from scattering.instruments.kinematics import Line, Window
from scattering.observe.spectrum import Map, Spectrum

MOMENTUM_TITLE = "|q| (Å⁻¹)"
BRIGHTEST_PERCENTILE = 99.5
"""Percentile of the last colour; a few bins of an acoustic branch near q = ω = 0 would otherwise use the whole
scale."""
DECADES = 4
LABEL_TOP = 0.75
"""Height of the first label of a bank, as a fraction of the height of the figure."""
LABEL_STEP = 0.15
"""Distance between the labels of two banks: 29 px in the lowest figure, and a label is 16 px high."""


def map_figure(spectrum: Spectrum, window: Window | None, style: Style, label: str) -> go.Figure:
    """Draw a map.

    Parameters
    ----------
    spectrum
        The observed spectrum with its map.
    window
        Kinematic window of the instrument, or None without an instrument.
    style
        Theme, unit, scale.
    label
        Title of the figure.
    """
    theme, image = THEMES[style.theme], spectrum.map
    # Nearly nothing lies on the lines of a bank: the scale is then that of the whole map
    shown = image.inside if window is not None and not window.lines else np.ones_like(image.inside)
    traces = [_heatmap(spectrum, shown, style, theme)]
    names: list[dict[str, Any]] = []
    limits = edges(image)
    if window is not None:
        traces += _window(window, limits, style, theme)
        names = _bank_names(window.lines, limits, style, theme)
    return draw(
        traces,
        layout(
            theme,
            title={"text": label, "font": {"size": 14}, "x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top"},
            xaxis=axis(theme, MOMENTUM_TITLE, range=list(limits[0]), showgrid=False),
            yaxis=axis(
                theme,
                ENERGY_TITLES[style.energy_unit],
                range=in_unit(np.array(limits[1]), style.energy_unit).tolist(),
                showgrid=False,
            ),
            annotations=names,
            showlegend=False,
            uirevision=f"map {style.energy_unit}",
        ),
    )


def _heatmap(spectrum: Spectrum, shown: NDArray[np.bool_], style: Style, theme: Theme) -> dict[str, Any]:
    image, logarithmic = spectrum.map, style.scale == "log"
    scaled, low, high, ticks = _colour_values(image, shown, logarithmic)
    return {
        "type": "heatmap",
        "x": image.q.astype(np.float32),
        "y": in_unit(image.energy, style.energy_unit),
        "z": scaled.T,
        "zmin": low,
        "zmax": high,
        "colorscale": [list(stop) for stop in theme.heat],
        "colorbar": {
            "title": {"text": intensity_title([spectrum]), "side": "right", "font": {"size": 12}},
            "thickness": 12,
            "outlinewidth": 0,
            "ticks": "outside",
            "tickcolor": theme.muted,
            **ticks,
        },
        "hovertemplate": map_hover(style.energy_unit, spectrum.unit, logarithmic=logarithmic),
        "zsmooth": False,
        **({"customdata": image.intensity.T.astype(np.float32)} if logarithmic else {}),
    }


def _colour_values(
    image: Map, shown: NDArray[np.bool_], logarithmic: bool
) -> tuple[NDArray[np.float32], float, float, dict[str, Any]]:
    """Return the coloured values, the ends of the scale, and the ticks of the colour bar."""
    high = brightest(image.intensity[shown] if shown.any() else image.intensity)
    if not logarithmic:
        return image.intensity.astype(np.float32), 0.0, high, dict(POWERS)
    top = float(np.log10(high))
    scaled = np.log10(np.maximum(image.intensity, high * 10.0 ** -(DECADES + 1)), dtype=np.float32)
    return scaled, top - DECADES, top, powers_of_ten(top - DECADES, top)


def brightest(values: NDArray[Any], percentile: float = BRIGHTEST_PERCENTILE) -> float:
    """Return the value of the last colour: a high percentile of the finite values, or 1 if it is not above 0."""
    finite = values[np.isfinite(values)]
    high = float(np.percentile(finite, percentile)) if finite.size else 1.0
    return high if high > 0 else 1.0


def edges(image: Map) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the outer edges of the first and last bins in |q| (Å⁻¹, at least 0) and energy (meV)."""
    q, energy = (bin_edges(one)[[0, -1]].tolist() for one in (image.q, image.energy))
    # A map that starts at the elastic line is drawn from there on
    return (max(0.0, q[0]), q[1]), (max(0.0, energy[0]) if image.energy[0] >= 0 else energy[0], energy[1])


def _window(
    window: Window, limits: tuple[tuple[float, float], tuple[float, float]], style: Style, theme: Theme
) -> list[dict[str, Any]]:
    """Return traces of the window: everything outside, hatched, and its edges, or the lines of the banks."""
    if window.lines:
        polygon = _box(*limits[0], *limits[1])
        fill: dict[str, Any] = {"fillcolor": theme.wash_of_lines}
        drawn = [(line.label, line.q, line.energy) for line in window.lines]
    else:
        polygon = _outside(window, limits)
        # Lines, since a colour alone could be that of an intensity
        hatch = {"shape": "/", "size": 9, "solidity": 0.18, "fgcolor": theme.hatch, "bgcolor": theme.wash}
        fill = {"fillcolor": theme.wash, "fillpattern": hatch}
        drawn = [
            ("smallest angle", window.q_min, window.energy),
            ("largest angle", window.q_max, window.energy),
        ]
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    outside = line | _at(*polygon, style) | fill | {"fill": "toself", "line": {"width": 0}, "name": "outside"}
    # A line of any colour is lost in some part of a map: it has a rim
    rim, pen = {"color": theme.paper, "width": 4}, {"color": theme.edge, "width": 2}
    traces = [outside]
    for name, edge, energy in drawn:
        place = line | _at(edge, energy, style)
        traces += [place | {"line": rim, "name": f"{name}, rim"}, place | {"line": pen, "name": name}]
    return traces


def _at(q: NDArray[np.floating[Any]], energy: NDArray[np.floating[Any]], style: Style) -> dict[str, Any]:
    return {"x": q.astype(np.float32), "y": in_unit(energy, style.energy_unit)}


def _bank_names(
    lines: Sequence[Line], limits: tuple[tuple[float, float], tuple[float, float]], style: Style, theme: Theme
) -> list[dict[str, Any]]:
    """Return the names of banks as labels beside their lines.

    The lines of banks may run close together, and how close in pixels depends on the width of the page: each label is
    at another energy, so that none covers another at any width. Labels lie towards the middle of the figure.
    """
    step = min(LABEL_STEP, LABEL_TOP / max(len(lines), 1))
    return [_bank_name(line, LABEL_TOP - place * step, limits, style, theme) for place, line in enumerate(lines)]


def _bank_name(
    line: Line, height: float, limits: tuple[tuple[float, float], tuple[float, float]], style: Style, theme: Theme
) -> dict[str, Any]:
    """Return the label of a bank where its line passes a height, a fraction of the figure."""
    (q_low, q_high), (e_low, e_high) = limits
    at = int(np.argmin(np.abs(line.energy - (e_low + height * (e_high - e_low)))))
    q = float(np.clip(line.q[at], q_low, q_high))
    is_left = q < (q_low + q_high) / 2
    return {
        "x": q,
        "y": float(in_unit(line.energy, style.energy_unit)[at]),
        "text": line.label,
        "showarrow": False,
        "xanchor": "left" if is_left else "right",
        "xshift": 6 if is_left else -6,
        "font": {"color": theme.edge, "size": 12},
        "bgcolor": theme.paper,
        "opacity": 0.9,
    }


def _box(q_low: float, q_high: float, e_low: float, e_high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([q_low, q_high, q_high, q_low, q_low]), np.array([e_low, e_low, e_high, e_high, e_low])


def _outside(
    window: Window, limits: tuple[tuple[float, float], tuple[float, float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return polygons that cover everything outside, separated by NaN: left, right, below and above."""
    (q_low, q_high), (e_low, e_high) = limits
    reached = np.isfinite(window.q_min) & (window.energy >= e_low) & (window.energy <= e_high)
    if not reached.any():
        return _box(q_low, q_high, e_low, e_high)
    energy, q_min, q_max = window.energy[reached], window.q_min[reached], window.q_max[reached]
    shapes = [
        (np.concatenate([[q_low], q_min, [q_low]]), np.concatenate([energy[:1], energy, energy[-1:]])),
        (np.concatenate([[q_high], q_max, [q_high]]), np.concatenate([energy[:1], energy, energy[-1:]])),
        _box(q_low, q_high, e_low, float(energy[0])),
        _box(q_low, q_high, float(energy[-1]), e_high),
    ]
    gap = [np.nan]
    return (
        np.concatenate([part for q, _ in shapes for part in (np.clip(q, q_low, q_high), gap)]),
        np.concatenate([part for _, energies in shapes for part in (energies, gap)]),
    )
