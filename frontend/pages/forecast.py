"""A forecast: simulations as they go, and what instruments would measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, MATCH, Dash, Input, Output, Patch, State, dcc, html
from dash.exceptions import PreventUpdate

from frontend import forecast_progress, notation
from frontend.client import ApiClient, ApiProblem, Instrument, JsonObject, Prediction, Structure, settled
from frontend.confirmation import confirmation
from frontend.forecast_results import (
    downloads_panel,
    map_panel,
    phonon_orders,
    provenance_panel,
    several_runs,
    spectrum_panel,
    trust_panel,
)
from frontend.forecast_settings import settings_panel
from frontend.instrument_picker import display_name, instrument_item
from frontend.isotopes_panel import chosen_nuclei, isotopes_group, offered
from frontend.pages.structure import facts, viewer
from frontend.session import of_user
from frontend.shell import icon
from frontend.terms import CORRECTIONS, explained
from frontend.view_state import SAMPLE, decode, forecast_address
from frontend.wiring import attributes, in_browser


def latest(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return the newest prediction of each method that did not fail, harmonic first."""
    chosen: dict[str, Prediction] = {}
    for prediction in predictions:
        if prediction["status"] not in ("failed", "cancelled"):
            chosen.setdefault(prediction["method"], prediction)
    if not chosen and predictions:
        chosen[predictions[0]["method"]] = predictions[0]
    return sorted(chosen.values(), key=lambda prediction: prediction["method"] != "harmonic")


async def _predictions(api: ApiClient, structure_id: str, wanted: Sequence[str]) -> tuple[list[Prediction], list[str]]:
    """Return the predictions to show and a word about each that could not be found."""
    if not wanted:
        return latest(await api.predictions(structure_id=structure_id)), []
    answers = await settled(*[api.prediction(key) for key in wanted])
    found, words = [], []
    for key, answer in zip(wanted, answers, strict=True):
        if isinstance(answer, ApiProblem):
            words.append(f"{key}: {answer.detail}")
        elif answer["structure_id"] != structure_id:
            words.append(f"{key} belongs to another structure and is not shown.")
        else:
            found.append(answer)
    return sorted(found, key=lambda prediction: prediction["method"] != "harmonic"), words


def _context(
    structure: Structure, predictions: Sequence[Prediction], names: dict[str, str], instruments: Sequence[Instrument]
) -> JsonObject:
    """Return what the browser needs to ask for figures."""
    return {
        "structure": {"id": structure["id"], "name": structure["name"]},
        "predictions": [
            {
                "id": p["id"],
                "method": p["method"],
                "label": names[p["id"]],
                "status": p["status"],
                "n_orders": phonon_orders(p),
                "runs": p["options"].get("replicas") or 1,
            }
            for p in predictions
        ],
        "corrections": {name: words for name, (_, words) in CORRECTIONS.items()},
        "instruments": {
            instrument["name"]: {
                "label": display_name(instrument["name"]),
                "geometry": instrument["geometry"],
                "properties": instrument["settings_schema"].get("properties", {}),
                "defaults": instrument["defaults"],
            }
            for instrument in instruments
        }
        | {SAMPLE: {"label": SAMPLE, "geometry": None, "properties": {}, "defaults": {}}},
    }


def _header(structure: Structure, predictions: Sequence[Prediction]) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    dcc.Link("Structures", href="/"),
                    html.Span(" / ", **attributes(aria_hidden="true")),
                    dcc.Link(structure["name"], href=f"/structures/{structure['id']}"),
                ],
                className="crumbs",
            ),
            html.Div(
                [
                    dmc.Title(structure["name"], order=1, size="h2"),
                    html.Span(notation.formula(structure["formula"]), className="title-formula"),
                    html.Div(
                        [
                            dmc.Button(
                                "Copy link",
                                id="copy-link",
                                leftSection=icon("link", size=14),
                                variant="default",
                                size="xs",
                            ),
                            dcc.Link(
                                "New forecast", href=f"/structures/{structure['id']}", className="button-link slim"
                            ),
                        ],
                        className="title-actions",
                    ),
                ],
                className="title-row",
            ),
        ]
    )


def species_of(predictions: Sequence[Prediction]) -> list[str]:
    """Return what the predictions tell apart, elements or sites, in the order in which they do."""
    named = [name for p in predictions for name in (p["provenance"] or {}).get("species", [])]
    return list(dict.fromkeys(named))


def _deleting(prediction: Prediction) -> tuple[str, str]:
    name = notation.method_name(prediction["method"])
    return (
        f"Delete the {name[0].lower()}{name[1:]} at {prediction['temperature_k']:g} K?",
        "What was simulated goes with it; the structure stays. This cannot be undone.",
    )


def _health_alert(predictions: Sequence[Prediction], health: Any) -> Any:
    waiting = any(prediction["status"] == "queued" for prediction in predictions)
    if waiting and isinstance(health, dict) and health.get("workers") == 0:
        return dmc.Alert(
            "The forecast waits until a worker runs. Beamcast starts its own again within seconds.",
            title="No worker is running",
            color="yellow",
            variant="light",
        )
    return None


async def page(api: ApiClient, parts: dict[str, str], search: str) -> tuple[str, Any]:
    """Return the forecast page for what the address asks."""
    structure_id = parts["id"]
    structure, instruments, models, isotopes, health = await settled(
        api.structure(structure_id),
        api.instruments(structure_id),
        api.models(),
        _isotopes(api, structure_id),
        api.health(),
    )
    for answer in (structure, instruments):
        if isinstance(answer, ApiProblem):
            raise answer
    models = [] if isinstance(models, ApiProblem) else models
    view = decode(search, instruments=instruments, elements=structure["elements"])
    predictions, words = await _predictions(api, structure_id, view.predictions)
    if not view.instruments:
        asked = [name for prediction in predictions for name in prediction["instruments"]]
        view = decode(
            search,
            instruments=instruments,
            elements=structure["elements"],
            default_instruments=asked or [instruments[0]["name"]],
        )
    title = f"Forecast for {structure['name']}"
    if not predictions:
        return title, _nothing(structure, words)
    names = forecast_progress.labels(predictions)
    n_orders = max(phonon_orders(prediction) for prediction in predictions)
    reset = forecast_address(structure_id, [p["id"] for p in predictions])
    return title, html.Div(
        [
            dcc.Store(id="forecast-context", data=_context(structure, predictions, names, instruments)),
            dcc.Store(id="structure-context", data={"structure": structure}),
            dcc.Store(id="forecast-following"),
            dcc.Store(id="forecast-done"),
            dcc.Store(id="view-collected"),
            confirmation({p["id"]: _deleting(p) for p in predictions}),
            _header(structure, predictions),
            dmc.Alert(html.Ul([html.Li(word) for word in words]), color="yellow", variant="light") if words else None,
            _health_alert(predictions, health),
            forecast_progress.progress_panel(predictions, names),
            html.Div(
                [
                    settings_panel(
                        view,
                        instruments=instruments,
                        isotopes=isotopes if isinstance(isotopes, dict) else {},
                        species=species_of(predictions),
                        n_orders=n_orders,
                        classical=any(p["method"] == "md" for p in predictions),
                        temperature=" and ".join(sorted({f"{p['temperature_k']:g} K" for p in predictions})),
                        reset_href=reset,
                    ),
                    html.Div(
                        [
                            spectrum_panel(
                                view, n_orders=n_orders, several_runs=any(several_runs(p) for p in predictions)
                            ),
                            map_panel(view, predictions, names),
                        ],
                        className="figures",
                    ),
                ],
                className="forecast-grid",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            _box(
                                explained("trust", "How far to trust it"),
                                html.Div(trust_panel(predictions, names, models), id="trust"),
                            ),
                            _box(
                                "Downloads",
                                html.Div(downloads_panel(predictions, names, view.instruments), id="downloads"),
                                html.Div(id="download-message", role="status"),
                            ),
                            _box(
                                explained("provenance", "Provenance"),
                                html.Div(provenance_panel(predictions, names, models), id="provenance"),
                            ),
                        ],
                        className="column",
                    ),
                    _box("Structure", viewer(structure), facts(structure)),
                ],
                className="below-grid",
            ),
        ],
        className="wide forecast-page",
        id="forecast-page",
    )


def _box(title: Any, *children: Any) -> html.Section:
    return html.Section([dmc.Title(title, order=2, size="h4"), *children], className="panel")


async def _isotopes(api: ApiClient, structure_id: str) -> dict[str, list[str]]:
    structure = await api.structure(structure_id)
    return await api.isotopes(structure["elements"])


def _nothing(structure: Structure, words: Sequence[str]) -> html.Div:
    return html.Div(
        [
            dmc.Title("No forecast to show", order=1, size="h2"),
            html.Ul([html.Li(word) for word in words]) if words else None,
            html.P(f"Start one for {structure['name']}: sensible settings are already filled in."),
            dcc.Link("New forecast", href=f"/structures/{structure['id']}", className="button-link"),
        ],
        className="narrow notice",
        id="notice-page",
    )


# assets/view.js finds each by its id.
VIEW_INPUTS = (
    Input("instruments", "value"),
    Input("map-instrument", "value"),
    Input("map-prediction", "value"),
    Input("contribution", "value"),
    Input("energy-unit", "value"),
    Input("scale", "value"),
    Input("map-scale", "value"),
    Input("per-element", "checked"),
    Input("banks", "checked"),
    Input("per-order", "checked"),
    Input("errors", "checked"),
    Input("order", "value"),
    Input("quantum-correction", "value"),
    Input("elastic", "checked"),
    Input("kf-over-ki", "checked"),
    Input("energy-scale", "value"),
    Input("energy-min", "value"),
    Input("energy-max", "value"),
    Input("q-min", "value"),
    Input("q-max", "value"),
    Input("sample-probe", "value"),
    Input("sample-fwhm", "value"),
    Input({"type": "isotope", "element": ALL}, "value"),
    Input({"type": "isotope-percent", "element": ALL}, "value"),
    Input({"type": "isotope-share", "element": ALL}, "value"),
    Input({"type": "setting", "instrument": ALL, "name": ALL}, "value"),
    Input({"type": "entry", "instrument": ALL, "name": ALL}, "value"),
    Input({"type": "choice", "instrument": ALL, "name": ALL}, "value"),
    Input("forecast-done", "data"),
    Input("theme", "data"),
    State("forecast-context", "data"),
)


def register(app: Dash, client: ApiClient) -> None:
    """Make figures follow the controls, and the boxes below them the simulations."""
    forecast_progress.register(app, client)

    def browser(namespace: str, function: str, *wiring: Any) -> None:
        in_browser(app, namespace, function, *wiring)

    browser("view", "collect", Output("view-collected", "data"), *VIEW_INPUTS)
    browser(
        "view",
        "pairSetting",
        Output({"type": "setting", "instrument": MATCH, "name": MATCH}, "value"),
        Output({"type": "setting-slider", "instrument": MATCH, "name": MATCH}, "value"),
        Input({"type": "setting", "instrument": MATCH, "name": MATCH}, "value"),
        Input({"type": "setting-slider", "instrument": MATCH, "name": MATCH}, "value"),
        State("forecast-context", "data"),
    )
    browser(
        "view",
        "pairNumber",
        Output("energy-scale", "value"),
        Output("energy-scale-slider", "value"),
        Input("energy-scale", "value"),
        Input("energy-scale-slider", "value"),
    )
    browser(
        "view",
        "showInstruments",
        Output({"type": "instrument-item", "instrument": ALL}, "hidden"),
        Output("map-instrument", "data"),
        Output("map-instrument", "value"),
        Output("instrument-accordion", "value"),
        Input("instruments", "value"),
        State({"type": "instrument-item", "instrument": ALL}, "id"),
        State({"type": "instrument-item", "instrument": ALL}, "hidden"),
        State("map-instrument", "value"),
        State("instrument-accordion", "value"),
        State("forecast-context", "data"),
    )
    browser(
        "view",
        "showMixture",
        Output({"type": "isotope-mixture", "element": MATCH}, "hidden"),
        Input({"type": "isotope", "element": MATCH}, "value"),
    )
    browser(
        "view",
        "toggleSettings",
        Output("settings-body", "className"),
        Output("settings-toggle", "aria-expanded"),
        Input("settings-toggle", "n_clicks"),
    )
    browser(
        "view",
        "checkRange",
        Output("energy-max", "error"),
        Input("energy-min", "value"),
        Input("energy-max", "value"),
    )
    browser("view", "checkRange", Output("q-max", "error"), Input("q-min", "value"), Input("q-max", "value"))
    browser("view", "copyLink", Output("copy-link", "children"), Input("copy-link", "n_clicks"))
    browser(
        "progress",
        "done",
        Output("forecast-done", "data"),
        Input({"type": "prediction-status", "id": ALL}, "data"),
        State("forecast-done", "data"),
    )
    browser(
        "figures",
        "download",
        Output("download-message", "children"),
        Input({"type": "download", "prediction": ALL, "instrument": ALL, "format": ALL}, "n_clicks"),
    )

    @app.callback(
        Output("instrument-accordion", "children"),
        Input("instruments", "value"),
        State({"type": "instrument-item", "instrument": ALL}, "id"),
        State("forecast-context", "data"),
        prevent_initial_call=True,
    )
    async def add_settings(chosen: list[str] | None, items: list[dict[str, str]], context: JsonObject) -> Any:
        lacking = set(chosen or []) - {item["instrument"] for item in items}
        if not lacking:
            raise PreventUpdate
        found = await of_user(client).instruments(context["structure"]["id"])
        children = Patch()
        for instrument in found:
            if instrument["name"] in lacking:
                children.prepend(instrument_item(instrument, instrument["defaults"]))
        return children

    @app.callback(
        Output("isotope-panel", "children"),
        Input("forecast-done", "data"),
        State({"type": "isotope", "element": ALL}, "id"),
        State({"type": "isotope", "element": ALL}, "value"),
        State({"type": "isotope-percent", "element": ALL}, "value"),
        State({"type": "isotope-share", "element": ALL}, "value"),
        State("forecast-context", "data"),
        prevent_initial_call=True,
    )
    async def add_sites(
        done: Any,
        ids: list[dict[str, str]],
        values: list[str],
        percents: list[float],
        shares: list[str],
        context: JsonObject,
    ) -> Any:
        api = of_user(client)
        answers = await settled(*[api.prediction(p["id"]) for p in context["predictions"]])
        species = species_of([answer for answer in answers if not isinstance(answer, ApiProblem)])
        isotopes = await _isotopes(api, context["structure"]["id"])
        shown = [item["element"] for item in ids]
        if set(offered(isotopes, species)) <= set(shown):
            raise PreventUpdate
        return isotopes_group(isotopes, species, chosen_nuclei(shown, values, percents, shares))

    @app.callback(
        Output("trust", "children"),
        Output("provenance", "children"),
        Output("downloads", "children"),
        Input("forecast-done", "data"),
        Input("instruments", "value"),
        State("forecast-context", "data"),
        prevent_initial_call=True,
    )
    async def refresh(done: Any, chosen: list[str] | None, context: JsonObject) -> Sequence[Any]:
        api = of_user(client)
        answers = await settled(api.models(), *[api.prediction(p["id"]) for p in context["predictions"]])
        models = [] if isinstance(answers[0], ApiProblem) else answers[0]
        predictions = [answer for answer in answers[1:] if not isinstance(answer, ApiProblem)]
        names = {p["id"]: p["label"] for p in context["predictions"]}
        order = [name for name in context["instruments"] if name in (chosen or [])]
        return (
            trust_panel(predictions, names, models),
            provenance_panel(predictions, names, models),
            downloads_panel(predictions, names, order),
        )
