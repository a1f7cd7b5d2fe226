"""Controls of an instrument's settings, from their JSON Schema."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from frontend.client import JsonObject

LOGARITHMIC_RATIO: Final = 20
"""Above this ratio of maximum to minimum, a linear slider would waste its length on the upper end."""
MAX_SLIDERS: Final = 4
"""With more settings than this, only the incident or final energy has a slider."""
ALWAYS_SLIDER: Final = ("e_init", "e_final")
FACILITIES: Final = ("ISIS", "SNS", "ILL")
"""Facilities listed first; generic instruments come last."""
GENERIC: Final = "Generic"


@dataclass(frozen=True)
class Setting:
    """The control of one setting.

    Attributes
    ----------
    name
        Name in the address and in the API: "MAPS.e_init" and "e_init".
    choices
        Values to choose from; empty for a number.
    default
        Value of the instrument without a choice of the user.
    minimum, maximum, step
        Of a number, in `unit`.
    logarithmic
        Whether its slider runs over decades.
    compact
        Whether it has no slider.
    """

    name: str
    title: str
    unit: str
    description: str
    choices: tuple[Any, ...]
    default: Any
    minimum: float | None
    maximum: float | None
    step: float
    logarithmic: bool
    compact: bool

    @property
    def bounds(self) -> str:
        """The limits with their unit, such as "15–2000 meV"."""
        if self.minimum is None or self.maximum is None:
            return self.unit
        return f"{self.minimum:g}–{self.maximum:g} {self.unit}".strip()


def settings_of(instrument: JsonObject) -> list[Setting]:
    """Return the controls of an instrument's settings, in the order of its schema."""
    properties: Mapping[str, Mapping[str, Any]] = instrument["settings_schema"].get("properties", {})
    many = len(properties) > MAX_SLIDERS
    return [
        Setting(
            name=name,
            title=str(schema.get("title", name)),
            unit=str(schema.get("x-unit") or ""),
            description=str(schema.get("description") or ""),
            choices=tuple(schema.get("enum", ())),
            default=instrument["defaults"].get(name),
            minimum=schema.get("minimum"),
            maximum=schema.get("maximum"),
            step=number_step(schema),
            logarithmic=is_logarithmic(schema),
            compact="enum" not in schema and ((many and name not in ALWAYS_SLIDER) or not _is_bounded(schema)),
        )
        for name, schema in properties.items()
    ]


def _is_bounded(schema: Mapping[str, Any]) -> bool:
    return "minimum" in schema and "maximum" in schema


def is_logarithmic(schema: Mapping[str, Any]) -> bool:
    """Tell whether the slider of a number should run over decades."""
    low, high = schema.get("minimum"), schema.get("maximum")
    return low is not None and high is not None and low > 0 and high / low >= LOGARITHMIC_RATIO


def number_step(schema: Mapping[str, Any]) -> float:
    """Return the step of a number: that of the schema, or a power of ten near 1/200 of its range."""
    if "multipleOf" in schema:
        return float(schema["multipleOf"])
    if schema.get("type") == "integer":
        return 1.0
    span = float(schema.get("maximum", 1.0)) - float(schema.get("minimum", 0.0))
    if is_logarithmic(schema):
        span = float(schema["minimum"]) * 10
    return float(10.0 ** math.floor(math.log10(max(span, 1e-6) / 100)))


def facility(instrument: JsonObject) -> str:
    """Return the short name of an instrument's facility."""
    return GENERIC if instrument["name"].startswith("generic-") else instrument["facility"].split(",")[0]


def display_name(name: str) -> str:
    """Return an instrument's name as figures show it."""
    return name[:1].upper() + name[1:].replace("-", " ") if name.startswith("generic-") else name


def by_facility(instruments: Sequence[JsonObject]) -> dict[str, list[JsonObject]]:
    """Return facility → its instruments by name: the large facilities first, generic instruments last."""
    places = list(dict.fromkeys(facility(instrument) for instrument in instruments))
    rank = {name: index for index, name in enumerate(FACILITIES)} | {GENERIC: len(places) + len(FACILITIES)}
    places.sort(key=lambda place: rank.get(place, len(FACILITIES)))
    return {
        place: sorted((i for i in instruments if facility(i) == place), key=lambda i: i["name"].lower())
        for place in places
    }
