"""A single crystal's figures: the map along the path, the cut, the zones, and how zones are put together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import JsonObject, Prediction
from frontend.forecast_figures import figure_panel, map_tools, spectrum_tools
from frontend.terms import explained
from frontend.view_state import ViewState, zone_text
from frontend.wiring import attributes

AVERAGE = "average"
FIRST_POINT = "auto"
GAMMA = "Γ"
LISTED_ZONES = 60
"""Shown at once; typing finds the others."""


def control(name: str) -> dict[str, str]:
    """Return the id of a control that powders' pages lack: a select of some name."""
    return {"type": "path-choice", "name": name}


def switch(name: str) -> dict[str, str]:
    """Return the id of a switch that powders' pages lack."""
    return {"type": "path-switch", "name": name}


def zones_of(prediction: Prediction) -> list[list[int]]:
    """Return a prediction's Brillouin zones in the order of its partials; none of a powder's."""
    zones = prediction["options"].get("zones")
    return zones if prediction["sampling"] == "path" and isinstance(zones, list) else []


def points_of(predictions: Sequence[Prediction]) -> list[str]:
    """Return the special points on the predictions' paths, each once, in their order."""
    paths = [str(prediction["options"].get("path") or "") for prediction in predictions]
    return list(dict.fromkeys(point for path in paths for point in re.split(r"[-|]", path) if point))


def zone_choices(predictions: Sequence[Prediction]) -> list[JsonObject]:
    """Return the select's data; `assets/crystal.js` sorts the zones by |k + G| and adds it, once it is known."""
    zones = dict.fromkeys(tuple(zone) for prediction in predictions for zone in zones_of(prediction))
    counts = {len(zones_of(prediction)) for prediction in predictions} - {0}
    average = f"Average over {counts.pop()} zones" if len(counts) == 1 else "Average over all zones"
    return [
        {"value": AVERAGE, "label": average},
        *({"value": zone_text(zone), "label": " ".join(map(str, zone))} for zone in zones),
    ]


def _known(value: str | None, choices: Sequence[JsonObject], usual: str) -> str:
    return value if value is not None and any(choice["value"] == value for choice in choices) else usual


def zones_group(view: ViewState, predictions: Sequence[Prediction]) -> list[Any]:
    """Return how the zones are put together: which, and what is divided out of each."""
    choices = zone_choices(predictions)
    q = [html.I("q"), html.Sup("2")]
    return [
        dmc.Select(
            id=control("zone"),
            data=choices,
            value=_known(zone_text(view.zone) if view.zone else None, choices, AVERAGE),
            allowDeselect=False,
            searchable=True,
            limit=LISTED_ZONES,
            nothingFoundMessage="No such zone was simulated",
            size="xs",
            comboboxProps={"withinPortal": True},
            **attributes(aria_label="Brillouin zone"),
        ),
        html.Div(
            [
                dmc.Switch(
                    id=switch("divide_debye_waller"),
                    label=explained("divide_debye_waller", "Divide out Debye–Waller"),
                    checked=view.divide_debye_waller,
                    size="sm",
                ),
                dmc.Switch(
                    id=switch("divide_q_squared"),
                    label=explained("divide_q_squared", html.Span(["Divide by |", q[0], "|", q[1]])),
                    checked=view.divide_q_squared,
                    size="sm",
                ),
            ],
            className="switches",
        ),
    ]


def _cut_tools(view: ViewState, predictions: Sequence[Prediction]) -> list[html.Div]:
    choices = [
        {"value": FIRST_POINT, "label": f"First beyond {GAMMA}"},
        *({"value": point, "label": point} for point in points_of(predictions)),
    ]
    return [
        html.Div(
            [
                html.Span(explained("point", "Cut at"), className="tool-label"),
                dmc.Select(
                    id=control("point"),
                    data=choices,
                    value=_known(view.point, choices, FIRST_POINT),
                    allowDeselect=False,
                    size="xs",
                    w=150,
                    **attributes(aria_label="Special point of the cut"),
                ),
            ],
            className="tool labelled-tool",
        ),
        html.Div(
            dmc.Switch(
                id=switch("times_energy_squared"),
                label=explained("times_energy_squared", html.Span(["× ", html.I("ω"), html.Sup("2")])),
                checked=view.times_energy_squared,
                size="xs",
            )
        ),
    ]


def crystal_figures(
    view: ViewState, predictions: Sequence[Prediction], names: Mapping[str, str], *, several_runs: bool
) -> list[html.Section]:
    """Return the places of the map along the path, of the cuts of all chosen instruments, and of one's zones."""
    cut = [html.I("k"), " + ", html.I("G")]
    return [
        figure_panel(
            "map",
            "Map along the path",
            [
                *map_tools(view, predictions, names),
                html.Div(
                    dmc.Switch(
                        id=switch("dispersion"),
                        label=explained("dispersion", "Phonons"),
                        checked=view.dispersion,
                        size="xs",
                    )
                ),
            ],
            label="Forecast intensity along the path through the Brillouin zone, over energy transfer",
            words="Average over the Brillouin zones that the instrument reaches; grey where it reaches none.",
            # What the API says of the view: filled in by assets/crystal.js
            below=html.P(id="path-warnings", className="quiet small graph-note", role="status"),
        ),
        figure_panel(
            "spectrum",
            ["Cut at constant ", html.I("q")],
            [
                *_cut_tools(view, predictions),
                *spectrum_tools(view, n_orders=0, several_runs=several_runs, crystal=True),
            ],
            label="Forecast intensity at one wave vector, against energy transfer",
        ),
        figure_panel(
            "zones",
            "Zone by zone",
            [],
            label="The cut in each Brillouin zone: what the average is made of",
            words=["The cut in every zone, by rising |", *cut, "|; grey is out of the instrument’s reach."],
        ),
    ]
