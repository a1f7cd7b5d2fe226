"""Figure of phonons: dispersion along a path, and the density of states beside it on the same axis of energy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import UNIT_WORDS, in_unit
from backend.figures.schemas import EnergyUnit
from backend.figures.theme import THEMES, Theme, axis, draw, layout
from scattering.core.constants import INVERSE_CM_MEV
from scattering.modes.dispersion import DensityOfStates, Dispersion
from scattering.simulate.phonons import MAX_IMAGINARY_MEV

ENERGY_TITLES: Final[dict[EnergyUnit, str]] = {"meV": "Phonon energy (meV)", "cm-1": "Phonon energy (cm⁻¹)"}
DENSITY_TITLES: Final[dict[EnergyUnit, str]] = {"meV": "Modes per meV", "cm-1": "Modes per cm⁻¹"}
DISPERSION_WIDTH: Final = 0.7
"""Width of the dispersion, over that of the figure."""
GAP: Final = 0.03


def phonons_figure(
    dispersion: Dispersion,
    density: DensityOfStates | None,
    *,
    theme_name: str,
    energy_unit: EnergyUnit,
    energy_scale: float = 1.0,
) -> go.Figure:
    """Draw phonons along a path, imaginary ones below zero in another colour, and the density of states if known.

    `layout.meta.wave_vectors` has the wave vectors of the points of a branch, r.l.u. of the uploaded cell; null:
    unknown.
    """
    theme = THEMES[theme_name]
    energies = dispersion.energies * energy_scale
    places = [place for place, _ in dispersion.ticks]
    imaginary = energies < MAX_IMAGINARY_MEV
    traces = [_branches(dispersion.distance, energies, theme.lines[0], "phonons", energy_unit)]
    if imaginary.any():
        below = np.where(imaginary, energies, np.nan)
        traces.append(_branches(dispersion.distance, below, theme.lines[1], "Imaginary modes", energy_unit))
    arrangement: dict[str, Any] = {
        "xaxis": axis(
            theme,
            "",
            domain=[0.0, 1.0 if density is None else DISPERSION_WIDTH],
            range=[places[0], places[-1]],
            tickvals=places,
            ticktext=[name for _, name in dispersion.ticks],
            showgrid=False,
        ),
        "yaxis": axis(
            theme,
            ENERGY_TITLES[energy_unit],
            mirror="all",
            **({} if imaginary.any() else {"range": [0.0, 1.05 * float(in_unit(energies, energy_unit).max())]}),
            zeroline=bool(imaginary.any()),
            zerolinecolor=theme.muted,
        ),
        "shapes": [_vertical_line(place, theme) for place in places[1:-1]],
        # That of the densities of states above their panel, that of imaginary modes below the dispersion
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.01, "yanchor": "bottom"},
        "legend2": {"orientation": "h", "x": 0, "yref": "container", "y": 0.01, "yanchor": "bottom"},
        "showlegend": True,
        "uirevision": f"phonons {energy_unit}",
    }
    if density is not None:
        traces += _densities(density, theme, energy_unit, energy_scale)
        arrangement["xaxis2"] = axis(
            theme,
            DENSITY_TITLES[energy_unit],
            domain=[DISPERSION_WIDTH + GAP, 1.0],
            rangemode="tozero",
            anchor="y",
        )
    q = None if dispersion.q_rlu is None else dispersion.q_rlu.tolist()
    return draw(traces, layout(theme, meta={"wave_vectors": q}, **arrangement))


def _branches(
    distance: NDArray[np.float64], energies: NDArray[np.float64], colour: str, name: str, unit: EnergyUnit
) -> dict[str, Any]:
    """Return all branches as one trace: each ends with a gap (NaN)."""
    ended = np.concatenate([energies, np.full((1, energies.shape[1]), np.nan)])
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.tile(np.append(distance, np.nan), energies.shape[1]).astype(np.float32),
        "y": in_unit(ended.T.ravel(), unit),
        "line": {"color": colour, "width": 1.4},
        "name": name,
        "meta": {"role": "dispersion"},
        "showlegend": name != "phonons",
        "legend": "legend2",
        "hovertemplate": f"%{{y:.1f}} {UNIT_WORDS[unit]}<extra></extra>",
    }


def _densities(density: DensityOfStates, theme: Theme, unit: EnergyUnit, energy_scale: float) -> list[dict[str, Any]]:
    """Return the total and that of each element, as curves over the vertical axis of energy."""
    per_unit = (1.0 if unit == "meV" else INVERSE_CM_MEV) / energy_scale
    curves = {"Total": (density.total, theme.ink)}
    if len(density.by_element) > 1:
        # Neither that of the dispersion nor that of its imaginary modes
        colours = theme.lines[2:-1]
        curves |= {
            name: (values, colours[number % len(colours)])
            for number, (name, values) in enumerate(density.by_element.items())
        }
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": (values * per_unit).astype(np.float32),
            "y": in_unit(density.energies * energy_scale, unit),
            "xaxis": "x2",
            "yaxis": "y",
            "line": {"color": colour, "width": 1.6},
            "name": name,
            "showlegend": len(curves) > 1,
            "meta": {"role": "density"},
            "hovertemplate": f"%{{y:.1f}} {UNIT_WORDS[unit]}<br>%{{x:.3g}}<extra>{name}</extra>",
        }
        for name, (values, colour) in curves.items()
    ]


def _vertical_line(place: float, theme: Theme) -> dict[str, Any]:
    line = {"color": theme.grid, "width": 1}
    return {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "line": line}
