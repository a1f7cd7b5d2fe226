"""What the user looks at, as it stands in the address: so that a forecast can be shared with its settings.

The keys of the query string are those of the page's `view` store; `assets/view.js` writes them, this module reads
them. What equals its default is left out of the address. Nothing here trusts the address: an unknown key or an
impossible value falls back to the default, and numbers are kept inside what the instrument's schema allows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from frontend.client import Instrument, JsonObject

CONTRIBUTIONS = ("total", "coherent", "incoherent")
ENERGY_UNITS = ("meV", "cm-1")
SCALES = ("linear", "log")
ENERGY_SCALE_LIMITS = (0.8, 1.2)
QUANTUM_CORRECTIONS = ("harmonic", "none", "standard", "schofield", "mixed")
PROBES = ("neutron", "x-ray", "electron")
DATASET_SCALES = ("fit", "maximum", "none")
MOST_DATASETS = 24
MOST_PHONONS = 10
LARGEST_WIDTH_MEV = 1000.0

SAMPLE = "Sample"
"""Stands among the instruments for none: the sample itself."""


@dataclass(frozen=True)
class Mixture:
    """So many per cent of an isotope; the rest is ¹H for hydrogen, and natural for all other elements."""

    isotope: str
    percent: float


Nucleus = str | Mixture
Zone = tuple[int, int, int]
"""A Brillouin zone by its reciprocal lattice vector, h, k, l."""


@dataclass(frozen=True)
class ViewState:
    """The settings of the forecast page.

    `instruments` may hold `SAMPLE`. `settings` holds every instrument's settings, filled with defaults; `isotopes` maps
    an element, or a site such as "H2", to an isotope or a mixture; energies are in meV, |q| in Å⁻¹. Of single crystals
    alone: `zone` is None for the average over zones, `point` the special point of the cut, None for the first beyond Γ.
    Of powders alone: `datasets` are measured data drawn over the forecast, `offset` the part of the largest intensity
    that each curve is lifted by.
    """

    predictions: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    map_instrument: str | None = None
    map_prediction: str | None = None
    contribution: str = "total"
    quantum_correction: str = "harmonic"
    energy_scale: float = 1.0
    energy_unit: str = "meV"
    scale: str = "linear"
    map_scale: str = "linear"
    per_element: bool = False
    banks: bool = False
    errors: bool = True
    order: int | None = None
    per_order: bool = False
    elastic: bool = False
    kf_over_ki: bool = False
    energy_min: float | None = None
    energy_max: float | None = None
    q_min: float | None = None
    q_max: float | None = None
    probe: str = "neutron"
    fwhm_mev: float = 0.0
    divide_debye_waller: bool = True
    divide_q_squared: bool = True
    zone: Zone | None = None
    point: str | None = None
    times_energy_squared: bool = False
    dispersion: bool = True
    datasets: tuple[str, ...] = ()
    offset: float = 0.0
    dataset_scale: str = "fit"
    isotopes: Mapping[str, Nucleus] = field(default_factory=dict)
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


def _within(value: float | None, low: float, high: float, default: float) -> float:
    return default if value is None else min(max(value, low), high)


def _correction(text: str | None) -> str:
    # Addresses of before there were several said whether, in numbers
    return "none" if text == "0" else _choice(text, QUANTUM_CORRECTIONS)


def _order(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and 1 <= int(text) <= MOST_PHONONS else None


def zone_of(text: str | None) -> Zone | None:
    """Read a zone as an address writes it, `0,0,4`."""
    numbers = (text or "").split(",")
    if len(numbers) != 3 or any(re.fullmatch(r"-?\d{1,4}", number) is None for number in numbers):
        return None
    h, k, l = (int(number) for number in numbers)  # noqa: E741 - Miller indices
    return h, k, l


def zone_text(zone: Sequence[int]) -> str:
    """Write a zone as an address does: `0,0,4`."""
    return ",".join(map(str, zone))


def _datasets(text: str | None) -> tuple[str, ...]:
    # What is not an id would be asked for as a part of an address
    ids = [name for name in _names(text) if re.fullmatch(r"[0-9a-fA-F-]{1,36}", name)]
    return tuple(dict.fromkeys(ids))[:MOST_DATASETS]


def _point(text: str | None) -> str | None:
    # As seekpath names them: Γ, X, M2, SIGMA_0
    return text if text is not None and re.fullmatch(r"\w{1,16}", text) else None


def nucleus(text: str) -> Nucleus | None:
    """Read what an address says of an element or a site: `2H`, `H` (natural), or `2H:98`, 98 % of ²H."""
    isotope, _, share = text.partition(":")
    if re.fullmatch(r"\d{0,3}[A-Z][a-z]?", isotope) is None:
        return None
    if not share:
        return isotope
    percent = _number(share)
    return Mixture(isotope, percent) if percent is not None and 0 <= percent <= 100 else None


def element_of(site: str) -> str:
    """Return the element of a site: "H" of "H2", and of "H" itself."""
    return site.rstrip("0123456789")


def _isotopes(query: Mapping[str, str], elements: Sequence[str]) -> dict[str, Nucleus]:
    found = {}
    for key, text in query.items():
        site = key.removeprefix("iso.")
        stands = nucleus(text) if key.startswith("iso.") and element_of(site) in elements else None
        if stands is not None:
            found[site] = stands
    return found


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
    crystal: bool = False,
) -> ViewState:
    """Read the query string of a forecast's address.

    Parameters
    ----------
    search
        The query string, with or without its question mark.
    instruments
        The catalogue; names are matched without regard to case.
    elements
        The structure's elements: isotopes of others, and of sites of others, are dropped.
    default_instruments
        Instruments shown when the address names none.
    crystal
        Whether single crystals are looked at: their maps are logarithmic unless the address says otherwise.
    """
    query = dict(parse_qsl((search or "").lstrip("?"), keep_blank_values=False))
    catalogue = [*(instrument["name"] for instrument in instruments), SAMPLE]
    by_name = {name.lower(): name for name in catalogue}

    def known(names: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(by_name[name.lower()] for name in names if name.lower() in by_name))

    wanted = known(_names(query.get("instruments"))) or known(default_instruments)
    chosen = [name for name in catalogue if name in wanted]
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
    return ViewState(
        predictions=tuple(dict.fromkeys(_names(query.get("predictions")))),
        instruments=tuple(chosen),
        map_instrument=map_instrument if map_instrument in chosen else (chosen[0] if chosen else None),
        map_prediction=query.get("map_prediction"),
        contribution=_choice(query.get("contribution"), CONTRIBUTIONS),
        quantum_correction=_correction(query.get("quantum_correction")),
        energy_scale=_within(_number(query.get("energy_scale")), low, high, 1.0),
        energy_unit=_choice(query.get("energy_unit"), ENERGY_UNITS),
        scale=_choice(query.get("scale"), SCALES),
        map_scale=_choice(query.get("map_scale"), SCALES[::-1] if crystal else SCALES),
        per_element=query.get("per_element") == "1",
        banks=query.get("banks") == "1",
        errors=query.get("errors") != "0",
        order=_order(query.get("order")),
        per_order=query.get("per_order") == "1",
        elastic=query.get("elastic") == "1",
        kf_over_ki=query.get("kf_over_ki") == "1",
        energy_min=_number(query.get("energy_min")),
        energy_max=_number(query.get("energy_max")),
        q_min=_number(query.get("q_min")),
        q_max=_number(query.get("q_max")),
        probe=_choice(query.get("probe"), PROBES),
        fwhm_mev=_within(_number(query.get("fwhm_mev")), 0.0, LARGEST_WIDTH_MEV, 0.0),
        divide_debye_waller=query.get("divide_debye_waller") != "0",
        divide_q_squared=query.get("divide_q_squared") != "0",
        zone=zone_of(query.get("zone")),
        point=_point(query.get("point")),
        times_energy_squared=query.get("times_energy_squared") == "1",
        dispersion=query.get("dispersion") != "0",
        datasets=_datasets(query.get("datasets")),
        offset=_within(_number(query.get("offset")), 0.0, 1.0, 0.0),
        dataset_scale=_choice(query.get("dataset_scale"), DATASET_SCALES),
        isotopes=_isotopes(query, elements),
        settings=settings,
    )


def forecast_address(structure_id: str, predictions: Sequence[str], instruments: Sequence[str] = ()) -> str:
    """Return the address of a forecast, with its predictions and the instruments to look through."""
    query = {"predictions": ",".join(predictions), "instruments": ",".join(instruments)}
    text = urlencode({key: value for key, value in query.items() if value}, safe=",")
    return f"/forecast/{structure_id}" + (f"?{text}" if text else "")


def plan_address(structure_id: str, predictions: Sequence[str]) -> str:
    """Return the address of a plan, to be made with the best of these predictions."""
    text = urlencode({"predictions": ",".join(predictions)}, safe=",") if predictions else ""
    return f"/plan/{structure_id}" + (f"?{text}" if text else "")
