"""A plan of beam time: features, sample, ranked settings, a simulated measurement, and the report of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, dcc, html

from frontend import notation, proposals_client
from frontend.client import ApiClient, ApiProblem, Instrument, JsonObject, Prediction, Structure, settled
from frontend.forecast_choice import ORDER
from frontend.instrument_picker import GENERIC, display_name, facility
from frontend.plan_panels import plan_panels, plan_terms
from frontend.plan_settings import field_id, plan_settings, usable_for_calibration
from frontend.plan_state import FIELDS, PlanState, decode_plan, plan_address
from frontend.shell import icon
from frontend.view_state import forecast_address
from frontend.wiring import attributes, in_browser


def _best(predictions: Sequence[Prediction], wanted: Sequence[str]) -> Prediction:
    """The one that the address names, of several the best method; else the best of all; the newest of its kind."""
    named = [one for one in predictions if one["id"] in wanted]
    return max(named or predictions, key=lambda one: ORDER.get(one["method"], -1))


def _context(structure: Structure, state: PlanState, instruments: Sequence[Instrument]) -> JsonObject:
    """Return what the scripts need to ask and to tell."""
    return {
        "structure": {"id": structure["id"], "name": structure["name"]},
        "elements": structure["elements"],
        "fields": [{"key": one.key, "kind": one.kind, "default": one.default} for one in FIELDS.values()],
        "bounds": {one.key: [one.low, one.high] for one in FIELDS.values() if one.kind == "number"},
        "features": None if state.features is None else list(state.features),
        "pairs": None if state.pairs is None else [list(pair) for pair in state.pairs],
        "terms": plan_terms(),
        "labels": {one["name"]: display_name(one["name"]) for one in instruments},
    }


def _header(structure: Structure, predictions: Sequence[str]) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    dcc.Link("Structures", href="/"),
                    html.Span(" / ", **attributes(aria_hidden="true")),
                    dcc.Link(structure["name"], href=f"/structures/{structure['id']}"),
                    html.Span(" / ", **attributes(aria_hidden="true")),
                    dcc.Link("Forecast", href=forecast_address(structure["id"], predictions)),
                ],
                className="crumbs",
            ),
            html.Div(
                [
                    dmc.Title(f"Beam time for {structure['name']}", order=1, size="h2"),
                    html.Span(notation.formula(structure["formula"]), className="title-formula"),
                    html.Div(
                        dmc.Button(
                            "Copy link",
                            id="copy-link",
                            leftSection=icon("link", size=14),
                            variant="default",
                            size="xs",
                        ),
                        className="title-actions",
                    ),
                ],
                className="title-row",
            ),
        ]
    )


def _nothing(structure: Structure, predictions: Sequence[Prediction]) -> html.Div:
    going = [one for one in predictions if one["status"] in ("queued", "running")]
    if going:
        words, href, label = "Its simulation is not ready yet.", forecast_address(structure["id"], []), "Watch it"
    else:
        words = "A plan rests on a forecast of a powder: start one, and sensible settings are already filled in."
        href, label = f"/structures/{structure['id']}", "New forecast"
    return html.Div(
        [
            dmc.Title(f"No forecast of {structure['name']} to plan with", order=1, size="h2"),
            html.P(words),
            dcc.Link(label, href=href, className="button-link"),
        ],
        className="narrow notice",
        id="notice-page",
    )


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the plan of a structure's beam time, for what the address asks."""
    structure_id = parts["id"]
    structure = await api.structure(structure_id)
    instruments, predictions, isotopes, datasets, proposals = await settled(
        api.instruments(),
        api.predictions(structure_id=structure_id),
        api.isotopes(structure["elements"]),
        api.datasets(),
        proposals_client.proposals(api),
    )
    for answer in (instruments, predictions):
        if isinstance(answer, ApiProblem):
            raise answer
    isotopes = {} if isinstance(isotopes, ApiProblem) else isotopes
    title = f"Beam time for {structure['name']}"
    powders = [one for one in predictions if one["sampling"] == "powder"]
    ready = [one for one in powders if one["status"] == "succeeded"]
    if not ready:
        return title, _nothing(structure, powders)
    datasets = [] if isinstance(datasets, ApiProblem) else datasets
    usable = [one for one in datasets if usable_for_calibration(one)]
    own = [one for one in datasets if one["structure_id"] == structure_id and one["kind"] == "1d"]
    real = [one for one in instruments if facility(one) != GENERIC]
    state = decode_plan(
        search,
        elements=structure["elements"],
        facilities=[facility(one) for one in real],
        instruments=[one["name"] for one in real],
        datasets=[one["id"] for one in usable],
    )
    chosen = _best(ready, state.predictions)
    return title, html.Div(
        [
            dcc.Store(id="plan-context", data=_context(structure, state, instruments)),
            dcc.Store(id="plan-collected"),
            dcc.Store(id="plan-clicked"),
            dcc.Store(id="plan-chosen"),
            _header(structure, [chosen["id"]]),
            html.Div(
                [
                    plan_settings(
                        state,
                        instruments=real,
                        predictions=ready,
                        chosen=chosen,
                        isotopes=isotopes,
                        datasets=usable,
                        reset_href=plan_address(structure_id, [chosen["id"]]),
                    ),
                    plan_panels(
                        state,
                        isotopes=isotopes,
                        title=f"{structure['name']}: inelastic neutron scattering",
                        proposals=[] if isinstance(proposals, ApiProblem) else proposals[0],
                        datasets=own,
                    ),
                ],
                className="forecast-grid",
            ),
        ],
        className="wide forecast-page plan-page",
        id="plan-page",
    )


def register(app: Dash) -> None:
    """Let the scripts know what is chosen, typed and clicked."""
    in_browser(
        app,
        "plan",
        "collect",
        Output("plan-collected", "data"),
        Input("plan-prediction", "value"),
        Input({"type": "plan-isotope", "element": ALL}, "value"),
        *[Input(field_id(key), "value") for key in FIELDS],
        Input("plan-pairs-mode", "value"),
        Input("plan-instead-on", "checked"),
        Input("plan-instead", "value"),
        Input("plan-sheet-mode", "value"),
        Input("plan-report-mode", "value"),
        Input("plan-report-data", "value"),
        Input("plan-proposal", "value"),
        Input("theme", "data"),
        State("plan-context", "data"),
    )
    in_browser(
        app,
        "plan",
        "measure",
        Output("plan-chosen", "data"),
        Input("plan-setting", "value"),
        Input("plan-measured-hours", "value"),
        Input("plan-bin", "value"),
        prevent_initial_call=True,
    )
    in_browser(
        app,
        "plan",
        "clicked",
        Output("plan-clicked", "data"),
        Input("plan-features-graph", "clickData"),
        prevent_initial_call=True,
    )
