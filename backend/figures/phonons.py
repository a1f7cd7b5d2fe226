"""Figure of phonons: dispersion along a path, and the density of states beside it on the same axis of energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import UNIT_WORDS, in_unit
from backend.figures.schemas import DensityWeights, EnergyUnit
from backend.figures.theme import THEMES, Theme, axis, draw, layout
from scattering.core.constants import INVERSE_CM_MEV
from scattering.modes.dispersion import DensityOfStates, Dispersion
from scattering.simulate.phonons import MAX_IMAGINARY_MEV

ENERGY_TITLES: Final[dict[EnergyUnit, str]] = {"meV": "Phonon energy (meV)", "cm-1": "Phonon energy (cm⁻¹)"}
DENSITY_TITLES: Final[dict[DensityWeights, str]] = {"states": "Modes", "neutron": "Neutron-weighted<br>modes"}
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Styles of the lines of several predictions, which are told apart in black and white, too."""
DISPERSION_WIDTH: Final = 0.7
"""Width of the dispersion, over that of the figure."""
GAP: Final = 0.03


@dataclass(frozen=True, eq=False)
class PhononLines:
    """Phonons of a prediction in a figure: all have the same path; `label` is empty if there are no others."""

    dispersion: Dispersion
    density: DensityOfStates | None
    label: str = ""


def phonons_figure(
    lines: Sequence[PhononLines],
    *,
    theme_name: str,
    energy_unit: EnergyUnit,
    energy_scale: float = 1.0,
    weights: DensityWeights = "states",
) -> go.Figure:
    """Draw phonons along a path, and the densities of states that are known.

    A single prediction has its imaginary modes in another colour, and the densities of its elements. Several have a
    colour and a style each. `layout.meta.wave_vectors` has the wave vectors of the points of a branch, r.l.u. of the
    uploaded cell; null: unknown.
    """
    theme = THEMES[theme_name]
    ticks = lines[0].dispersion.ticks
    places = [place for place, _ in ticks]
    energies = [one.dispersion.energies * energy_scale for one in lines]
    imaginary = any((one < MAX_IMAGINARY_MEV).any() for one in energies)
    top = max(float(in_unit(one, energy_unit).max()) for one in energies)
    has_density = any(one.density is not None for one in lines)
    arrangement: dict[str, Any] = {
        "xaxis": axis(
            theme,
            "",
            domain=[0.0, DISPERSION_WIDTH if has_density else 1.0],
            range=[places[0], places[-1]],
            tickvals=places,
            ticktext=[name for _, name in ticks],
            showgrid=False,
        ),
        "yaxis": axis(
            theme,
            ENERGY_TITLES[energy_unit],
            mirror="all",
            **({} if imaginary else {"range": [0.0, 1.05 * top]}),
            zeroline=imaginary,
            zerolinecolor=theme.muted,
        ),
        "shapes": [_vertical_line(place, theme) for place in places[1:-1]],
        # That of the densities of states above their panel, that of the dispersion below it
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.01, "yanchor": "bottom"},
        "legend2": {"orientation": "h", "x": 0, "yref": "container", "y": 0.01, "yanchor": "bottom"},
        "showlegend": True,
        "uirevision": f"phonons {energy_unit} {weights}",
    }
    if has_density:
        arrangement["xaxis2"] = axis(
            theme,
            f"{DENSITY_TITLES[weights]} per {UNIT_WORDS[energy_unit]}",
            domain=[DISPERSION_WIDTH + GAP, 1.0],
            rangemode="tozero",
            anchor="y",
        )
    scale = _Scale(energy_unit, energy_scale)
    traces = _single(lines[0], theme, scale) if len(lines) == 1 else _overlaid(lines, theme, scale)
    q = lines[0].dispersion.q_rlu
    return draw(traces, layout(theme, meta={"wave_vectors": None if q is None else q.tolist()}, **arrangement))


@dataclass(frozen=True)
class _Scale:
    unit: EnergyUnit
    factor: float

    def energies(self, mev: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(in_unit(mev * self.factor, self.unit))

    @property
    def per_unit(self) -> float:
        return (1.0 if self.unit == "meV" else INVERSE_CM_MEV) / self.factor


def _single(lines: PhononLines, theme: Theme, scale: _Scale) -> list[dict[str, Any]]:
    """Return branches, imaginary ones once more in another colour, and the densities of all elements."""
    energies = lines.dispersion.energies
    imaginary = energies * scale.factor < MAX_IMAGINARY_MEV
    plain = {"color": theme.lines[0], "width": 1.4}
    traces = [{**_branches(lines.dispersion, energies, scale), "line": plain, "name": "phonons", "showlegend": False}]
    if imaginary.any():
        below = np.where(imaginary, energies, np.nan)
        line = {"color": theme.lines[1], "width": 1.4}
        traces.append({**_branches(lines.dispersion, below, scale), "line": line, "name": "Imaginary modes"})
    if lines.density is None:
        return traces
    curves = {"Total": (lines.density.total, theme.ink)}
    if len(lines.density.by_element) > 1:
        # Neither that of the dispersion nor that of its imaginary modes
        colours = theme.lines[2:-1]
        curves |= {
            name: (values, colours[number % len(colours)])
            for number, (name, values) in enumerate(lines.density.by_element.items())
        }
    return traces + [
        {
            **_density(lines.density, values, name, scale),
            "line": {"color": colour, "width": 1.6},
            "showlegend": len(curves) > 1,
        }
        for name, (values, colour) in curves.items()
    ]


def _overlaid(lines: Sequence[PhononLines], theme: Theme, scale: _Scale) -> list[dict[str, Any]]:
    """Return branches and total density of each prediction; the legend of the dispersion shows and hides both."""
    traces = []
    for number, one in enumerate(lines):
        line = {"color": theme.lines[number], "width": 1.4, "dash": DASHES[number % len(DASHES)]}
        own = {"line": line, "name": one.label, "legendgroup": str(number)}
        branches = _branches(one.dispersion, one.dispersion.energies, scale, one.label)
        traces.append({**branches, **own, "meta": {"role": "dispersion", "number": number}})
        if one.density is not None:
            density = _density(one.density, one.density.total, one.label, scale)
            traces.append({**density, **own, "showlegend": False, "meta": {"role": "density", "number": number}})
    return traces


def _branches(dispersion: Dispersion, energies: NDArray[np.float64], scale: _Scale, label: str = "") -> dict[str, Any]:
    """Return all branches as one trace: each ends with a gap (NaN)."""
    ended = np.concatenate([energies, np.full((1, energies.shape[1]), np.nan)])
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.tile(np.append(dispersion.distance, np.nan), energies.shape[1]).astype(np.float32),
        "y": scale.energies(ended.T.ravel()),
        "meta": {"role": "dispersion"},
        "legend": "legend2",
        "hovertemplate": f"%{{y:.1f}} {UNIT_WORDS[scale.unit]}<extra>{label}</extra>",
    }


def _density(density: DensityOfStates, values: NDArray[np.float64], name: str, scale: _Scale) -> dict[str, Any]:
    """Return a density as a curve over the vertical axis of energy."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": (values * scale.per_unit).astype(np.float32),
        "y": scale.energies(density.energies),
        "xaxis": "x2",
        "yaxis": "y",
        "name": name,
        "meta": {"role": "density"},
        "hovertemplate": f"%{{y:.1f}} {UNIT_WORDS[scale.unit]}<br>%{{x:.3g}}<extra>{name}</extra>",
    }


def _vertical_line(place: float, theme: Theme) -> dict[str, Any]:
    line = {"color": theme.grid, "width": 1}
    return {"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1, "line": line}
