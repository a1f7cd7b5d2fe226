"""What makes a forecast's page move: controls to figures in the browser, simulations to the boxes below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import ALL, MATCH, Dash, Input, Output, Patch, State
from dash.exceptions import PreventUpdate

from frontend.client import ApiClient, ApiProblem, JsonObject, settled
from frontend.forecast_results import downloads_panel, provenance_panel, species_of
from frontend.instrument_picker import instrument_item
from frontend.isotopes_panel import chosen_nuclei, isotopes_group, offered
from frontend.session import of_user
from frontend.trust_badge import trust_badges, trust_panel, trusts_of
from frontend.wiring import in_browser

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
    Input({"type": "path-choice", "name": ALL}, "value"),
    Input({"type": "path-switch", "name": ALL}, "checked"),
    Input({"type": "data-choice", "name": ALL}, "value"),
    Input({"type": "data-chosen", "name": ALL}, "data"),
    Input({"type": "setting", "instrument": ALL, "name": ALL}, "value"),
    Input({"type": "entry", "instrument": ALL, "name": ALL}, "value"),
    Input({"type": "choice", "instrument": ALL, "name": ALL}, "value"),
    Input("forecast-done", "data"),
    Input("theme", "data"),
    State("forecast-context", "data"),
)


def register(app: Dash, client: ApiClient) -> None:
    """Make figures follow the controls, and the boxes below them the simulations."""

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
        structure = await api.structure(context["structure"]["id"])
        isotopes = await api.isotopes(structure["elements"])
        shown = [item["element"] for item in ids]
        if set(offered(isotopes, species)) <= set(shown):
            raise PreventUpdate
        return isotopes_group(isotopes, species, chosen_nuclei(shown, values, percents, shares))

    @app.callback(
        Output("trust", "children"),
        Output("trust-badges", "children"),
        Input("forecast-done", "data"),
        State("forecast-context", "data"),
    )
    async def tell_trust(done: Any, context: JsonObject) -> Sequence[Any]:
        # Not with the page: partials are read for it, which the figures wait for, too
        api = of_user(client)
        answers = await settled(*[api.prediction(p["id"]) for p in context["predictions"]])
        predictions = [answer for answer in answers if not isinstance(answer, ApiProblem)]
        names = {p["id"]: p["label"] for p in context["predictions"]}
        trusts = await trusts_of(api, predictions)
        return trust_panel(predictions, names, trusts), trust_badges(predictions, names, trusts)

    @app.callback(
        Output("provenance", "children"),
        Output("downloads", "children"),
        Input("forecast-done", "data"),
        Input("instruments", "value"),
        State("forecast-context", "data"),
        prevent_initial_call=True,
    )
    async def refresh(done: Any, chosen: list[str] | None, context: JsonObject) -> Sequence[Any]:
        api = of_user(client)
        models, engines, *answers = await settled(
            api.models(), api.engines(), *[api.prediction(p["id"]) for p in context["predictions"]]
        )
        models, engines = ([] if isinstance(answer, ApiProblem) else answer for answer in (models, engines))
        predictions = [answer for answer in answers if not isinstance(answer, ApiProblem)]
        names = {p["id"]: p["label"] for p in context["predictions"]}
        order = [name for name in context["instruments"] if name in (chosen or [])]
        return (
            provenance_panel(predictions, names, models, engines),
            downloads_panel(predictions, names, order),
        )
