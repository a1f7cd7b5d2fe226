"""What the user looks at, as it stands in the address: so that a forecast can be shared with its settings.

The keys of the query string are those of the page's `view` store; `assets/view.js` writes them, this module reads
them. What equals its default is left out of the address. Nothing here trusts the address: an unknown key or an
impossible value falls back to the default, and numbers are kept inside what the instrument's schema allows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from frontend.client import Instrument, JsonObject

CONTRIBUTIONS = ("total", "coherent", "incoherent")
ENERGY_UNITS = ("meV", "cm-1")
SCALES = ("linear", "log")
ENERGY_SCALE_LIMITS = (0.8, 1.2)


@dataclass(frozen=True)
class ViewState:
    """The settings of the forecast page.

    `settings` holds every instrument's settings, filled with defaults; `isotopes` maps an element to an isotope
    such as `{"H": "2H"}`; energies are in meV.
    """

    predictions: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    map_instrument: str | None = None
    map_prediction: str | None = None
    contribution: str = "total"
    quantum_correction: bool = True
    energy_scale: float = 1.0
    energy_unit: str = "meV"
    scale: str = "linear"
    map_scale: str = "linear"
    per_element: bool = False
    banks: bool = False
    energy_min: float | None = None
    energy_max: float | None = None
    isotopes: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, JsonObject] = field(default_factory=dict)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _choice(text: str | None, allowed: Sequence[str]) -> str:
    return text if text is not None and text in allowed else allowed[0]


def _names(text: str | None) -> list[str]:
    return [name for name in (text or "").split(",") if name]


def setting_value(schema: Mapping[str, Any], text: str | None, default: Any) -> Any:
    """Return a setting as its schema wants it, or the default where the text is no such value."""
    if text is None:
        return default
    if "enum" in schema:
        return next((choice for choice in schema["enum"] if str(choice) == text), default)
    if schema.get("type") in ("number", "integer"):
        value = _number(text)
        if value is None:
            return default
        value = min(max(value, schema.get("minimum", value)), schema.get("maximum", value))
        return round(value) if schema.get("type") == "integer" else value
    return text


def decode(
    search: str | None,
    *,
    instruments: Sequence[Instrument],
    elements: Sequence[str] = (),
    default_instruments: Sequence[str] = (),
) -> ViewState:
    """Read the query string of a forecast's address.

    Parameters
    ----------
    search
        The query string, with or without its question mark.
    instruments
        The catalogue; names are matched without regard to case.
    elements
        The structure's elements: isotopes of others are dropped.
    default_instruments
        Instruments shown when the address names none.
    """
    query = dict(parse_qsl((search or "").lstrip("?"), keep_blank_values=False))
    by_name = {instrument["name"].lower(): instrument for instrument in instruments}

    def known(names: Sequence[str]) -> list[str]:
        found = [by_name[name.lower()]["name"] for name in names if name.lower() in by_name]
        return list(dict.fromkeys(found))

    wanted = known(_names(query.get("instruments"))) or known(default_instruments)
    chosen = [instrument["name"] for instrument in instruments if instrument["name"] in wanted]
    # A map says most of an instrument that sees an area of it, not two lines.
    direct = [i["name"] for i in instruments if i["name"] in chosen and i["geometry"] == "direct"]
    map_instrument = next(iter([*known(_names(query.get("map"))), *direct, *chosen]), None)
    settings: dict[str, JsonObject] = {}
    for instrument in instruments:
        properties = instrument["settings_schema"].get("properties", {})
        settings[instrument["name"]] = {
            name: setting_value(schema, query.get(f"{instrument['name']}.{name}"), instrument["defaults"].get(name))
            for name, schema in properties.items()
        }
    low, high = ENERGY_SCALE_LIMITS
    factor = _number(query.get("energy_scale"))
    return ViewState(
        predictions=tuple(dict.fromkeys(_names(query.get("predictions")))),
        instruments=tuple(chosen),
        map_instrument=map_instrument if map_instrument in chosen else (chosen[0] if chosen else None),
        map_prediction=query.get("map_prediction"),
        contribution=_choice(query.get("contribution"), CONTRIBUTIONS),
        quantum_correction=query.get("quantum_correction") != "0",
        energy_scale=1.0 if factor is None else min(max(factor, low), high),
        energy_unit=_choice(query.get("energy_unit"), ENERGY_UNITS),
        scale=_choice(query.get("scale"), SCALES),
        map_scale=_choice(query.get("map_scale"), SCALES),
        per_element=query.get("per_element") == "1",
        banks=query.get("banks") == "1",
        energy_min=_number(query.get("energy_min")),
        energy_max=_number(query.get("energy_max")),
        isotopes={el: query[f"iso.{el}"] for el in elements if query.get(f"iso.{el}")},
        settings=settings,
    )


def forecast_address(structure_id: str, predictions: Sequence[str], instruments: Sequence[str] = ()) -> str:
    """Return the address of a forecast, with its predictions and the instruments to look through."""
    query = {"predictions": ",".join(predictions), "instruments": ",".join(instruments)}
    text = urlencode({key: value for key, value in query.items() if value}, safe=",")
    return f"/forecast/{structure_id}" + (f"?{text}" if text else "")
