"""The column beside a plan: what is scattered by, what the sample is, what the beam time may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend import notation
from frontend.client import Instrument, Prediction
from frontend.forecast_figures import segmented
from frontend.instrument_picker import by_facility, display_name, picker
from frontend.isotopes_panel import isotope_label, rest_of
from frontend.measured import Dataset
from frontend.plan_state import FIELDS, PlanState, nucleus_text
from frontend.terms import explained
from frontend.view_state import Mixture, Nucleus
from frontend.wiring import attributes

AMOUNTS = {
    "scatterer_percent": "Scattering fraction",
    "thickness_mm": "Thickness",
    "mass_g": "Mass",
    "volume_cm3": "Volume",
}
AMOUNT_UNITS = (
    ("scatterer_percent", "%", "scatterer"),
    ("thickness_mm", "mm", "thickness"),
    ("mass_g", "g", None),
    ("volume_cm3", "cm³", "sample_volume"),
)
"""Of the four, one is in sight: assets/plan.js sees to it."""
GEOMETRIES = (("plate", "Plate"), ("annulus", "Annulus"), ("cylinder", "Cylinder"))
FORMS = (("powder", "Powder"), ("single crystal", "Single crystal"))
DEUTERATED_PERCENT = 98.0
"""Isotopic purity that deuterated samples have in practice, or somewhat better; offered beside the pure isotope."""


def field_id(key: str) -> str:
    """Return the id of a field's control."""
    return f"plan-{key}"


def isotope_id(element: str) -> dict[str, str]:
    """Return the id of the choice of an element's isotope."""
    return {"type": "plan-isotope", "element": element}


def number(
    key: str, label: str, unit: str, value: Any, *, term: str | None = None, hidden: bool = False, **more: Any
) -> html.Div:
    """Return the control of a number; what is not within its bounds is not asked for."""
    one = FIELDS[key]
    return html.Div(
        dmc.NumberInput(
            id=field_id(key),
            label=explained(term, label) if term else label,
            value="" if value is None else value,
            min=one.low,
            max=one.high,
            clampBehavior="blur",
            suffix=f" {unit}" if unit else "",
            debounce=400,
            size="xs",
            hideControls=True,
            **more,
            **attributes(aria_label=label + (f" in {unit}" if unit else "")),
        ),
        id=f"{field_id(key)}-field",
        hidden=hidden,
    )


def _group(title: Any, *children: Any) -> html.Fieldset:
    return html.Fieldset([html.Legend(title), *children], className="group")


def prediction_name(prediction: Prediction) -> str:
    """Return what a forecast is called where one of several is chosen."""
    name = notation.capital(notation.short_method(prediction["method"]))
    return f"{name}, {prediction['temperature_k']:g} K, {prediction.get('quality') or 'custom'}"


def _isotope(element: str, choices: Sequence[str], chosen: Nucleus | None) -> html.Div:
    options = {element: "Natural"} | {one: isotope_label(one) for one in choices}
    mixtures = [Mixture("2H", DEUTERATED_PERCENT)] if "2H" in choices else []
    mixtures += [chosen] if isinstance(chosen, Mixture) and chosen.isotope in choices else []
    for mixture in mixtures:
        rest = rest_of(element)
        named = isotope_label(rest) if rest != element else "natural"
        options[nucleus_text(mixture)] = f"{mixture.percent:g} % {isotope_label(mixture.isotope)}, rest {named}"
    value = element if chosen is None else nucleus_text(chosen)
    return html.Div(
        [
            html.Span(element, className="isotope-site"),
            dmc.Select(
                id=isotope_id(element),
                data=[{"value": key, "label": label} for key, label in options.items()],
                value=value if value in options else element,
                allowDeselect=False,
                size="xs",
                **attributes(aria_label=f"Isotope of {element}"),
            ),
        ],
        className="isotope-choice",
    )


def _forecast(
    state: PlanState, predictions: Sequence[Prediction], chosen: Prediction, isotopes: Mapping[str, Sequence[str]]
) -> html.Fieldset:
    several = {element: choices for element, choices in isotopes.items() if len(choices) > 1}
    return _group(
        "Forecast",
        dmc.Select(
            id="plan-prediction",
            data=[{"value": one["id"], "label": prediction_name(one)} for one in predictions],
            value=chosen["id"],
            allowDeselect=False,
            size="xs",
            **attributes(aria_label="Forecast that is planned with"),
        ),
        number("energy_scale", "Energy scale", "", state.values["energy_scale"], term="energy_scale", step=0.005),
        html.Div(
            [
                html.Span(explained("isotopes", "Isotopes"), className="setting-title"),
                *[_isotope(element, choices, state.isotopes.get(element)) for element, choices in several.items()],
            ],
            className="isotopes",
        )
        if several
        else None,
    )


def _sample(state: PlanState) -> html.Fieldset:
    value = state.values
    return _group(
        "Sample",
        segmented(field_id("form"), "Form of the sample", FORMS, value["form"]),
        segmented(field_id("geometry"), "Shape of the sample", GEOMETRIES, value["geometry"]),
        html.Div(
            [
                dmc.Select(
                    id=field_id("amount"),
                    label=explained("sample_amount", "Define amount by"),
                    data=[{"value": key, "label": label} for key, label in AMOUNTS.items()],
                    value=value["amount"],
                    allowDeselect=False,
                    size="xs",
                    **attributes(aria_label="What says how much sample there is"),
                ),
                *[
                    number(key, AMOUNTS[key], unit, value[key], term=term, hidden=value["amount"] != key)
                    for key, unit, term in AMOUNT_UNITS
                ],
                number("width_mm", "Width", "mm", value["width_mm"], term="beam_width"),
                number("height_mm", "Height", "mm", value["height_mm"]),
                number(
                    "density_g_cm3",
                    "Density",
                    "g cm⁻³",
                    value["density_g_cm3"],
                    term="sample_density",
                    placeholder="the crystal's",
                ),
                number("packing", "Packing fraction", "", value["packing"], term="packing", step=0.05),
                dmc.Select(
                    id=field_id("material"),
                    label=explained("container", "Container"),
                    data=[
                        {"value": "aluminium", "label": "Aluminium"},
                        {"value": "vanadium", "label": "Vanadium"},
                        {"value": "none", "label": "None"},
                    ],
                    value=value["material"],
                    allowDeselect=False,
                    size="xs",
                    **attributes(aria_label="Container"),
                ),
                number("wall_mm", "Each wall", "mm", value["wall_mm"]),
                number("hours", "Irradiation time", "h", value["hours"], term="irradiated_for"),
            ],
            className="pair plan-sample-fields",
        ),
    )


def _facilities(instruments: Sequence[Instrument], chosen: Sequence[str]) -> html.Div:
    chips = [
        dmc.Chip(place, value=place, size="xs", variant="filled", **attributes(aria_label=place))
        for place in by_facility(instruments)
    ]
    return html.Div(
        dmc.ChipGroup(
            html.Div(chips, className="picker-chips"), id=field_id("facilities"), multiple=True, value=list(chosen)
        ),
        className="picker",
        role="group",
        **attributes(aria_label="Facilities"),
    )


def _limits(state: PlanState, instruments: Sequence[Instrument]) -> html.Fieldset:
    value = state.values
    return _group(
        explained("plan_limits", "Where, and for how long"),
        _facilities(instruments, value["facilities"]),
        html.Details(
            [
                html.Summary("Only certain instruments"),
                picker(field_id("instruments"), instruments, value["instruments"], label="Instruments to choose from"),
            ],
            className="sites",
            open=bool(value["instruments"]),
        ),
        html.Div(
            [
                number("beam_time_h", "Beam time", "h", value["beam_time_h"], term="beam_time", placeholder="any"),
                number("signal_to_noise", "Signal to noise", "", value["signal_to_noise"], term="signal_to_noise"),
                number(
                    "q_slices",
                    "In parts of |q|",
                    "",
                    value["q_slices"],
                    term="q_slices",
                    placeholder="usual",
                    allowDecimal=False,
                ),
                number("source_power", "Source power", "×", value["source_power"], term="source_power", step=0.1),
                number(
                    "beam_current",
                    "ISIS current",
                    "µA",
                    value["beam_current"],
                    term="beam_current",
                    placeholder="160 µA",
                ),
                number("background", "Background", "×", value["background"], term="plan_background", step=0.5),
            ],
            className="pair plan-sample-fields",
        ),
    )


def usable_for_calibration(dataset: Dataset) -> bool:
    """Tell whether absolute rates can be had from measured data: a spectrum of known instrument, exposure and mass."""
    exposed = dataset.get("exposure_uah") or dataset.get("exposure_h")
    return bool(dataset["kind"] == "1d" and dataset["instrument"] and exposed and dataset.get("mass_g"))


def _dataset_words(dataset: Dataset) -> str:
    exposure = (
        f"{dataset['exposure_uah']:g} µA h" if dataset.get("exposure_uah") else f"{dataset.get('exposure_h') or 0:g} h"
    )
    return f"{dataset['name']} · {display_name(dataset['instrument'] or '')}, {exposure}, {dataset['mass_g']:g} g"


def _calibrations(state: PlanState, datasets: Sequence[Dataset]) -> html.Fieldset:
    hint = (
        "None of your measured spectra states instrument, exposure and mass. With one that does, the hours of its "
        "instrument become absolute: say them where the data are kept, on the forecast's page."
    )
    return _group(
        explained("calibration", "Own measurements"),
        dmc.CheckboxGroup(
            html.Div(
                [
                    dmc.Checkbox(label=_dataset_words(one), value=one["id"], size="xs", className="plan-calibration")
                    for one in datasets
                ]
            ),
            id=field_id("calibrations"),
            value=list(state.values["calibrations"]),
        ),
        None if datasets else html.P(hint, className="field-hint"),
    )


def plan_settings(
    state: PlanState,
    *,
    instruments: Sequence[Instrument],
    predictions: Sequence[Prediction],
    chosen: Prediction,
    isotopes: Mapping[str, Sequence[str]],
    datasets: Sequence[Dataset],
    reset_href: str,
) -> html.Aside:
    """Return the column, filled in with what the address says.

    Parameters
    ----------
    instruments
        Those that can be planned for.
    predictions
        That can be planned with, `chosen` among them.
    isotopes
        Element → its isotopes.
    datasets
        That rates can be calibrated with.
    """
    return html.Aside(
        [
            html.Button(
                "Sample and beam time",
                id="settings-toggle",
                type="button",
                className="settings-toggle",
                **attributes(aria_expanded="false", aria_controls="settings-body"),
            ),
            html.Div(
                [
                    _forecast(state, predictions, chosen, isotopes),
                    _sample(state),
                    _limits(state, instruments),
                    _calibrations(state, datasets),
                    html.Div(
                        html.A("Reset these settings", href=reset_href, id="plan-reset"),
                        className="small settings-foot",
                    ),
                ],
                id="settings-body",
                className="settings-body",
            ),
        ],
        className="panel settings-panel",
        **attributes(aria_label="What the plan is made for"),
    )
