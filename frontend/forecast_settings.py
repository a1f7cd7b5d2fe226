"""The panel that says how to look: instruments and their settings, isotopes, phonons, corrections, ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import Instrument, Prediction
from frontend.crystal_figures import zones_group
from frontend.forecast_results import phonon_orders, species_of
from frontend.instrument_picker import chosen_items, picker
from frontend.isotopes_panel import isotopes_group
from frontend.terms import KUBO_CORRECTIONS, correction_words, corrections, explained
from frontend.view_state import ENERGY_SCALE_LIMITS, QUANTUM_CORRECTIONS, SAMPLE, ViewState
from frontend.wiring import attributes

ALL_ORDERS = "all"


def _group(title: Any, *children: Any, hidden: bool = False) -> html.Fieldset:
    return html.Fieldset([html.Legend(title), *children], className="group", hidden=hidden)


def _instruments(instruments: Sequence[Instrument], view: ViewState, *, crystal: bool) -> html.Fieldset:
    with_settings = [i["name"] for i in instruments if i["settings_schema"].get("properties")]
    opened = [name for name in view.instruments if name in with_settings or name == SAMPLE][:2]
    return _group(
        "Instruments",
        picker("instruments", instruments, view.instruments, sample=True, label="Instruments shown"),
        dmc.Accordion(
            chosen_items(instruments, view, crystal=crystal),
            id="instrument-accordion",
            multiple=True,
            value=opened,
            variant="default",
            chevronSize=14,
            className="instrument-settings",
        ),
    )


def _phonons(view: ViewState, n_orders: int) -> html.Fieldset:
    """Which number of phonons is shown, of harmonic predictions; out of sight where none tells them apart."""
    words = {1: "1: fundamentals", 2: "2: overtones, combinations"}
    return _group(
        explained("order", "Phonons at once"),
        dmc.Select(
            id="order",
            data=[
                {"value": ALL_ORDERS, "label": "All together"},
                *({"value": str(n), "label": words.get(n, str(n))} for n in range(1, n_orders + 1)),
            ],
            value=str(view.order) if view.order and view.order <= n_orders else ALL_ORDERS,
            allowDeselect=False,
            size="xs",
            **attributes(aria_label="Number of phonons"),
        ),
        html.P("Single orders come from harmonic predictions only.", className="field-hint below"),
        hidden=n_orders == 0,
    )


def _quantum(view: ViewState, methods: Set[str]) -> html.Div:
    offered, corrected = corrections(methods), bool(methods & {"md", "trpmd"})
    chosen = view.quantum_correction if view.quantum_correction in offered else QUANTUM_CORRECTIONS[0]
    whose = "path-integral dynamics" if offered is KUBO_CORRECTIONS else "molecular dynamics"
    return html.Div(
        [
            dmc.Select(
                id="quantum-correction",
                label=explained("quantum_correction", f"Quantum correction of {whose}"),
                data=[{"value": name, "label": offered[name][0]} for name in QUANTUM_CORRECTIONS if name in offered],
                value=chosen,
                allowDeselect=False,
                disabled=not corrected,
                size="xs",
                **attributes(aria_label="Quantum correction", aria_describedby="quantum-words"),
            ),
            html.P(
                correction_words(chosen, methods)
                if corrected
                else "Harmonic predictions have quantum statistics: there is nothing to correct.",
                id="quantum-words",
                className="field-hint quantum-words",
            ),
        ]
    )


def _switch(id: str, term: str, label: str, checked: bool) -> dmc.Switch:
    return dmc.Switch(id=id, label=explained(term, label), checked=checked, size="sm")


def _corrections(view: ViewState, methods: Set[str], *, crystal: bool) -> html.Fieldset:
    low, high = ENERGY_SCALE_LIMITS
    k_ratio = html.Span([html.I("k"), html.Sub("f"), "/", html.I("k"), html.Sub("i")], className="symbol")
    return _group(
        "Corrections",
        _quantum(view, methods),
        html.Div(
            [
                # Along a path there is none.
                html.Div(_switch("elastic", "elastic_line", "Elastic line", view.elastic), hidden=crystal),
                dmc.Switch(id="kf-over-ki", label=explained("kf_over_ki", k_ratio), checked=view.kf_over_ki, size="sm"),
            ],
            className="pair",
        ),
        html.Div(
            [
                html.Div(
                    [
                        html.Div(
                            [
                                html.Span(explained("energy_scale", "Energy scale"), className="setting-title"),
                                html.Span(f"× {low:g}–{high:g}", className="setting-bounds"),
                            ]
                        ),
                        dmc.NumberInput(
                            id="energy-scale",
                            value=view.energy_scale,
                            min=low,
                            max=high,
                            step=0.005,
                            decimalScale=3,
                            clampBehavior="blur",
                            debounce=300,
                            size="xs",
                            w=124,
                            className="setting-number",
                            **attributes(aria_label="Energy scale factor"),
                        ),
                    ],
                    className="setting-head",
                ),
                dmc.Slider(
                    id="energy-scale-slider",
                    value=view.energy_scale,
                    min=low,
                    max=high,
                    step=0.005,
                    label=None,
                    updatemode="drag",
                    thumbLabel="Energy scale factor",
                    size="sm",
                    thumbSize=16,
                    marks=[{"value": 1}],
                    className="setting-slider",
                ),
            ],
            className="setting",
        ),
    )


def _range(
    title: Any, name: str, low: float | None, high: float | None, *, unit: str, minimum: float | None
) -> html.Fieldset:
    """Two numbers, either of which may be left empty; their ids are `name`-min and `name`-max."""

    def bound(end: str, value: float | None, label: str) -> Any:
        return dmc.NumberInput(
            id=f"{name}-{end}",
            value="" if value is None else value,
            label=label,
            placeholder="automatic",
            min=minimum,
            suffix=f" {unit}",
            debounce=500,
            size="xs",
            hideControls=True,
        )

    return _group(title, html.Div([bound("min", low, "From"), bound("max", high, "To")], className="pair"))


def settings_panel(
    view: ViewState,
    *,
    instruments: Sequence[Instrument],
    isotopes: Mapping[str, Sequence[str]],
    predictions: Sequence[Prediction],
    reset_href: str,
) -> html.Aside:
    """Return the panel, filled in with what the address says; what the predictions cannot answer is out of sight.

    Parameters
    ----------
    isotopes
        Element → its isotopes.
    predictions
        Those on the page: of powders, or of single crystals.
    """
    crystal = any(prediction["sampling"] == "path" for prediction in predictions)
    methods = {prediction["method"] for prediction in predictions}
    temperature = " and ".join(sorted({f"{p['temperature_k']:g} K" for p in predictions}))
    length = ["|", html.I("k"), " + ", html.I("G"), "|"] if crystal else ["|", html.I("q"), "|"]
    q_title = explained("q_range_zones" if crystal else "q_range", [*length, " range"])
    return html.Aside(
        [
            html.Button(
                "Instruments and corrections",
                id="settings-toggle",
                type="button",
                className="settings-toggle",
                **attributes(aria_expanded="false", aria_controls="settings-body"),
            ),
            html.Div(
                [
                    _instruments(instruments, view, crystal=crystal),
                    html.Div(isotopes_group(isotopes, species_of(predictions), view.isotopes), id="isotope-panel"),
                    _group(explained("zone", "Brillouin zones"), *zones_group(view, predictions)) if crystal else None,
                    _phonons(view, max(phonon_orders(prediction) for prediction in predictions)),
                    _corrections(view, methods, crystal=crystal),
                    _range(
                        explained("energy_range", "Energy range"),
                        "energy",
                        view.energy_min,
                        view.energy_max,
                        unit="meV",
                        minimum=None,
                    ),
                    _range(q_title, "q", view.q_min, view.q_max, unit="Å⁻¹", minimum=0),
                    html.Div(
                        [
                            html.Span(f"Simulated at {temperature}. ", className="quiet"),
                            html.A("Reset these settings", href=reset_href, id="settings-reset"),
                        ],
                        className="small settings-foot",
                    ),
                ],
                id="settings-body",
                className="settings-body",
            ),
        ],
        className="panel settings-panel",
        **attributes(aria_label="How to look at the forecast"),
    )
