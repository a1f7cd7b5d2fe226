"""Words of a simulation's options, on the page of a forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from frontend.client import Engine, JsonObject

CHOICES: dict[str, dict[str, str]] = {
    "dispersion": {"none": "None", "pbe": "DFT-D3(BJ), PBE"},
    "ensemble": {"nvt": "Keep the cell (NVT)", "npt": "Let the cell find its size (NPT)"},
    "production_ensemble": {"nve": "Constant energy (NVE)", "nvt": "Constant temperature (NVT)"},
}

OPTION_NAMES = {
    "n_beads": "beads",
    "replicas": "independent runs",
    "ensemble": "equilibration ensemble",
    "resolve_sites": "sites told apart",
}
"""Options whose names say little, as words."""


def told_options(options: Mapping[str, Any]) -> JsonObject:
    """Return the options that mean something: a cell that is kept meets no pressure."""
    return {name: value for name, value in options.items() if name != "pressure_gpa" or options["ensemble"] == "npt"}


def option_words(name: str, value: Any, engines: Sequence[Engine]) -> Any:
    """Return an option's value as words, where it is one of those that this part of the form asks for."""
    if name == "engine":
        return next((engine["title"] for engine in engines if engine["name"] == value), value)
    return CHOICES[name].get(value or "none", value) if name in CHOICES else value
