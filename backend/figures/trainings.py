"""Figures of a training: the loss, parity on held-out labels, and phonons before, after and of the reference."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import plotly.graph_objects as go

from backend.figures.phonons import PhononLines, phonons_figure
from backend.figures.schemas import TrainingFigureIn
from backend.figures.theme import THEMES, Theme, axis, draw, layout
from backend.kit.db.owners import Scope
from backend.kit.files.lost import reading_stored
from backend.kit.http.errors import Conflict
from backend.kit.settings import Settings
from backend.phonon_files import harmonic_crystal_file
from backend.trainings import files, service
from backend.trainings.tables import Training
from scattering.core.notices import Notice
from scattering.modes.dispersion import dense_grid, density_of_states, disperse
from scattering.modes.grid import sample_grid

SIDES: Final = {"reference": "Reference", "before": "Before", "after": "After"}
QUANTITIES: Final = {
    "energies": ("Energy", "eV per atom"),
    "forces": ("Force", "eV/Å"),
    "stresses": ("Stress", "GPa"),
}
GAP: Final = 0.12


def figure(scope: Scope, training_id: uuid.UUID, asked: TrainingFigureIn) -> go.Figure:
    """Draw a figure of a training.

    Raises
    ------
    NotFound, Conflict
        There is no such training, or it has not come so far.
    """
    row = service.get(scope, training_id)
    if asked.kind == "loss":
        return loss_figure(row.evidence.get("loss") or service.running_loss(scope, row) or [], asked.theme)
    if asked.kind == "parity":
        return parity_figure(scope.settings, row, asked.theme)
    return phonons(scope.settings, row, asked.theme, dispersion=asked.kind == "dispersion")


def loss_figure(loss: list[list[float]], theme_name: str) -> go.Figure:
    """Draw the loss of the labels that train and of those held out, over the steps.

    Raises
    ------
    Conflict
        There is no loss yet.
    """
    if not loss:
        raise Conflict(Notice("training_not_begun"))
    theme = THEMES[theme_name]
    steps = [one[0] for one in loss]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            # A line needs two points
            "mode": "lines" if len(steps) > 1 else "markers",
            "x": steps,
            "y": [one[place] for one in loss],
            "name": name,
            "line": {"color": theme.lines[place - 1], "width": 1.6},
            "hovertemplate": f"step %{{x}}<br>%{{y:.3g}}<extra>{name}</extra>",
        }
        for place, name in ((1, "Training labels"), (2, "Held-out labels"))
    ]
    arrangement = {
        "xaxis": axis(theme, "Step", range=[0, steps[-1]]),
        "yaxis": axis(theme, "Loss", type="log"),
        "showlegend": True,
        "legend": _LEGEND,
    }
    return draw(traces, layout(theme, **arrangement))


_LEGEND: Final = {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.01, "yanchor": "bottom"}


def parity_figure(settings: Settings, row: Training, theme_name: str) -> go.Figure:
    """Draw the potential over the reference, for the labels that were held out, before and after the training."""
    theme = THEMES[theme_name]
    with _reading(row):
        parity = json.loads((_folder(settings, row) / files.PARITY).read_text())
    known = [name for name in QUANTITIES if parity["after"][name] is not None]
    traces: list[dict[str, Any]] = []
    arrangement: dict[str, Any] = {"showlegend": True, "legend": _LEGEND}
    width = (1 - GAP * (len(known) - 1)) / len(known)
    for number, name in enumerate(known):
        suffix = "" if number == 0 else str(number + 1)
        title, unit = QUANTITIES[name]
        domain = [number * (width + GAP), number * (width + GAP) + width]
        sides = {side: _pairs(name, one[name]) for side, one in parity.items()}
        values = [value for pair in sides.values() for one in pair for value in one]
        ends = [min(values), max(values)]
        arrangement[f"xaxis{suffix}"] = axis(theme, f"Reference ({unit})", domain=domain, nticks=4)
        arrangement[f"yaxis{suffix}"] = axis(theme, f"{title} ({unit})", anchor=f"x{suffix}")
        place = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
        traces.append({**_equality(ends, theme), **place})
        traces += [
            {
                "type": "scatter",
                "mode": "markers",
                "x": sides[side][0],
                "y": sides[side][1],
                "name": SIDES[side],
                "legendgroup": side,
                "showlegend": number == 0,
                "marker": {"color": theme.lines[colour], "size": 5, "opacity": 0.7},
                "hovertemplate": f"%{{x:.4g}} → %{{y:.4g}} {unit}<extra>{SIDES[side]}</extra>",
                **place,
            }
            for colour, side in enumerate(("before", "after"))
        ]
    return draw(traces, layout(theme, **arrangement))


def _pairs(name: str, pair: list[list[float]]) -> list[list[float]]:
    """Return reference and potential; energies without their mean difference, as in their errors."""
    reference, found = pair
    shift = fmean(reference) - fmean(found) if name == "energies" else 0.0
    return [reference, [one + shift for one in found]]


def _equality(ends: list[float], theme: Theme) -> dict[str, Any]:
    line = {"color": theme.muted, "width": 1, "dash": "dot"}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": ends,
        "y": ends,
        "line": line,
        "showlegend": False,
        "hoverinfo": "skip",
    }


def phonons(settings: Settings, row: Training, theme_name: str, *, dispersion: bool) -> go.Figure:
    """Draw the phonons before and after the training and those of the reference, with their densities of states.

    Parameters
    ----------
    dispersion
        Whether the dispersion is drawn, or the densities of states alone.
    """
    lines = []
    for side, label in SIDES.items():
        path = _folder(settings, row) / files.PHONONS.format(side=side)
        if side == "reference" and not path.exists():
            continue
        with _reading(row):
            grid = sample_grid(harmonic_crystal_file.load(path))
        lines.append(PhononLines(disperse(grid), density_of_states(dense_grid(grid)), label))
    if dispersion:
        return phonons_figure(lines, theme_name=theme_name, energy_unit="meV")
    return _densities(lines, THEMES[theme_name])


def _densities(lines: list[PhononLines], theme: Theme) -> go.Figure:
    traces: list[dict[str, Any]] = []
    for number, one in enumerate(lines):
        density = one.density
        assert density is not None
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": density.energies,
                "y": density.total,
                "name": one.label,
                "line": {"color": theme.lines[number], "width": 1.6},
                "hovertemplate": f"%{{x:.1f}} meV<br>%{{y:.3g}}<extra>{one.label}</extra>",
            }
        )
    arrangement = {
        "xaxis": axis(theme, "Phonon energy (meV)"),
        "yaxis": axis(theme, "Modes per meV", rangemode="tozero"),
        "showlegend": True,
        "legend": _LEGEND,
    }
    return draw(traces, layout(theme, **arrangement))


def _folder(settings: Settings, row: Training) -> Path:
    if row.status != "succeeded":
        raise Conflict(Notice("training_not_finished", {"status": row.status}))
    return files.result_folder(settings, row.id)


def _reading(row: Training) -> Any:
    return reading_stored(Notice("training_file_lost", {"id": str(row.id)}))
