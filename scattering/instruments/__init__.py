"""The instruments: one TOML file each in `data/`, read once, and the checks of their settings."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from scattering.errors import FieldError, InvalidSettings, UnknownInstrument

Geometry = Literal["direct", "indirect"]


@dataclass(frozen=True)
class Setting:
    """One thing that the user sets on the instrument, with what it allows."""

    name: str
    title: str
    description: str
    type: Literal["number", "integer", "string"]
    default: float | int | str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    multiple_of: int | None = None
    enum: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        schema: dict[str, Any] = {
            "title": self.title,
            "description": self.description,
            "type": self.type,
            "default": self.default,
        }
        for key, value in {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "multipleOf": self.multiple_of,
            "enum": list(self.enum) or None,
            "x-unit": self.unit,
        }.items():
            if value is not None:
                schema[key] = value
        return schema

    def check(self, value: Any) -> str | None:
        """Return what is wrong with a value and how to mend it, or None."""
        if self.type == "string":
            return None if value in self.enum else f"Choose one of {', '.join(self.enum)}."
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return f"{self.title} must be a number."
        if self.minimum is not None and self.maximum is not None and not self.minimum <= value <= self.maximum:
            return f"{self.title} must lie between {self.minimum:g} and {self.maximum:g} {self.unit}; it is {value:g}."
        if self.multiple_of is not None and value % self.multiple_of:
            return f"{self.title} must be a multiple of {self.multiple_of} {self.unit}; it is {value:g}."
        return None


@dataclass(frozen=True)
class Instrument:
    """A spectrometer: where it stands, what it reaches, how well it resolves, what can be set.

    Attributes
    ----------
    two_theta
        Smallest and largest scattering angle in degrees, or None where it measures along lines.
    lines
        Bank name → its scattering angle in degrees; empty for an instrument with continuous coverage.
    final_energy
        meV, indirect geometry only.
    largest_energy_fraction
        Largest energy transfer over incident energy, direct geometry only.
    incident_energies
        Monochromator → incident energies in meV, where an indirect instrument has monochromators.
    fixed_energy_range
        meV, where the range does not depend on settings.
    resolution_model
        Name of the ResINS model.
    relative_uncertainty
        Known relative uncertainty of the resolution model, or None where nobody has measured it.
    """

    name: str
    facility: str
    geometry: Geometry
    description: str
    citations: tuple[str, ...]
    settings: tuple[Setting, ...]
    resolution_model: str
    relative_uncertainty: float | None
    two_theta: tuple[float, float] | None
    lines: Mapping[str, float]
    final_energy: float | None
    largest_energy_fraction: float
    incident_energies: Mapping[str, tuple[float, float]]
    fixed_energy_range: tuple[float, float] | None

    @property
    def defaults(self) -> dict[str, Any]:
        """Setting name → its default."""
        return {setting.name: setting.default for setting in self.settings}

    @property
    def settings_schema(self) -> dict[str, Any]:
        """JSON Schema of the settings."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {setting.name: setting.schema for setting in self.settings},
        }

    def validate(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in defaults and check every setting.

        Raises
        ------
        InvalidSettings
            A setting that the instrument does not have, or a value outside what it allows.
        """
        known = {setting.name: setting for setting in self.settings}
        errors: list[FieldError] = []
        for name, value in settings.items():
            if name not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                errors.append({"loc": f"settings.{name}", "msg": f"{self.name} has no such setting; {has}."})
            elif (problem := known[name].check(value)) is not None:
                errors.append({"loc": f"settings.{name}", "msg": problem})
        if errors:
            raise InvalidSettings(errors)
        return {**self.defaults, **settings}

    def energy_range(self, settings: Mapping[str, Any]) -> tuple[float, float]:
        """Return the smallest and largest energy transfer in meV that is measured with validated settings."""
        if self.geometry == "direct":
            return 0.0, self.largest_energy_fraction * float(settings["e_init"])
        if self.fixed_energy_range is not None:
            return self.fixed_energy_range
        assert self.final_energy is not None
        low, high = self.incident_energies[settings["monochromator"]]
        return low - self.final_energy, high - self.final_energy


def _read(text: str) -> Instrument:
    raw = tomllib.loads(text)
    coverage, resolution = raw["coverage"], raw["resolution"]
    two_theta, energy = coverage.get("two_theta_deg"), coverage.get("energy_mev")
    return Instrument(
        name=raw["name"],
        facility=raw["facility"],
        geometry=raw["geometry"],
        description=raw["description"],
        citations=tuple(raw["citations"]),
        settings=tuple(
            Setting(name=name, **{**fields, "enum": tuple(fields.get("enum", ()))})
            for name, fields in raw["settings"].items()
        ),
        resolution_model=resolution["model"],
        relative_uncertainty=resolution.get("relative_uncertainty"),
        two_theta=(two_theta[0], two_theta[1]) if two_theta else None,
        lines=coverage.get("lines_deg", {}),
        final_energy=coverage.get("final_energy_mev"),
        largest_energy_fraction=coverage.get("largest_energy_fraction", 1.0),
        incident_energies={name: (low, high) for name, (low, high) in coverage.get("incident_energy_mev", {}).items()},
        fixed_energy_range=(energy[0], energy[1]) if energy else None,
    )


@cache
def catalogue() -> tuple[Instrument, ...]:
    """Return every instrument, sorted by name."""
    folder = resources.files(__package__) / "data"
    found = [_read(entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return tuple(sorted(found, key=lambda instrument: instrument.name))


def get(name: str) -> Instrument:
    """Return an instrument by name, without regard to case.

    Raises
    ------
    UnknownInstrument
        The catalogue has no such name.
    """
    for instrument in catalogue():
        if instrument.name.casefold() == name.casefold():
            return instrument
    raise UnknownInstrument(name, [instrument.name for instrument in catalogue()])
