"""A proposal as somebody sees it who was given its link: to be read, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from frontend import notation, proposals_client
from frontend.client import ApiClient, Instrument, JsonObject, Prediction, Structure
from frontend.figures import graph
from frontend.instrument_picker import display_name
from frontend.proposal_parts import (
    by_structure,
    dataset_words,
    plan_facts,
    reports_list,
    sample_facts,
    settings_list,
    structure_words,
)
from frontend.proposals_client import Shared
from frontend.status_badge import STATUS_COLOURS, STATUS_WORDS
from frontend.wiring import in_browser

MOST_CURVES = 12
"""More would not be told apart."""


def _named(prediction: Prediction, structures: Mapping[str, Structure]) -> str:
    words = f"{notation.short_method(prediction['method'])} {prediction['temperature_k']:g} K"
    if len(structures) > 1 and prediction["structure_id"] in structures:
        words = f"{structures[prediction['structure_id']]['name']}, {words}"
    return words


def _views(shared: Shared) -> list[JsonObject]:
    """What is drawn: each forecast of a powder through each chosen setting, or its own first instruments."""
    structures = {one["id"]: one for one in shared["structures"]}
    plan = shared["plan"] or {}
    ready = [one for one in shared["predictions"] if one["status"] == "succeeded" and one["sampling"] == "powder"]
    views: list[JsonObject] = []
    for prediction in ready:
        chosen = shared["settings"] or [{"instrument": name, "settings": {}} for name in prediction["instruments"][:2]]
        of_plan: JsonObject = plan if plan.get("prediction_id") == prediction["id"] else {}
        for setting in chosen or [{"instrument": None, "settings": {}}]:
            name = "Sample" if setting["instrument"] is None else display_name(setting["instrument"])
            views.append(
                {
                    "prediction_id": prediction["id"],
                    "label": f"{name}, {_named(prediction, structures)}",
                    **setting,
                    **{
                        key: of_plan[key]
                        for key in ("isotopes", "quantum_correction", "energy_scale")
                        if key in of_plan
                    },
                }
            )
    return views[:MOST_CURVES]


def _figures(token: str, shared: Shared) -> Any:
    views = _views(shared)
    if not views:
        return None
    spectra = [one["id"] for one in shared["datasets"] if one["kind"] == "1d"]
    labels = ", ".join(view["label"] for view in views)

    def drawn(kind: str, title: str, label: str) -> html.Section:
        return html.Section(
            [
                dmc.Title(title, order=2, size="h4"),
                graph(f"{kind}-graph", label=label),
                html.Div(id=f"{kind}-message", className="graph-message", role="status"),
            ],
            className="panel",
            id=kind,
        )

    return [
        dcc.Store(id="shared-context", data={"token": token, "views": views, "dataset_ids": spectra[:24]}),
        dcc.Store(id="shared-drawn"),
        drawn("spectrum", "Spectra", f"Spectra: {labels}"),
        drawn("map", "Map", f"Map of {views[0]['label']}"),
    ]


def _structures(structures: Sequence[Structure], predictions: Sequence[Prediction]) -> html.Ul:
    found = by_structure(structures, predictions)
    rows = []
    for one in structures:
        badges = [
            dmc.Badge(
                f"{_named(prediction, {})}{', crystal' if prediction['sampling'] == 'path' else ''} · "
                f"{STATUS_WORDS.get(prediction['status'], prediction['status'])}",
                color=STATUS_COLOURS.get(prediction["status"], "gray"),
                variant="light",
                tt="none",
            )
            for prediction in found[one["id"]]
        ]
        what = html.Div(
            [
                html.Div(one["name"], className="thing-name"),
                html.Div(structure_words(one), className="quiet small"),
                html.Div(badges, className="badges inner-things") if badges else None,
            ],
            className="thing-what",
        )
        rows.append(html.Li(what, className="thing"))
    return html.Ul(rows, className="things")


def _box(title: str, *children: Any) -> html.Section:
    return html.Section([dmc.Title(title, order=2, size="h4"), *children], className="panel")


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return what a link opens."""
    token = parts["token"]
    shared = await proposals_client.shared(api, token)
    instruments: dict[str, Instrument] = {one["name"]: one for one in await api.instruments()}
    figures = _figures(token, shared)
    notes = _box("Notes", html.Div(shared["notes"], className="shared-notes")) if shared["notes"] else None
    side = [
        _box("Structures and forecasts", _structures(shared["structures"], shared["predictions"]))
        if shared["structures"]
        else None,
        _box(
            "Measured data",
            html.Ul(
                [
                    html.Li(
                        html.Div(
                            [
                                html.Div(one["name"], className="thing-name"),
                                html.Div(dataset_words(one), className="quiet small"),
                            ],
                            className="thing-what",
                        ),
                        className="thing",
                    )
                    for one in shared["datasets"]
                ],
                className="things",
            ),
        )
        if shared["datasets"]
        else None,
        _box("Sample and plan", sample_facts(shared["sample"]), plan_facts(shared["plan"]) if shared["plan"] else None)
        if shared["sample"] or shared["plan"]
        else None,
        _box("Chosen settings", settings_list(shared["settings"], instruments)) if shared["settings"] else None,
        _box("Reports", reports_list(shared["reports"], f"/api/v1/shared/{token}")) if shared["reports"] else None,
    ]
    main = [part for part in [notes, *(figures or [])] if part is not None]
    there = [part for part in side if part is not None]
    if not main and not there:
        main = [html.P("There is nothing in this proposal yet.", className="quiet")]
    return shared["name"], html.Div(
        [
            html.Div("Shared proposal, to be read", className="crumbs"),
            html.Div(
                [
                    dmc.Title(shared["name"], order=1, size="h2"),
                    html.Span(f"changed {notation.ago(shared['changed_at'])}", className="quiet small"),
                ],
                className="title-row",
            ),
            html.Div(
                [html.Div(main, className="column"), html.Div(there, className="column")]
                if main and there
                else [html.Div(main or there, className="column")],
                className="proposal-grid" if main and there else "",
            ),
        ],
        className="wide proposal-page",
        id="shared-page",
    )


def register(app: Dash) -> None:
    """Let the browser fetch the figures, in the page's theme."""
    in_browser(
        app,
        "proposals",
        "draw",
        Output("shared-drawn", "data"),
        Input("theme", "data"),
        Input("shared-context", "data"),
    )
