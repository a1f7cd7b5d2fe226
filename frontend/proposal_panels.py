"""The panels of a proposal's workspace, but for its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from frontend import notation
from frontend.client import Instrument, Prediction, Structure
from frontend.confirmation import delete_button
from frontend.plan_state import plan_address
from frontend.proposal_parts import (
    by_structure,
    dataset_words,
    plan_facts,
    reports_list,
    sample_facts,
    settings_list,
    structure_words,
)
from frontend.proposals_client import Inside, Proposal, Report
from frontend.shell import icon
from frontend.status_badge import status_badge
from frontend.view_state import forecast_address
from frontend.wiring import attributes


def _do(what: str, key: str, *, label: str, name: str | None = None) -> html.Button:
    """Return a quiet button that does something to what is in the proposal."""
    return html.Button(
        label,
        id={"type": "proposal-do", "what": what, "id": key},
        type="button",
        className="link-button is-quiet",
        **attributes(aria_label=name),
    )


def _button(what: str, label: str) -> dmc.Button:
    return dmc.Button(label, id={"type": "proposal-do", "what": what, "id": ""}, variant="default", size="xs")


def actions(proposal: Proposal) -> list[Any]:
    """Return what can be done with a proposal."""
    name = proposal["name"]
    return [
        None if proposal["share_path"] else _button("share", "Share"),
        _button("duplicate", "Duplicate"),
        _button("restore", "Restore") if proposal["archived_at"] else _button("archive", "Archive"),
        html.A(
            [icon("download", size=14), "Export"],
            href=f"/api/v1/proposals/{proposal['id']}/export",
            className="link-button",
            download="",
            title="Everything in it as a zip (RO-Crate), which can be imported again",
        ),
        delete_button("proposal", proposal["id"], label=f"Delete the proposal {name}"),
    ]


def _sharing(proposal: Proposal) -> Any:
    if not proposal["share_path"]:
        return None
    return html.Section(
        [
            dmc.Title("Shared by link", order=2, size="h4"),
            html.P("Whoever has the link can read this page, and change nothing.", className="quiet small flush"),
            dcc.Store(id="share-path", data=proposal["share_path"]),
            dmc.TextInput(
                id="share-link",
                value=proposal["share_path"],
                readOnly=True,
                size="xs",
                **attributes(aria_label="Link to share"),
            ),
            html.Div(
                [
                    dmc.Button(
                        "Copy link", id="copy-share", leftSection=icon("link", size=14), variant="default", size="xs"
                    ),
                    dcc.Link("Look at it", href=proposal["share_path"], className="link-button"),
                    _do("revoke", "", label="Revoke"),
                ],
                className="row",
            ),
        ],
        className="panel share-panel",
    )


def _forecasts(proposal: Proposal, inside: Inside) -> html.Section:
    body: Any = html.P(
        "Nothing yet. “Add to proposal” on a structure’s or a forecast’s page brings it here.",
        className="quiet small flush",
    )
    if inside.structures:
        found = by_structure(inside.structures, inside.predictions)
        body = html.Ul([_structure(proposal, one, found[one["id"]]) for one in inside.structures], className="things")
    return html.Section([dmc.Title("Structures and forecasts", order=2, size="h4"), body], className="panel")


def _structure(proposal: Proposal, structure: Structure, predictions: Sequence[Prediction]) -> html.Li:
    name = structure["name"]
    forecast = forecast_address(structure["id"], [one["id"] for one in predictions]) if predictions else None
    return html.Li(
        [
            html.Div(
                [
                    dcc.Link(name, href=f"/structures/{structure['id']}", className="thing-name"),
                    html.Div(structure_words(structure), className="quiet small"),
                ],
                className="thing-what",
            ),
            html.Div(
                [
                    dcc.Link("Open the forecasts", href=forecast, className="link-button") if forecast else None,
                    None
                    if predictions or structure["id"] not in proposal["structure_ids"]
                    else _do("structures", structure["id"], label="Take out", name=f"Take {name} out"),
                ],
                className="thing-actions",
            ),
            html.Ul([_prediction(one) for one in predictions], className="inner-things") if predictions else None,
        ],
        className="thing",
    )


def _prediction(prediction: Prediction) -> html.Li:
    words = f"{notation.method_name(prediction['method'])} at {prediction['temperature_k']:g} K"
    return html.Li(
        [
            status_badge(prediction),
            html.Span(prediction["quality"], className="quiet small"),
            _do("predictions", prediction["id"], label="Take out", name=f"Take out: {words}"),
        ],
        className="inner-thing",
    )


def _measured(inside: Inside) -> html.Section:
    body: Any = html.P(
        "None. Data that are drawn over a forecast come along when it is added.", className="quiet small flush"
    )
    if inside.datasets:
        rows = [
            html.Li(
                [
                    html.Div(
                        [
                            html.Div(one["name"], className="thing-name"),
                            html.Div(dataset_words(one), className="quiet small"),
                        ],
                        className="thing-what",
                    ),
                    _do("datasets", one["id"], label="Take out", name=f"Take {one['name']} out"),
                ],
                className="thing",
            )
            for one in inside.datasets
        ]
        body = html.Ul(rows, className="things")
    return html.Section([dmc.Title("Measured data", order=2, size="h4"), body], className="panel")


def _plan(proposal: Proposal, inside: Inside) -> Any:
    """The sample, and the plan that it was described in."""
    plan = proposal["plan"]
    planned = next((one for one in inside.predictions if plan and one["id"] == plan["prediction_id"]), None)
    of = planned or next((one for one in inside.predictions if one["sampling"] == "powder"), None)
    link = None
    if of is not None:
        href = plan_address(of["structure_id"], [of["id"]])
        link = dcc.Link("Plan beam time", href=href, className="small")
    return html.Section(
        [
            dmc.Title("Sample and plan", order=2, size="h4"),
            sample_facts(proposal["sample"]),
            plan_facts(plan) if plan else None,
            link,
        ],
        className="panel",
    )


def _settings(proposal: Proposal, instruments: Mapping[str, Instrument]) -> html.Section:
    def out(number: int, name: str) -> html.Button:
        return _do("settings", str(number), label="Take out", name=f"Take {name} out")

    return html.Section(
        [
            dmc.Title("Chosen settings", order=2, size="h4"),
            settings_list(proposal["settings"], instruments, out),
        ],
        className="panel",
    )


def _reports(proposal: Proposal, inside: Inside) -> html.Section:
    ready = [one for one in inside.predictions if one["status"] == "succeeded" and one["sampling"] == "powder"]

    def out(report: Report) -> html.Span:
        key = f"{proposal['id']}/reports/{report['id']}"
        return delete_button("report", key, label=f"Delete the report {report['title']}")

    listed = reports_list(proposal["reports"], f"/api/v1/proposals/{proposal['id']}", out)
    words = "Two pages to attach, as PDF and HTML, from the plan or the chosen settings."
    if not ready:
        words = "A report can be made once a forecast of a powder is ready."
    return html.Section(
        [
            dmc.Title("Reports", order=2, size="h4"),
            listed if proposal["reports"] else None,
            html.P(words, className="quiet small flush"),
            html.Div(
                [
                    dmc.TextInput(
                        id="report-title",
                        placeholder=proposal["name"],
                        size="xs",
                        **attributes(aria_label="Title of the report"),
                    ),
                    dmc.Button("Make a report", id="make-report", variant="default", size="xs"),
                ],
                className="report-maker",
            )
            if ready
            else None,
            html.Div(id="report-message", role="status"),
        ],
        className="panel",
    )


def left(proposal: Proposal, inside: Inside, instruments: Mapping[str, Instrument]) -> list[Any]:
    """Return what is in a proposal."""
    return [_forecasts(proposal, inside), _measured(inside), _settings(proposal, instruments)]


def right(proposal: Proposal, inside: Inside) -> list[Any]:
    """Return who may read it, what is planned, and the reports."""
    return [_sharing(proposal), _plan(proposal, inside), _reports(proposal, inside)]


def questions(proposal: Proposal) -> dict[str, tuple[str, str]]:
    """Return what is asked before something is deleted; see `confirmation`."""
    text = "Its notes and reports go with it; structures, forecasts and data stay. This cannot be undone."
    reports = {
        f"{proposal['id']}/reports/{one['id']}": (f"Delete the report “{one['title']}”?", "This cannot be undone.")
        for one in proposal["reports"]
    }
    return {proposal["id"]: (f"Delete the proposal “{proposal['name']}”?", text), **reports}


def archived_word(proposal: Proposal) -> Any:
    """Return the word that a proposal is archived, if it is."""
    if not proposal["archived_at"]:
        return None
    return dmc.Alert("It is not in the list of proposals. Nothing of it is lost.", title="Archived", color="gray")
