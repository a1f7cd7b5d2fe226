"""The first page: drop a structure, open an example, go on with recent work."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate

from frontend import notation
from frontend.client import ApiClient, ApiProblem, Example, Prediction, Structure, settled
from frontend.problems import problem_alert
from frontend.proposal_parts import proposal_rows
from frontend.proposals_client import Proposal, proposals
from frontend.session import of_user
from frontend.shell import icon
from frontend.status_badge import status_badge
from frontend.view_state import forecast_address
from frontend.wiring import attributes

LARGEST_UPLOAD_MB = 10
NEWEST_PROPOSALS = 5


def decode_upload(contents: str) -> bytes:
    """Return the bytes of a browser upload, a `data:` URL in base64."""
    try:
        return base64.b64decode(contents.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiProblem(0, "The file did not arrive whole", "Drop it again.") from error


def _drop_zone() -> html.Div:
    return html.Div(
        [
            dcc.Upload(
                html.Div(
                    [
                        icon("upload", size=32),
                        html.Div("Drop a crystal structure here", className="drop-title"),
                        html.Div(
                            f"CIF, POSCAR/CONTCAR, extended XYZ or FHI-aims · up to {LARGEST_UPLOAD_MB} MB",
                            className="drop-hint",
                        ),
                        html.Button("Choose a file", type="button", className="button", id="upload-button"),
                    ],
                    className="drop-inner",
                ),
                id="upload",
                className="drop",
                className_active="drop drop-active",
                className_reject="drop drop-reject",
                className_disabled="drop drop-busy",
                style={},
                style_active={},
                style_reject={},
                style_disabled={},
                max_size=LARGEST_UPLOAD_MB * 1024 * 1024,
            ),
            html.Div(id="upload-message", role="alert"),
        ]
    )


# Those that the method was published with stand first.
FIRST_EXAMPLES = ("silicon", "benzene", "barium-titanate-sc-h")


def _in_order(examples: Sequence[Example]) -> list[Example]:
    rank = {name: place for place, name in enumerate(FIRST_EXAMPLES)}
    return sorted(examples, key=lambda example: rank.get(example["name"], len(rank)))


def _example_card(example: Example) -> html.Button:
    return html.Button(
        [
            html.Span(notation.formula(example["formula"]), className="example-formula"),
            html.Span(example["title"], className="example-title"),
            html.Span(example["description"], className="example-text"),
        ],
        id={"type": "example", "name": example["name"]},
        type="button",
        title=example["description"],
        className="example",
        **attributes(data_example=example["name"]),
    )


def _recent_row(structure: Structure, predictions: Sequence[Prediction]) -> html.Li:
    badges: list[Any] = [status_badge(prediction) for prediction in predictions[:4]]
    if len(predictions) > 4:
        badges.append(html.Span(f"and {len(predictions) - 4} more", className="quiet small"))
    if predictions:
        badges.append(dcc.Link("Open", href=forecast_address(structure["id"], []), className="open-link"))
    return html.Li(
        [
            html.Div(
                [
                    dcc.Link(structure["name"], href=f"/structures/{structure['id']}", className="recent-name"),
                    html.Div(
                        [
                            notation.formula(structure["formula"]),
                            f" · {structure['n_atoms']} atoms",
                            html.Span(f" · {notation.ago(structure.get('created_at'))}")
                            if structure.get("created_at")
                            else None,
                        ],
                        className="quiet small",
                    ),
                ],
                className="recent-what",
            ),
            html.Div(badges or html.Span("no forecast yet", className="quiet small"), className="recent-status"),
        ],
        className="recent-row",
    )


def _recent(structures: Sequence[Structure], predictions: Sequence[Prediction]) -> Any:
    by_structure: dict[str, list[Prediction]] = defaultdict(list)
    for prediction in predictions:
        by_structure[prediction["structure_id"]].append(prediction)
    if not structures:
        return html.P("Nothing yet. What you drop or open appears here with its forecasts.", className="quiet")
    return html.Ul([_recent_row(s, by_structure[s["id"]]) for s in structures], className="recent", id="recent")


def _proposals(newest: Sequence[Proposal], total: int) -> html.Section:
    title = dmc.Title("Proposals", order=2, size="h4")
    if not newest:
        words = "A proposal holds forecasts, data, notes and reports of one request for beam time. "
        link = dcc.Link("Make one", href="/proposals")
        return html.Section([title, html.P([words, link, "."], className="quiet")], className="section")
    more = "All proposals" if total <= len(newest) else f"All {total} proposals"
    return html.Section(
        [title, proposal_rows(newest), dcc.Link(more, href="/proposals", className="small more-link")],
        className="section",
        id="landing-proposals",
    )


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the landing page."""
    examples, structures, predictions, proposed = await settled(
        api.examples(), api.structures(limit=8), api.predictions(limit=60), proposals(api, limit=NEWEST_PROPOSALS)
    )
    for answer in (structures, predictions, proposed):
        if isinstance(answer, ApiProblem):
            raise answer
    return "Beamcast", html.Div(
        [
            html.Div(
                [
                    dmc.Title("Forecast a neutron spectrum from a crystal structure", order=1, className="lead-title"),
                    html.P(
                        "Beamcast simulates how the atoms of a crystal move and shows what TOSCA, MAPS, ARCS, "
                        "IN1-Lagrange and others would measure: the inelastic neutron scattering spectrum inside the "
                        "instrument’s window and with its resolution, before you write the proposal.",
                        className="lead",
                    ),
                ],
                className="intro",
            ),
            _drop_zone(),
            html.Section(
                [
                    dmc.Title("Or start from an example", order=2, size="h4"),
                    html.Div(
                        [_example_card(example) for example in _in_order(examples)], className="examples", id="examples"
                    )
                    if not isinstance(examples, ApiProblem)
                    else problem_alert(examples),
                ],
                className="section",
            ),
            html.Section(
                [dmc.Title("Recent structures and forecasts", order=2, size="h4"), _recent(structures, predictions)],
                className="section",
            ),
            _proposals(*proposed),
        ],
        className="narrow landing",
        id="landing-page",
    )


def register(app: Dash, client: ApiClient) -> None:
    """Make the drop zone and the examples answer."""

    @app.callback(
        Output("location", "href", allow_duplicate=True),
        Output("upload-message", "children"),
        Output("upload", "contents"),
        Input("upload", "contents"),
        State("upload", "filename"),
        prevent_initial_call=True,
        running=[(Output("upload", "disabled"), True, False)],
    )
    async def upload(contents: str | None, filename: str | None) -> Sequence[Any]:
        if not contents:
            raise PreventUpdate
        try:
            structure = await of_user(client).upload_structure(filename or "structure", decode_upload(contents))
        except ApiProblem as problem:
            # Emptied, so that dropping the mended file of the same name counts as a change.
            return no_update, problem_alert(problem, title=f"{filename} could not be used", id="upload-problem"), None
        return f"/structures/{structure['id']}", None, None

    @app.callback(
        Output("location", "href", allow_duplicate=True),
        Output("upload-message", "children", allow_duplicate=True),
        Input({"type": "example", "name": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    async def open_example(clicks: list[int | None]) -> Sequence[Any]:
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            raise PreventUpdate
        try:
            structure = await of_user(client).open_example(str(ctx.triggered_id["name"]))
        except ApiProblem as problem:
            return no_update, problem_alert(problem)
        return f"/structures/{structure['id']}", None
