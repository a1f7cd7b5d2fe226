"""A structure: what was read from the file, and the form that starts a forecast."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from frontend import confirmation, estimates, forecast_form, notation
from frontend.client import ApiClient, ApiProblem, Prediction, Structure, settled
from frontend.dynamics_form import ONLY
from frontend.estimates import FORM_FIELDS, NOT_LIKE_THIS, incomplete, read_form
from frontend.figures import empty_figure, graph
from frontend.forecast_form import Form
from frontend.problems import problem_alert, warning_list
from frontend.proposal_menu import add_to_proposal
from frontend.session import of_user
from frontend.shell import icon
from frontend.status_badge import status_badge
from frontend.view_state import forecast_address
from frontend.wiring import in_browser


def decode_upload(contents: str) -> bytes:
    """Return the bytes of a browser upload, a `data:` URL in base64."""
    try:
        return base64.b64decode(contents.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiProblem(0, "The file did not arrive whole", "Drop it again.") from error


def _parameters(values: dict[str, str]) -> html.Div:
    """Return `a = 5.431, b = …` with symbols in italics; a line breaks between values only."""
    pairs = [html.Span([html.I(name), f" = {value}"], className="symbol") for name, value in values.items()]
    return html.Div([piece for pair in pairs for piece in (", ", pair)][1:])


def facts(structure: Structure) -> html.Dl:
    """Return what is known of a structure, every number with its unit."""
    cell = structure["cell"]
    a, b, c = cell["lengths_angstrom"]
    alpha, beta, gamma = cell["angles_deg"]
    lengths = _parameters({"a": f"{a:.3f}", "b": f"{b:.3f}", "c": f"{c:.3f} Å"})
    angles = _parameters({"α": f"{alpha:.2f}", "β": f"{beta:.2f}", "γ": f"{gamma:.2f}°"})
    density = structure.get("density_g_cm3")
    rows: list[tuple[str, Any]] = [
        ("Formula", notation.formula(structure["formula"])),
        ("Space group", notation.space_group(structure["space_group"], structure.get("space_group_number"))),
        ("Cell", [lengths, angles]),
        ("Volume", f"{cell['volume_angstrom3']:.1f} Å³"),
        ("Atoms in the cell", str(structure["n_atoms"])),
        ("Density", f"{density:.3f} g cm⁻³" if density else "—"),
    ]
    if structure.get("temperature_k"):
        rows.append(("Measured at", f"{structure['temperature_k']:g} K"))
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="facts")


def viewer(structure: Structure) -> html.Div:
    """Return the 3-D view; its figure comes from the API in the page's theme."""
    names = ", ".join(structure["elements"])
    return html.Div(
        [
            dcc.Store(id="structure-drawn"),
            graph("structure-graph", label=f"Crystal structure of {structure['name']}: {names}", figure=empty_figure()),
            html.Div(id="structure-graph-message", className="graph-message", role="status"),
        ],
        className="structure-view",
    )


def _earlier(predictions: Sequence[Prediction], structure: Structure) -> Any:
    if not predictions:
        return None
    return html.Div(
        [
            html.Span("Forecasts so far", className="field-label"),
            html.Div([status_badge(prediction) for prediction in predictions[:12]], className="badges"),
            dcc.Link("Open the latest", href=forecast_address(structure["id"], []), className="small"),
        ],
        className="earlier",
    )


def _goes_along(predictions: Any) -> str:
    """What goes when a structure is deleted."""
    count = len(predictions) if isinstance(predictions, list) else 0
    along = "" if not count else " Its forecast goes with it." if count == 1 else f" Its {count} forecasts go with it."
    return f"The uploaded file is deleted.{along} This cannot be undone."


async def _usual(api: ApiClient, prediction: Prediction) -> dict[str, Any]:
    """Options that the API fills in by itself for such a prediction; none where it could not be made any more."""
    asked = ("structure_id", "method", "temperature_k", "sampling", "instruments", "quality")
    body = {name: prediction[name] for name in asked} | {"potential": prediction["potential_id"]}  # type: ignore[literal-required]
    try:
        return (await api.estimate(body))["options"]
    except ApiProblem:
        return {}


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the page of one structure; `?from=` a prediction fills the form with that one's settings."""
    structure_id = parts["id"]
    again = next(iter(parse_qs(search.lstrip("?")).get("from", [])), None)
    structure = await api.structure(structure_id)
    instruments, models, engines, predictions, source = await settled(
        api.instruments(),
        api.models(),
        api.engines(),
        api.predictions(structure_id=structure_id),
        api.prediction(again) if again else api.health(),
    )
    for answer in (instruments, models, engines):
        if isinstance(answer, ApiProblem):
            raise answer
    measured_at = structure.get("temperature_k")
    form = Form(structure_id, temperature_k=measured_at) if measured_at else Form(structure_id)
    if again and not isinstance(source, ApiProblem):
        form = Form.from_prediction(source, await _usual(api, source))
    title = structure["name"] or structure["formula"]
    lacking = forecast_form.default_model(models, structure["elements"]) is None
    return title, html.Div(
        [
            dcc.Store(
                id="structure-context",
                data={"structure": structure, "engines": engines, "only": ONLY, "page": str(uuid.uuid4())},
            ),
            confirmation.confirmation({structure_id: (f"Delete {title}?", _goes_along(predictions))}),
            html.Div(
                [
                    html.Div(dcc.Link("Structures", href="/"), className="crumbs"),
                    html.Div(
                        [
                            dmc.Title(title, order=1, size="h2"),
                            html.Span(notation.formula(structure["formula"]), className="title-formula"),
                            html.Div(
                                await add_to_proposal(api, name=f"Beam time for {title}", structures=[structure_id]),
                                className="title-actions",
                            ),
                        ],
                        className="title-row",
                    ),
                ]
            ),
            warning_list(structure["warnings"], title="Look at this first"),
            dmc.Alert(
                f"None of the potentials covers {', '.join(structure['elements'])}. Upload a nep.txt that does.",
                title="No potential for these elements",
                color="yellow",
                variant="light",
            )
            if lacking
            else None,
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(
                                [
                                    viewer(structure),
                                    facts(structure),
                                    html.Div(
                                        [
                                            html.A(
                                                [icon("download", size=14), "Structure as CIF"],
                                                href=f"/api/v1/structures/{structure_id}/file?format=cif",
                                                className="link-button",
                                                download="",
                                            ),
                                            confirmation.delete_button(
                                                "structure", structure_id, label=f"Delete {title}"
                                            ),
                                        ],
                                        className="panel-foot",
                                    ),
                                ],
                                className="panel",
                            ),
                            _earlier(predictions if isinstance(predictions, list) else [], structure),
                        ],
                        className="structure-side",
                    ),
                    forecast_form.form_panel(
                        form, structure=structure, instruments=instruments, models=models, engines=engines
                    ),
                ],
                className="structure-grid",
            ),
        ],
        className="wide structure-page",
        id="structure-page",
    )


def register(app: Dash, client: ApiClient) -> None:
    """Make the form answer: estimates while it is filled in, then the start."""
    estimates.register(app, client)
    in_browser(
        app,
        "figures",
        "structure",
        Output("structure-drawn", "data"),
        Input("theme", "data"),
        Input("structure-context", "data"),
    )

    @app.callback(
        Output("location", "href", allow_duplicate=True),
        Output("form-message", "children", allow_duplicate=True),
        Input("start", "n_clicks"),
        *[State(id, prop) for id, prop in FORM_FIELDS],
        State("structure-context", "data"),
        prevent_initial_call=True,
        running=[(Output("start", "loading"), True, False)],
    )
    async def start(clicks: int | None, *values: Any) -> Sequence[Any]:
        if not clicks:
            raise PreventUpdate
        context = values[-1]
        form = read_form(context["structure"]["id"], values[:-1], context["engines"])
        problem = incomplete(form)
        if problem:
            return no_update, problem_alert(problem, id="form-problem")
        started: list[Prediction] = []
        api = of_user(client)
        try:
            for method in form.methods:
                body = forecast_form.request_body(form, method=method)
                key = hashlib.sha256(f"{context['page']} {json.dumps(body, sort_keys=True)}".encode()).hexdigest()
                started.append(await api.start(body, idempotency_key=key))
        except ApiProblem as refused:
            # All or nothing: half of what was asked for would run unseen.
            await settled(*[api.cancel(prediction["id"]) for prediction in started])
            return no_update, problem_alert(refused, title=NOT_LIKE_THIS, id="form-problem")
        ids = [prediction["id"] for prediction in started]
        return forecast_address(form.structure_id, ids, form.instruments), no_update

    @app.callback(
        Output("form-model", "data"),
        Output("form-model", "value"),
        Output("model-message", "children"),
        Output("model-upload", "contents"),
        Input("model-upload", "contents"),
        State("model-upload", "filename"),
        State("structure-context", "data"),
        prevent_initial_call=True,
    )
    async def upload_model(contents: str | None, filename: str | None, context: dict[str, Any]) -> Sequence[Any]:
        if not contents:
            raise PreventUpdate
        api = of_user(client)
        elements = context["structure"]["elements"]
        try:
            model = await api.upload_model(filename or "nep.txt", decode_upload(contents))
            models = await api.models()
        except ApiProblem as problem:
            return (
                no_update,
                no_update,
                problem_alert(problem, title=f"{filename} could not be used", id="model-problem"),
                None,
            )
        if model["id"] not in [known["id"] for known in models]:
            models = [*models, model]
        missing = [element for element in elements if element not in model["elements"]]
        if missing:
            text = f"{model['name']} was added, but it lacks {', '.join(missing)}, which this structure holds."
            word = dmc.Alert(text, title="Not for this structure", color="yellow", variant="light")
            return forecast_form.model_choices(models, elements), no_update, word, None
        return forecast_form.model_choices(models, elements), model["id"], None, None
