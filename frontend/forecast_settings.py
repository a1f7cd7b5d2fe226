"""The panel that says how to look: instruments and their settings, isotopes, corrections, energy range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import Instrument
from frontend.controls import instrument_panel
from frontend.terms import explained
from frontend.view_state import ENERGY_SCALE_LIMITS, ViewState
from frontend.wiring import attributes

NATURAL = "natural"


def _group(title: Any, *children: Any) -> html.Fieldset:
    return html.Fieldset([html.Legend(title), *children], className="group")


def _instruments(instruments: Sequence[Instrument], view: ViewState) -> html.Fieldset:
    chips = [
        dmc.Chip(instrument["name"], value=instrument["name"], size="sm", variant="light") for instrument in instruments
    ]
    items = [
        html.Div(
            dmc.AccordionItem(
                [
                    dmc.AccordionControl(
                        html.Span(
                            [
                                html.Span(instrument["name"], className="instrument-name"),
                                html.Span(instrument["facility"].split(",")[0], className="quiet small"),
                            ],
                            className="instrument-head",
                        )
                    ),
                    dmc.AccordionPanel(instrument_panel(instrument, dict(view.settings[instrument["name"]]))),
                ],
                value=instrument["name"],
            ),
            id={"type": "instrument-item", "instrument": instrument["name"]},
            hidden=instrument["name"] not in view.instruments,
        )
        for instrument in instruments
    ]
    with_settings = [i["name"] for i in instruments if i["settings_schema"].get("properties")]
    opened = [name for name in view.instruments if name in with_settings][:2]
    return _group(
        "Instruments",
        html.Div(
            dmc.ChipGroup(chips, id="instruments", multiple=True, value=list(view.instruments)),
            className="chips",
            role="group",
            **attributes(aria_label="Instruments shown"),
        ),
        dmc.Accordion(
            items,
            id="instrument-accordion",
            multiple=True,
            value=opened,
            variant="default",
            chevronSize=14,
            className="instrument-settings",
        ),
    )


def isotope_label(isotope: str) -> str:
    """Return an isotope as chemists write it: ²H (D)."""
    digits = "".join(character for character in isotope if character.isdigit())
    symbol = isotope[len(digits) :]
    raised = digits.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    name = {"2H": " (D)", "3H": " (T)"}.get(isotope, "")
    return f"{raised}{symbol}{name}"


def _isotopes(isotopes: Mapping[str, Sequence[str]], view: ViewState) -> html.Fieldset | None:
    selects = []
    for element, choices in isotopes.items():
        # One stable isotope leaves nothing to choose.
        if len(choices) < 2:
            continue
        chosen = view.isotopes.get(element)
        selects.append(
            html.Div(
                dmc.Select(
                    id={"type": "isotope", "element": element},
                    label=element,
                    data=[
                        {"value": NATURAL, "label": f"{element} (natural)"},
                        *({"value": isotope, "label": isotope_label(isotope)} for isotope in choices),
                    ],
                    value=chosen if chosen in choices else NATURAL,
                    allowDeselect=False,
                    size="xs",
                    **attributes(aria_label=f"Isotope of {element}"),
                ),
                id=f"isotope-{element}",
            )
        )
    return _group(explained("isotopes", "Isotopes"), html.Div(selects, className="isotopes")) if selects else None


def _corrections(view: ViewState) -> html.Fieldset:
    low, high = ENERGY_SCALE_LIMITS
    return _group(
        "Corrections",
        dmc.Switch(
            id="quantum-correction",
            label=explained("quantum_correction", "Quantum correction of molecular dynamics"),
            checked=view.quantum_correction,
            size="sm",
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


def _energy_range(view: ViewState) -> html.Fieldset:
    def bound(id: str, value: float | None, label: str, placeholder: str) -> Any:
        return dmc.NumberInput(
            id=id,
            value="" if value is None else value,
            label=label,
            placeholder=placeholder,
            min=0,
            suffix=" meV",
            debounce=500,
            size="xs",
            hideControls=True,
        )

    return _group(
        explained("energy_range", "Energy range"),
        html.Div(
            [
                bound("energy-min", view.energy_min, "From", "automatic"),
                bound("energy-max", view.energy_max, "To", "automatic"),
            ],
            className="pair",
        ),
    )


def settings_panel(
    view: ViewState,
    *,
    instruments: Sequence[Instrument],
    isotopes: Mapping[str, Sequence[str]],
    temperature: str,
    reset_href: str,
) -> html.Aside:
    """Return the panel, filled in with what the address says."""
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
                    _instruments(instruments, view),
                    _isotopes(isotopes, view),
                    _corrections(view),
                    _energy_range(view),
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
