"""What a plan of beam time is asked with, as it stands in the address: so that a plan can be shared.

The fields are told once, here: the page makes a control of each, `assets/plan-bodies.js` reads them and writes what
differs from its default into the address, from where this module reads it. Nothing trusts the address.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from frontend.view_state import Mixture, Nucleus, element_of, nucleus

Kind = Literal["choice", "number", "names"]
MOST_FEATURES = 24
HIGHEST_MEV = 5000.0


@dataclass(frozen=True)
class Field:
    """A control: its value is one of some, a number within bounds (None: left open), or several names."""

    key: str
    kind: Kind
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


def _choice(key: str, *choices: str) -> Field:
    return Field(key, "choice", choices[0], choices)


def _number(key: str, low: float, high: float, default: float | None = None) -> Field:
    return Field(key, "number", default, low=low, high=high)


# Bounds and defaults are those of backend/samples/schemas.py and backend/plans/schemas.py.
FIELDS: Mapping[str, Field] = {
    one.key: one
    for one in (
        _number("energy_scale", 0.5, 2.0, 1.0),
        _choice("energy_unit", "meV", "cm-1"),
        _choice("form", "powder", "single crystal"),
        _choice("geometry", "plate", "annulus", "cylinder"),
        _choice("amount", "scatterer_percent", "thickness_mm", "mass_g", "volume_cm3"),
        _number("scatterer_percent", 0.01, 60.0, 10.0),
        _number("thickness_mm", 0.0001, 200.0, 2.0),
        _number("mass_g", 1e-6, 1e4, 5.0),
        _number("volume_cm3", 1e-6, 1e4, 2.0),
        _number("width_mm", 0.1, 500.0, 40.0),
        _number("height_mm", 0.1, 500.0, 40.0),
        _number("packing", 0.01, 1.0, 1.0),
        _number("density_g_cm3", 0.001, 30.0),
        _choice("material", "aluminium", "vanadium", "none"),
        _number("wall_mm", 0.001, 10.0, 0.2),
        _number("hours", 0.001, 1e4, 24.0),
        Field("facilities", "names", ()),
        Field("instruments", "names", ()),
        _number("beam_time_h", 0.1, 1e4),
        _number("signal_to_noise", 0.1, 1e4, 20.0),
        _number("q_slices", 1.0, 1000.0),
        _number("source_power", 0.01, 5.0, 1.0),
        _number("beam_current", 1.0, 1000.0),
        _number("background", 0.0, 100.0, 1.0),
        Field("calibrations", "names", ()),
    )
}
"""By key, which is the API's name of it."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class PlanState:
    """What a plan is asked with.

    Attributes
    ----------
    predictions
        That the address names; the best that is ready is planned with.
    values
        Of `FIELDS`, by key.
    isotopes
        Element → isotope or mixture.
    features
        meV; None: to be found.
    pairs
        meV; None: neighbours.
    """

    predictions: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    isotopes: Mapping[str, Nucleus] = field(default_factory=dict)
    features: tuple[float, ...] | None = None
    pairs: tuple[Pair, ...] | None = None


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _value(one: Field, text: str | None, allowed: Sequence[str] | None) -> Any:
    if text is None:
        return list(one.default) if one.kind == "names" else one.default
    if one.kind == "choice":
        return text if text in one.choices else one.default
    if one.kind == "names":
        names = [name for name in text.split(",") if name and (allowed is None or name in allowed)]
        return list(dict.fromkeys(names))
    value = _finite(text)
    if value is None or one.low is None or one.high is None:
        return one.default
    return min(max(value, one.low), one.high)


def _energies(text: str, separator: str) -> tuple[float, ...]:
    found = [value for part in text.split(separator) if (value := _finite(part)) is not None and value > 0]
    return tuple(sorted({value for value in found if value <= HIGHEST_MEV}))[:MOST_FEATURES]


def _pairs(text: str) -> tuple[Pair, ...]:
    ends = [_energies(part, "-") for part in text.split(",")]
    return tuple(dict.fromkeys((both[0], both[1]) for both in ends if len(both) == 2))[:MOST_FEATURES]


def decode_plan(
    search: str | None,
    *,
    elements: Sequence[str] = (),
    facilities: Sequence[str] = (),
    instruments: Sequence[str] = (),
    datasets: Sequence[str] = (),
) -> PlanState:
    """Read the query string of a plan's address; of names, those count that there are."""
    query = dict(parse_qsl((search or "").lstrip("?"), keep_blank_values=False))
    allowed = {"facilities": facilities, "instruments": instruments, "calibrations": datasets}
    isotopes = {}
    for key, text in query.items():
        element = key.removeprefix("iso.")
        stands = nucleus(text) if key.startswith("iso.") and element in elements else None
        if stands is not None and stands != element:
            isotopes[element_of(element)] = stands
    features, pairs = query.get("features"), query.get("pairs")
    return PlanState(
        predictions=tuple(dict.fromkeys(name for name in query.get("predictions", "").split(",") if name)),
        values={key: _value(one, query.get(key), allowed.get(key)) for key, one in FIELDS.items()},
        isotopes=isotopes,
        features=None if features is None else _energies(features, ","),
        pairs=None if pairs is None else _pairs(pairs),
    )


def nucleus_text(stands: Nucleus) -> str:
    """Write what an element stands for as an address does: `2H`, or `2H:98`."""
    return f"{stands.isotope}:{stands.percent:g}" if isinstance(stands, Mixture) else stands


def plan_address(structure_id: str, predictions: Sequence[str]) -> str:
    """Return the address of a plan, to be made with the best of these predictions."""
    text = urlencode({"predictions": ",".join(predictions)}, safe=",") if predictions else ""
    return f"/plan/{structure_id}" + (f"?{text}" if text else "")
