"""Controls made from a JSON Schema: whatever settings an instrument has, the page shows them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import html

from frontend.client import Instrument, JsonObject
from frontend.terms import explained_as
from frontend.wiring import attributes

# Above this ratio of largest to smallest value a linear slider wastes its length on the upper end.
LOGARITHMIC_RATIO = 20
# With more numbers than this, sliders would fill the page: only the energy that is chosen most keeps its own.
MOST_SLIDERS = 4
ALWAYS_A_SLIDER = ("e_init", "e_final")


def setting_id(instrument: str, name: str, kind: str = "setting") -> dict[str, str]:
    """Return the id of a setting: its number (`setting`) and slider (`setting-slider`), number alone (`entry`), or
    select (`choice`)."""
    return {"type": kind, "instrument": instrument, "name": name}


def is_logarithmic(schema: Mapping[str, Any]) -> bool:
    """Tell whether a numeric setting's slider should run over decades."""
    low, high = schema.get("minimum"), schema.get("maximum")
    return low is not None and high is not None and low > 0 and high / low >= LOGARITHMIC_RATIO


def number_step(schema: Mapping[str, Any]) -> float:
    """Return the step of a numeric setting: the schema's own, or about a two-hundredth of its range."""
    if "multipleOf" in schema:
        return float(schema["multipleOf"])
    if schema.get("type") == "integer":
        return 1.0
    span = float(schema.get("maximum", 1.0)) - float(schema.get("minimum", 0.0))
    if is_logarithmic(schema):
        span = float(schema["minimum"]) * 10
    return float(10.0 ** math.floor(math.log10(max(span, 1e-6) / 100)))


def _text(value: float) -> str:
    return f"{value:g}"


def _numeric(instrument: str, name: str, schema: Mapping[str, Any], value: Any) -> list[Any]:
    title, unit = str(schema.get("title", name)), str(schema.get("x-unit", "") or "")
    low, high = schema.get("minimum"), schema.get("maximum")
    step = number_step(schema)
    bounds = f"{_text(low)}–{_text(high)} {unit}".strip() if low is not None and high is not None else unit
    number = dmc.NumberInput(
        id=setting_id(instrument, name),
        value=value,
        min=low,
        max=high,
        step=step,
        suffix=f" {unit}" if unit else "",
        clampBehavior="blur",
        # A number typed in digit by digit should not redraw at every digit.
        debounce=300,
        size="xs",
        w=124,
        className="setting-number",
        **attributes(aria_label=f"{instrument}: {title}" + (f" in {unit}" if unit else "")),
    )
    header = html.Div([_label(title, schema, bounds), number], className="setting-head")
    if low is None or high is None:
        return [header]
    logarithmic = is_logarithmic(schema)
    slider: dict[str, Any] = {"min": low, "max": high, "step": step, "value": value, "label": None}
    if logarithmic:
        slider |= {
            "min": math.log10(low),
            "max": math.log10(high),
            "step": 0.002,
            "value": math.log10(value) if value else math.log10(low),
            "scale": {"function": "powerOfTen"},
        }
    return [
        header,
        dmc.Slider(
            id=setting_id(instrument, name, "setting-slider"),
            updatemode="drag",
            thumbLabel=f"{instrument}: {title}",
            size="sm",
            thumbSize=16,
            className="setting-slider",
            **slider,
        ),
    ]


def _label(title: str, schema: Mapping[str, Any], bounds: str) -> html.Div:
    description = schema.get("description")
    name = (
        explained_as(str(description), title, class_name="setting-title")
        if description
        else html.Span(title, className="setting-title")
    )
    return html.Div([name, html.Span(bounds, className="setting-bounds") if bounds else None])


def setting_control(instrument: str, name: str, schema: Mapping[str, Any], value: Any) -> html.Div:
    """Return the control of one setting: a select for choices, slider and number for numbers."""
    title, unit = str(schema.get("title", name)), str(schema.get("x-unit", "") or "")
    children: list[Any]
    if "enum" in schema:
        children = [
            _label(title, schema, ""),
            dmc.Select(
                id=setting_id(instrument, name, "choice"),
                data=[{"value": str(choice), "label": f"{choice} {unit}".strip()} for choice in schema["enum"]],
                value=None if value is None else str(value),
                allowDeselect=False,
                size="xs",
                comboboxProps={"withinPortal": True},
                **attributes(aria_label=f"{instrument}: {title}"),
            ),
        ]
    else:
        children = _numeric(instrument, name, schema, value)
    return html.Div(children, id=f"setting-{instrument}-{name}", className="setting")


def compact_control(instrument: str, name: str, schema: Mapping[str, Any], value: Any) -> html.Div:
    """Return a number without a slider: half as wide, a third as high."""
    title, unit = str(schema.get("title", name)), str(schema.get("x-unit", "") or "")
    description = schema.get("description")
    return html.Div(
        [
            explained_as(str(description), title, class_name="setting-title")
            if description
            else html.Span(title, className="setting-title"),
            dmc.NumberInput(
                id=setting_id(instrument, name, "entry"),
                value=value,
                min=schema.get("minimum"),
                max=schema.get("maximum"),
                step=number_step(schema),
                suffix=f" {unit}" if unit else "",
                clampBehavior="blur",
                debounce=300,
                size="xs",
                hideControls=True,
                **attributes(aria_label=f"{instrument}: {title}" + (f" in {unit}" if unit else "")),
            ),
        ],
        id=f"setting-{instrument}-{name}",
        className="setting is-compact",
    )


def instrument_panel(instrument: Instrument, values: JsonObject) -> html.Div:
    """Return all of an instrument's settings, or a word where it has none."""
    properties: Mapping[str, Mapping[str, Any]] = instrument["settings_schema"].get("properties", {})
    if not properties:
        return html.Div(f"{instrument['name']} has one fixed configuration: nothing to set.", className="quiet small")
    full: list[html.Div] = []
    compact: list[html.Div] = []
    for name, schema in properties.items():
        narrow = len(properties) > MOST_SLIDERS and "enum" not in schema and name not in ALWAYS_A_SLIDER
        control = compact_control if narrow else setting_control
        (compact if narrow else full).append(control(instrument["name"], name, schema, values.get(name)))
    return html.Div([*full, html.Div(compact, className="settings-grid") if compact else None], className="settings")
