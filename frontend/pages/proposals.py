"""Proposals: the list, and the workspace of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from frontend import notation, proposals_client
from frontend import proposal_panels as panels
from frontend.client import ApiClient, ApiProblem
from frontend.confirmation import confirmation
from frontend.problems import problem_alert
from frontend.proposal_parts import proposal_rows
from frontend.session import of_user
from frontend.shell import icon
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


async def one_page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the page of one proposal."""
    proposal = await proposals_client.proposal(api, parts["id"])
    inside = await proposals_client.inside(api, proposal)
    instruments = {one["name"]: one for one in await api.instruments()}
    return proposal["name"], html.Div(
        [
            dcc.Store(id="proposal-id", data=proposal["id"]),
            dcc.Store(id="proposal-stale"),
            html.Div(confirmation(panels.questions(proposal)), id="proposal-questions"),
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
                    html.Div(
                        panels.actions(proposal), id="proposal-actions", className="title-actions proposal-actions"
                    ),
                ],
                className="title-row proposal-title",
            ),
            html.Div(panels.archived_word(proposal), id="proposal-archived"),
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
                            html.Div(
                                panels.left(proposal, inside, instruments), id="proposal-left", className="column"
                            ),
                        ],
                        className="column",
                    ),
                    html.Div(panels.right(proposal, inside), id="proposal-right", className="column"),
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
        panels.actions(proposal),
        panels.archived_word(proposal),
        panels.left(proposal, inside, instruments),
        panels.right(proposal, inside),
        confirmation(panels.questions(proposal)),
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
