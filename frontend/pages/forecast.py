"""A forecast: simulations as they go, and what instruments would measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, dcc, html

from frontend import comparison_panel, datasets_wiring, forecast_progress, forecast_wiring, notation
from frontend.client import ApiClient, ApiProblem, Instrument, JsonObject, Prediction, Structure, settled
from frontend.confirmation import confirmation
from frontend.crystal_figures import crystal_figures, points_of, zones_of
from frontend.datasets_panel import Measured, datasets_panel, find_measured, no_datasets_panel
from frontend.figures import empty_figure, graph
from frontend.forecast_choice import SAMPLINGS, Choice, choose
from frontend.forecast_figures import powder_figures
from frontend.forecast_results import (
    downloads_panel,
    phonon_orders,
    provenance_panel,
    several_runs,
)
from frontend.forecast_settings import settings_panel
from frontend.instrument_picker import display_name
from frontend.measured import FORMATS, UNITS
from frontend.proposal_menu import add_to_proposal
from frontend.shell import icon
from frontend.terms import correction_words, corrections, explained
from frontend.trust_badge import trust_panel
from frontend.view_state import SAMPLE, ViewState, decode, forecast_address, plan_address
from frontend.wiring import attributes


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


def _context(
    structure: Structure,
    choice: Choice,
    names: dict[str, str],
    instruments: Sequence[Instrument],
    measured: Measured,
) -> JsonObject:
    """Return what the browser needs to ask for figures."""
    predictions = choice.shown
    methods = {prediction["method"] for prediction in predictions}
    return {
        "structure": {"id": structure["id"], "name": structure["name"]},
        "sampling": choice.sampling,
        "others": [prediction["id"] for prediction in choice.other],
        "points": points_of(predictions) if choice.sampling == "path" else [],
        "predictions": [
            {
                "id": p["id"],
                "method": p["method"],
                "sampling": p["sampling"],
                "label": names[p["id"]],
                "status": p["status"],
                "n_orders": phonon_orders(p),
                "runs": p["options"].get("replicas") or 1,
                "zones": zones_of(p),
            }
            for p in predictions
        ],
        "datasets": [*measured.own, *measured.others],
        "data_words": {"formats": FORMATS, "units": UNITS, "terms": comparison_panel.comparison_terms()},
        "corrections": {name: correction_words(name, methods) for name in corrections(methods)},
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


def _samplings(choice: Choice, instruments: Sequence[str]) -> Any:
    """The switch between the forecasts of a powder and of a single crystal, where there are both."""
    if not choice.other:
        return None
    there = choice.other[0]["sampling"]
    href = forecast_address(choice.other[0]["structure_id"], [p["id"] for p in choice.other], instruments)
    return html.Nav(
        [
            # The settings come along: assets/view.js keeps the address up to date.
            dcc.Link(label, href=href, id="other-sampling", className="sampling")
            if sampling == there
            else html.Span(label, className="sampling is-here", **attributes(aria_current="page"))
            for sampling, label in SAMPLINGS.items()
        ],
        className="samplings",
        **attributes(aria_label="Sample"),
    )


def _header(structure: Structure, choice: Choice, instruments: Sequence[str], adding: Any) -> html.Div:
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
                    _samplings(choice, instruments),
                    html.Div(id="trust-badges", className="badges"),
                    html.Div(
                        [
                            adding,
                            dmc.Button(
                                "Copy link",
                                id="copy-link",
                                leftSection=icon("link", size=14),
                                variant="default",
                                size="xs",
                            ),
                            # The isotopes come along: assets/view.js keeps the address up to date.
                            dcc.Link(
                                "Plan beam time",
                                href=plan_address(structure["id"], [p["id"] for p in choice.powders]),
                                id="plan-link",
                                refresh=True,
                                className="button-link slim is-light",
                            )
                            if choice.powders
                            else None,
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
    structure, instruments, models, engines, isotopes, health = await settled(
        api.structure(structure_id),
        api.instruments(structure_id),
        api.models(),
        api.engines(),
        _isotopes(api, structure_id),
        api.health(),
    )
    for answer in (structure, instruments):
        if isinstance(answer, ApiProblem):
            raise answer
    models, engines = ([] if isinstance(answer, ApiProblem) else answer for answer in (models, engines))
    wanted = decode(search, instruments=instruments).predictions
    choice = await choose(api, structure_id, wanted)
    predictions = choice.shown
    asked = [name for prediction in predictions for name in prediction["instruments"]]
    view = decode(
        search,
        instruments=instruments,
        elements=structure["elements"],
        default_instruments=asked or [instruments[0]["name"]],
        crystal=choice.sampling == "path",
    )
    title = f"Forecast for {structure['name']}"
    if not predictions:
        return title, _nothing(structure, choice.words)
    names = forecast_progress.labels(predictions)
    powder = choice.sampling != "path"
    measured = await find_measured(api, structure_id, view.datasets) if powder else Measured()
    reset = forecast_address(structure_id, [p["id"] for p in predictions])
    adding = await add_to_proposal(
        api, name=f"Beam time for {structure['name']}", predictions=[p["id"] for p in predictions]
    )
    return title, html.Div(
        [
            dcc.Store(id="forecast-context", data=_context(structure, choice, names, instruments, measured)),
            dcc.Store(id="structure-context", data={"structure": structure}),
            dcc.Store(id="forecast-following"),
            dcc.Store(id="forecast-done"),
            dcc.Store(id="view-collected"),
            confirmation({p["id"]: _deleting(p) for p in predictions}),
            _header(structure, choice, view.instruments, adding),
            dmc.Alert(html.Ul([html.Li(word) for word in choice.words]), color="yellow", variant="light")
            if choice.words
            else None,
            _health_alert(predictions, health),
            forecast_progress.progress_panel(predictions, names),
            html.Div(
                [
                    settings_panel(
                        view,
                        instruments=instruments,
                        isotopes=isotopes if isinstance(isotopes, dict) else {},
                        predictions=predictions,
                        reset_href=reset,
                    ),
                    html.Div(_figures(view, choice, names, measured, instruments), className="figures"),
                ],
                className="forecast-grid",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            _box(
                                explained("trust", "Reliability"),
                                html.Div(trust_panel(predictions, names, {}), id="trust"),
                            ),
                            _box(
                                "Downloads",
                                html.Div(downloads_panel(predictions, names, view.instruments), id="downloads"),
                                html.Div(id="download-message", role="status"),
                            ),
                            _box(
                                explained("provenance", "Provenance"),
                                html.Div(provenance_panel(predictions, names, models, engines), id="provenance"),
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


def _figures(
    view: ViewState, choice: Choice, names: dict[str, str], measured: Measured, instruments: Sequence[Instrument]
) -> list[html.Section]:
    predictions = choice.shown
    runs = any(several_runs(prediction) for prediction in predictions)
    if choice.sampling == "path":
        return [*crystal_figures(view, predictions, names, several_runs=runs), no_datasets_panel()]
    n_orders = max(phonon_orders(prediction) for prediction in predictions)
    spectrum, map_ = powder_figures(view, predictions, names, n_orders=n_orders, several_runs=runs)
    return [
        spectrum,
        datasets_panel(view, measured, instruments),
        comparison_panel.comparison_panel(),
        map_,
        comparison_panel.measured_map_panel(),
    ]


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


def register(app: Dash, client: ApiClient) -> None:
    """Make figures follow the controls, and the boxes below them the simulations."""
    forecast_progress.register(app, client)
    forecast_wiring.register(app, client)
    datasets_wiring.register(app)
    comparison_panel.register(app)
