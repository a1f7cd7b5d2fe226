"""Figures of a single crystal: intensity along a path with the harmonic phonons, and a cut zone by zone."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import ENERGY_TITLES, UNIT_WORDS, in_unit
from backend.figures.hover import intensity_hover
from backend.figures.map import brightest
from backend.figures.plain import plain
from backend.figures.schemas import Style
from backend.figures.theme import POWERS, THEMES, Theme, axis, draw, layout, powers_of_ten
from scattering.core.bins import bin_edges
from scattering.crystal.view import Cut, PathMap, PathSpectrum

PHONON_COLOURS = {"light": "#00a08a", "dark": "#40e0d0"}
"""Turquoise, which neither colour scale contains."""
DECADES = 3
BRIGHTEST_PERCENTILE = 96.0
"""Percentile of the last colour; the acoustic branches next to Bragg peaks would otherwise use the whole scale."""


def path_figure(spectrum: PathSpectrum, style: Style, label: str) -> go.Figure:
    """Draw the map along the path, grey where the instrument reaches no zone."""
    theme, image, unit = THEMES[style.theme], spectrum.map, UNIT_WORDS[style.energy_unit]
    logarithmic = style.scale == "log"
    scaled, low, high, ticks = _colour_values(image.intensity, logarithmic)
    hover = intensity_hover(spectrum.unit, logarithmic=logarithmic)
    heat = _heatmap(theme, spectrum.unit, ticks) | {
        "x": image.edges.astype(np.float32),
        "y": in_unit(bin_edges(image.energy), style.energy_unit),
        "z": scaled.T,
        "zmin": low,
        "zmax": high,
        "customdata": image.intensity.T.astype(np.float32) if logarithmic else None,
        "hovertemplate": f"%{{x:.3~r}} Å⁻¹ along the path<br>%{{y:.4~r}} {unit}<br>{hover}",
    }
    places = [distance for distance, _ in image.ticks]
    lowest = float(image.energy[0])
    return draw(
        [heat, _phonon_lines(image, style)],
        layout(
            theme,
            title=_title(label),
            plot_bgcolor=theme.outside,
            xaxis=axis(
                theme,
                "",
                range=[places[0], places[-1]],
                tickvals=places,
                ticktext=[plain(name) for _, name in image.ticks],
                showgrid=False,
            ),
            yaxis=axis(
                theme,
                ENERGY_TITLES[style.energy_unit],
                range=in_unit(np.array([min(lowest, 0.0), image.energy[-1]]), style.energy_unit).tolist(),
                showgrid=False,
            ),
            shapes=[_vertical_line(place, theme) for place in places[1:-1]],
            showlegend=False,
            uirevision=f"path {style.energy_unit}",
        ),
    )


def _phonon_lines(image: PathMap, style: Style) -> dict[str, Any]:
    """Return the harmonic phonons as one trace: each branch ends with a gap (NaN)."""
    branches = [np.append(branch, np.nan) for branch in image.dispersion.T] if image.dispersion.size else [np.empty(0)]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.tile(np.append(image.dispersion_distance, np.nan), image.dispersion.shape[1]).astype(np.float32),
        "y": in_unit(np.concatenate(branches), style.energy_unit),
        "line": {"color": PHONON_COLOURS[style.theme], "width": 1.2},
        "opacity": 0.8,
        "hoverinfo": "skip",
        "name": "harmonic phonons",
        "meta": {"role": "dispersion"},
        "showlegend": False,
    }


def _vertical_line(place: float, theme: Theme) -> dict[str, Any]:
    line = {"color": theme.muted, "width": 1}
    return {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def zones_figure(spectrum: PathSpectrum, style: Style, label: str) -> go.Figure:
    """Draw the cut in every Brillouin zone, by rising |k + G|."""
    theme, cut = THEMES[style.theme], cut_of(spectrum)
    logarithmic = style.scale == "log"
    scaled, low, high, ticks = _colour_values(cut.per_zone, logarithmic)
    hover = intensity_hover(spectrum.cut_unit, logarithmic=logarithmic)
    names = [f"{' '.join(map(str, zone))}  ({q:.1f} Å⁻¹)" for zone, q in zip(cut.zones, cut.q, strict=True)]
    heat = _heatmap(theme, spectrum.cut_unit, ticks) | {
        "x": in_unit(bin_edges(cut.energy), style.energy_unit),
        "y": np.arange(len(names)),
        "z": scaled,
        "zmin": low,
        "zmax": high,
        "customdata": cut.per_zone.astype(np.float32) if logarithmic else None,
        "hovertemplate": f"G %{{y}}<br>%{{x:.4~r}} {UNIT_WORDS[style.energy_unit]}<br>{hover}",
    }
    every = max(1, len(names) // 16)
    return draw(
        [heat],
        layout(
            theme,
            title=_title(f"{label} · {wave_vector_text(cut)}"),
            plot_bgcolor=theme.outside,
            xaxis=axis(theme, ENERGY_TITLES[style.energy_unit], showgrid=False),
            yaxis=axis(
                theme,
                "Zone G (|k + G|)",
                tickvals=list(range(0, len(names), every)),
                ticktext=names[::every],
                showgrid=False,
            ),
            showlegend=False,
            uirevision=f"zones {style.energy_unit}",
        ),
    )


def wave_vector_text(cut: Cut) -> str:
    """Return the wave vector of a cut as text: the name of a special point, or its indices."""
    return plain(cut.label) or "(" + " ".join(f"{index:.3g}" for index in cut.wave_vector) + ")"


def cut_of(spectrum: PathSpectrum) -> Cut:
    """Return the cut of a spectrum along a path.

    Raises
    ------
    ValueError
        The view has no cut.
    """
    if spectrum.cut is None:
        raise ValueError("this figure needs a cut: the view has none")
    return spectrum.cut


def _heatmap(theme: Theme, unit: str, ticks: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "colorscale": [list(stop) for stop in theme.heat],
        "colorbar": {
            "title": {"text": _intensity(unit), "side": "right", "font": {"size": 12}},
            "thickness": 12,
            "outlinewidth": 0,
            "ticks": "outside",
            "tickcolor": theme.muted,
            **ticks,
        },
        "zsmooth": False,
        "hoverongaps": False,
    }


def _colour_values(
    intensity: NDArray[Any], logarithmic: bool
) -> tuple[NDArray[np.float32], float, float, dict[str, Any]]:
    """Return the coloured values, the ends of the scale, and the ticks of the colour bar."""
    high = brightest(intensity, BRIGHTEST_PERCENTILE)
    if not logarithmic:
        return intensity.astype(np.float32), 0.0, high, dict(POWERS)
    top = float(np.log10(high))
    scaled = np.log10(np.maximum(intensity, high * 1e-4), dtype=np.float32)
    return scaled, top - DECADES, top, powers_of_ten(top - DECADES, top)


def _intensity(unit: str) -> str:
    return f"Intensity ({unit})"


def _title(label: str) -> dict[str, Any]:
    return {"text": label, "font": {"size": 14}, "x": 0.01, "xanchor": "left", "y": 0.98, "yanchor": "top"}
