"""Problem documents as a person reads them."""

from __future__ import annotations

import re
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import ApiProblem, FieldProblem

FIELD_NAMES = {
    "temperature_k": "Temperature",
    "instruments": "Instruments",
    "method": "Method",
    "quality": "Quality",
    "potential": "Potential",
    "supercell": "Supercell",
    "timestep_fs": "Time step",
    "equilibration_ps": "Equilibration",
    "production_ps": "Production",
    "q_max_inv_angstrom": "Largest q",
    "seed": "Seed",
    "relax_cell": "Relax the cell",
    "replicas": "Independent runs",
    "engine": "Engine",
    "ensemble": "Equilibration ensemble",
    "production_ensemble": "Production ensemble",
    "pressure_gpa": "Pressure",
    "dispersion": "Dispersion",
    "n_beads": "Beads",
    "n_orders": "Phonon orders",
    "energy_max_mev": "Orders up to",
    "resolve_sites": "Crystallographic sites",
    "path": "Path",
    "zones": "Brillouin zones",
    "n_zones": "Number of zones",
    "e_init": "Incident energy",
    "file": "File",
}


def field_key(loc: str) -> str:
    """Return the field that a location such as `body.options.supercell.0` names."""
    parts = [part for part in re.split(r"[.\[\]]+", loc) if part and not part.isdigit()]
    known = [part for part in parts if part in FIELD_NAMES]
    return known[-1] if known else (parts[-1] if parts else "")


def field_label(loc: str) -> str:
    """Return the label that the page shows for a location."""
    key = field_key(loc)
    return FIELD_NAMES.get(key, key.replace("_", " "))


def field_messages(problem: ApiProblem, known: set[str]) -> dict[str, str]:
    """Return messages by field for the fields that a form has."""
    messages: dict[str, str] = {}
    for error in problem.errors:
        key = field_key(error["loc"])
        if key in known:
            messages[key] = f"{messages[key]} {error['msg']}" if key in messages else error["msg"]
    return messages


def _line(error: FieldProblem) -> html.Li:
    label = field_label(error["loc"])
    message = error["msg"][:1].upper() + error["msg"][1:]
    return html.Li([html.Strong(f"{label}: "), message] if label else message)


def problem_alert(problem: ApiProblem, *, title: str | None = None, id: str | None = None) -> dmc.Alert:
    """Return an alert that says what is wrong, what to do, and which fields are meant.

    Parameters
    ----------
    title
        What a refused request (4xx) means where it was made; a failing server keeps its own title.
    """
    # A file is the only field of its form, and what is said about it is the detail.
    fields = [error for error in problem.errors if field_key(error["loc"]) != "file"]
    children: list[Any] = []
    # Often the detail is the fields' messages in one line: not to be said twice.
    if not fields or not any(error["msg"] in problem.detail for error in fields):
        children.append(html.P(problem.detail, className="flush"))
    if fields:
        children.append(html.Ul([_line(error) for error in fields], className="field-errors"))
    heading = title if title and 400 <= problem.status < 500 else problem.title
    extra = {"id": id} if id else {}
    return dmc.Alert(children, title=heading, color="red", variant="light", className="problem", **extra)


def warning_list(warnings: list[str], *, title: str) -> Any:
    """Return warnings as one alert, or nothing where there are none."""
    if not warnings:
        return None
    body: Any = warnings[0] if len(warnings) == 1 else html.Ul([html.Li(text) for text in warnings])
    return dmc.Alert(body, title=title, color="yellow", variant="light", className="warning")
