"""Controls of options of simulations and trainings, from the JSON Schemas of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MAX_WRITTEN_ZONES: Final = 20
"""More zones of an earlier forecast were chosen at random."""


@dataclass(frozen=True)
class Option:
    """The control of one option.

    Attributes
    ----------
    name
        Name in the address and in the API.
    kind
        "number", "integer", "choice", "switch", "flag" (a switch with a third position, automatic), "repeats" (three
        numbers), "text" or "zones".
    choices
        Value → title; a value that is left out, "", is the API's own choice.
    default
        Value of a choice that is the API's own.
    minimum, maximum, step
        Of a number, in `unit`; "any" step has none.
    takers
        Methods and samplings that have the option, such as "md.powder"; with phonons of the user
        "source.harmonic.powder".
    """

    name: str
    title: str
    unit: str
    description: str
    kind: str
    choices: Mapping[str, str]
    default: str
    minimum: float | None
    maximum: float | None
    step: float | str
    takers: tuple[str, ...]

    @property
    def of_crystals(self) -> bool:
        """Whether only simulations of single crystals have it."""
        return all(taker.endswith(".path") for taker in self.takers)


def options_of(methods: Sequence[Mapping[str, Any]]) -> list[Option]:
    """Return the options of all methods and samplings, each once."""
    schemas: dict[str, Mapping[str, Any]] = {}
    takers: dict[str, list[str]] = {}
    choices: dict[str, dict[str, str]] = {}
    for method in methods:
        taker = f"{method['method']}.{method['sampling']}"
        of_source = method["options_of_source"] or {"properties": {}}
        for kind, properties in ((taker, method["options"]), (f"source.{taker}", of_source)):
            for name, schema in properties["properties"].items():
                schemas.setdefault(name, schema)
                takers.setdefault(name, []).append(kind)
                choices[name] = choices.get(name, {}) | schema.get("choice_titles", {})
    return [_option(name, schema, takers[name], choices[name]) for name, schema in schemas.items()]


def options_of_schema(schema: Mapping[str, Any]) -> list[Option]:
    """Return the options of one schema."""
    return [_option(name, _filled(one), (), one.get("choice_titles", {})) for name, one in schema["properties"].items()]


def _filled(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of a value that is given, of an option that may be null."""
    given = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), None)
    if given is None:
        return schema
    return {name: value for name, value in schema.items() if name != "default"} | dict(given)


def _option(name: str, schema: Mapping[str, Any], takers: Sequence[str], choices: Mapping[str, str]) -> Option:
    default: Any = schema.get("default")
    if choices and default is None:
        choices = {"": "Automatic" if "enum" in schema else "None"} | dict(choices)
    elif choices:
        choices = {default: choices[default]} | dict(choices)
    return Option(
        name=name,
        title=str(schema.get("title", name)),
        unit=str(schema.get("unit", "")),
        description=str(schema.get("description", "")),
        kind=_kind(name, schema, bool(choices)),
        choices=choices,
        default=str(default) if choices and default is not None else "",
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        step=schema.get("multipleOf", 1 if schema.get("type") == "integer" else "any"),
        takers=tuple(takers),
    )


def _kind(name: str, schema: Mapping[str, Any], has_choices: bool) -> str:
    if name == "zones":
        return "zones"
    if has_choices:
        return "choice"
    kinds = {"number": "number", "integer": "integer", "boolean": "switch", "array": "repeats"}
    kind = kinds.get(str(schema.get("type")), "text")
    return "flag" if kind == "switch" and "default" not in schema else kind


def chosen_values(options: Mapping[str, Any]) -> dict[str, str]:
    """Return options of a request as the form writes them."""
    values = {name: _text(value) for name, value in options.items() if name != "zones"}
    zones = options.get("zones")
    if isinstance(zones, list):
        values.pop("n_zones", None)
        if zones == [[0, 0, 0]]:
            values["zones"] = "first"
        elif 0 < len(zones) <= MAX_WRITTEN_ZONES:
            values |= {"zones": "chosen", "hkl": "; ".join(_text(zone) for zone in zones)}
        elif zones:
            values["n_zones"] = str(len(zones))
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:.12g}" if isinstance(value, float) else "" if value is None else str(value)
