"""Proposals: the list, and the workspace of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from frontend import notation, proposals_client
from frontend.client import ApiClient, ApiProblem, Instrument, Prediction, Structure
from frontend.confirmation import confirmation, delete_button
from frontend.pages.landing import status_badge
from frontend.plan_state import plan_address
from frontend.problems import problem_alert
from frontend.proposal_parts import (
    by_structure,
    dataset_words,
    plan_facts,
    proposal_rows,
    reports_list,
    sample_facts,
    settings_list,
    structure_words,
)
from frontend.proposals_client import Inside, Proposal, Report
from frontend.session import of_user
from frontend.shell import icon
from frontend.view_state import forecast_address
from frontend.wiring import attributes, in_browser

UNNAMED = "Untitled proposal"


# The list


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the list of proposals; `?archived=true` those that are archived."""
    archived = parse_qs(search.lstrip("?")).get("archived") == ["true"]
    rows, total = await proposals_client.proposals(api, archived=archived)
    _, others = await proposals_client.proposals(api, archived=not archived, limit=1)
    title = "Archived proposals" if archived else "Proposals"
    nothing = "None is archived." if archived else "None yet. Make one, or import what was exported elsewhere."
    link = None
    if archived:
        link = dcc.Link("Back to the proposals", href="/proposals", className="small")
    elif others:
        link = dcc.Link(f"Archived ({others})", href="/proposals?archived=true", className="small")
    more = html.P(f"The newest {len(rows)} of {total}.", className="quiet small") if total > len(rows) else None
    return title, html.Div(
        [
            dmc.Title(title, order=1, size="h2"),
            html.P(
                "A proposal holds what belongs to one request for beam time: structures, forecasts, measured data, the "
                "sample, the settings you chose, notes and reports.",
                className="lead",
            ),
            None if archived else _makers(),
            html.Div(id="proposals-message", role="status"),
            proposal_rows(rows) if rows else html.P(nothing, className="quiet"),
            more,
            link,
        ],
        className="narrow proposals-page",
        id="proposals-page",
    )


def _makers() -> html.Div:
    return html.Div(
        [
            dmc.TextInput(
                id="new-proposal-name",
                placeholder="Name of a new proposal",
                size="sm",
                className="new-proposal-name",
                **attributes(aria_label="Name of a new proposal"),
            ),
            dmc.Button("New proposal", id="new-proposal", size="sm"),
            html.Button(
                [icon("upload", size=14), "Import"],
                id="import-proposal",
                type="button",
                className="link-button",
                title="A zip that was exported here or on another server",
            ),
        ],
        className="proposal-makers",
    )


# One proposal


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


def _actions(proposal: Proposal) -> list[Any]:
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


def _left(proposal: Proposal, inside: Inside, instruments: Mapping[str, Instrument]) -> list[Any]:
    return [_forecasts(proposal, inside), _measured(inside), _settings(proposal, instruments)]


def _right(proposal: Proposal, inside: Inside) -> list[Any]:
    return [_sharing(proposal), _plan(proposal, inside), _reports(proposal, inside)]


def _questions(proposal: Proposal) -> dict[str, tuple[str, str]]:
    text = "Its notes and reports go with it; structures, forecasts and data stay. This cannot be undone."
    reports = {
        f"{proposal['id']}/reports/{one['id']}": (f"Delete the report “{one['title']}”?", "This cannot be undone.")
        for one in proposal["reports"]
    }
    return {proposal["id"]: (f"Delete the proposal “{proposal['name']}”?", text), **reports}


def _archived(proposal: Proposal) -> Any:
    if not proposal["archived_at"]:
        return None
    return dmc.Alert("It is not in the list of proposals. Nothing of it is lost.", title="Archived", color="gray")


async def one_page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the page of one proposal."""
    proposal = await proposals_client.proposal(api, parts["id"])
    inside = await proposals_client.inside(api, proposal)
    instruments = {one["name"]: one for one in await api.instruments()}
    return proposal["name"], html.Div(
        [
            dcc.Store(id="proposal-id", data=proposal["id"]),
            dcc.Store(id="proposal-stale"),
            html.Div(confirmation(_questions(proposal)), id="proposal-questions"),
            html.Div(dcc.Link("Proposals", href="/proposals"), className="crumbs"),
            html.Div(
                [
                    html.H1(proposal["name"], className="visually-hidden", id="proposal-heading"),
                    html.Label("Name of the proposal", htmlFor="proposal-name", className="visually-hidden"),
                    dcc.Textarea(
                        id="proposal-name",
                        value=proposal["name"],
                        rows=1,
                        maxLength=200,
                        className="proposal-name",
                    ),
                    html.Div(_actions(proposal), id="proposal-actions", className="title-actions proposal-actions"),
                ],
                className="title-row proposal-title",
            ),
            html.Div(_archived(proposal), id="proposal-archived"),
            html.Div(id="proposal-message", role="alert"),
            html.Div(
                [
                    html.Div(
                        [
                            html.Section(
                                [
                                    html.Div(
                                        [
                                            dmc.Title("Notes", order=2, size="h4"),
                                            html.Span(
                                                f"changed {notation.ago(proposal['changed_at'])}",
                                                id="proposal-saved",
                                                className="quiet small",
                                                role="status",
                                            ),
                                        ],
                                        className="panel-head",
                                    ),
                                    html.Label("Notes", htmlFor="proposal-notes", className="visually-hidden"),
                                    dcc.Textarea(
                                        id="proposal-notes",
                                        value=proposal["notes"],
                                        maxLength=100_000,
                                        placeholder="What is asked for, and why; what is still to be done …",
                                        className="proposal-notes",
                                    ),
                                ],
                                className="panel",
                            ),
                            html.Div(_left(proposal, inside, instruments), id="proposal-left", className="column"),
                        ],
                        className="column",
                    ),
                    html.Div(_right(proposal, inside), id="proposal-right", className="column"),
                ],
                className="proposal-grid",
            ),
        ],
        className="wide proposal-page",
        id="proposal-page",
        **attributes(data_proposal=proposal["id"]),
    )


REDRAWN = ("proposal-actions", "proposal-archived", "proposal-left", "proposal-right", "proposal-questions")


async def _redrawn(api: ApiClient, proposal_id: str) -> list[Any]:
    """What stands in the page but for the texts, which somebody may be typing."""
    proposal = await proposals_client.proposal(api, proposal_id)
    inside = await proposals_client.inside(api, proposal)
    instruments = {one["name"]: one for one in await api.instruments()}
    return [
        _actions(proposal),
        _archived(proposal),
        _left(proposal, inside, instruments),
        _right(proposal, inside),
        confirmation(_questions(proposal)),
    ]


async def _obey(api: ApiClient, proposal_id: str, what: str, key: str) -> str | None:
    """Do what a button says. Returns where to go, if it is elsewhere."""
    if what == "duplicate":
        copy = await proposals_client.act(api, proposal_id, "duplicate")
        return f"/proposals/{copy['id']}"
    if what in ("archive", "restore", "share"):
        await proposals_client.act(api, proposal_id, what)
    elif what == "revoke":
        await proposals_client.revoke(api, proposal_id)
    elif what == "settings":
        settings = (await proposals_client.proposal(api, proposal_id))["settings"]
        kept = [one for number, one in enumerate(settings) if str(number) != key]
        await proposals_client.change(api, proposal_id, {"settings": kept})
    else:
        await proposals_client.take_out(api, proposal_id, what, key)
    return None


def register(app: Dash, client: ApiClient) -> None:
    """Make the buttons answer; `assets/proposals.js` saves what is typed, imports, and copies the link."""
    in_browser(app, "proposals", "link", Output("share-link", "value"), Input("share-path", "data"))
    redraw = [Output(id, "children", allow_duplicate=True) for id in REDRAWN]

    @app.callback(
        Output("location", "href", allow_duplicate=True),
        Output("proposals-message", "children"),
        Input("new-proposal", "n_clicks"),
        Input("new-proposal-name", "n_submit"),
        State("new-proposal-name", "value"),
        prevent_initial_call=True,
        running=[(Output("new-proposal", "loading"), True, False)],
    )
    async def make(clicks: int | None, submits: int | None, name: str | None) -> Sequence[Any]:
        if not clicks and not submits:
            raise PreventUpdate
        try:
            made = await proposals_client.create(of_user(client), {"name": (name or "").strip() or UNNAMED})
        except ApiProblem as problem:
            return no_update, problem_alert(problem)
        return f"/proposals/{made['id']}", None

    @app.callback(
        Output("location", "href", allow_duplicate=True),
        Output("proposal-message", "children"),
        *redraw,
        Input({"type": "proposal-do", "what": ALL, "id": ALL}, "n_clicks"),
        State("proposal-id", "data"),
        prevent_initial_call=True,
    )
    async def act(clicks: list[int | None], proposal_id: str) -> Sequence[Any]:
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            raise PreventUpdate
        api = of_user(client)
        try:
            where = await _obey(api, proposal_id, str(ctx.triggered_id["what"]), str(ctx.triggered_id["id"]))
            if where is not None:
                return where, None, *[no_update] * len(REDRAWN)
            return no_update, None, *await _redrawn(api, proposal_id)
        except ApiProblem as problem:
            return no_update, problem_alert(problem), *[no_update] * len(REDRAWN)

    @app.callback(*redraw, Input("proposal-stale", "data"), State("proposal-id", "data"), prevent_initial_call=True)
    async def refresh(stale: Any, proposal_id: str) -> Sequence[Any]:
        if not stale:
            raise PreventUpdate
        return await _redrawn(of_user(client), proposal_id)

    @app.callback(
        Output("report-message", "children"),
        Output("proposal-stale", "data", allow_duplicate=True),
        Input("make-report", "n_clicks"),
        State("report-title", "value"),
        State("proposal-id", "data"),
        prevent_initial_call=True,
        running=[(Output("make-report", "loading"), True, False)],
    )
    async def report(clicks: int | None, title: str | None, proposal_id: str) -> Sequence[Any]:
        if not clicks:
            raise PreventUpdate
        try:
            made = await proposals_client.make_report(of_user(client), proposal_id, {"title": (title or "").strip()})
        except ApiProblem as problem:
            return problem_alert(problem, title="No report was made"), no_update
        return None, made["id"]
