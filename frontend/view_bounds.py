"""Bounds of the numbers of a view, from its JSON Schema, for controls and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

PATHS: Final[Mapping[str, Sequence[str]]] = {
    "energy_min": ("energy_mev", "min"),
    "energy_max": ("energy_mev", "max"),
    "q_min": ("q_inv_angstrom", "min"),
    "q_max": ("q_inv_angstrom", "max"),
    "energy_scale": ("energy_scale",),
    "fwhm_mev": ("fwhm_mev",),
}
"""Name of a control → place of its number in a view."""


class Bounds(NamedTuple):
    """Smallest and largest value."""

    min: float
    max: float


def view_bounds(schema: Mapping[str, Any]) -> dict[str, Bounds]:
    """Return the bounds of each control of a view."""
    return {name: _bounds(schema, path) for name, path in PATHS.items()}


def _bounds(schema: Mapping[str, Any], path: Sequence[str]) -> Bounds:
    place = schema
    for name in path:
        place = _resolve(schema, place)["properties"][name]
    return Bounds(place["minimum"], place["maximum"])


def _resolve(schema: Mapping[str, Any], place: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object that a place refers to; it may also be null."""
    for one in (place, *place.get("anyOf", ())):
        if "$ref" in one:
            return dict(schema["$defs"][one["$ref"].rpartition("/")[2]])
    return place
