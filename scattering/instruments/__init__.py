"""Catalogue of instruments, from one TOML file each in `data/`, and checks of their settings."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from scattering.core.errors import FieldError, InvalidSettings, UnknownInstrument, field_error
from scattering.core.notices import Notice
from scattering.instruments.choppers import Chopper, Repetition, read_choppers
from scattering.instruments.detectors import Detectors, read_detectors

Geometry = Literal["direct", "indirect"]

MAX_RELATIVE_GAIN: Final = 0.9
"""Largest energy gain over final energy of an indirect instrument whose limit is unknown: our choice. It leaves the
incident neutrons a tenth of the final energy."""
DEFAULT_BEAM_MM: Final = (40.0, 40.0)
"""Width and height of the beam at the sample of an instrument whose beam is unknown: our choice."""


@dataclass(frozen=True)
class Setting:
    """A setting of an instrument, with its allowed values."""

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

    def check(self, value: Any) -> Notice | None:
        """Return what is wrong with a value, or None."""
        if self.type == "string":
            return None if value in self.enum else Notice("unknown_choice", {"choices": list(self.enum)})
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return Notice("not_a_number")
        if self.minimum is not None and self.maximum is not None and not self.minimum <= value <= self.maximum:
            stated = {"minimum": self.minimum, "maximum": self.maximum, "value": value, "unit": self.unit}
            return Notice("out_of_range", stated)
        if self.multiple_of is not None and value % self.multiple_of:
            return Notice("not_a_multiple", {"factor": self.multiple_of, "value": value, "unit": self.unit})
        return None


@dataclass(frozen=True)
class Resolution:
    """Basis of the energy resolution of an instrument.

    Attributes
    ----------
    model
        A model of ResINS ("PyChop_fit", "AbINS"), or a model of `resolution.py` ("quadrature", "chopper").
    numbers
        Parameters of a model of `resolution.py` that no setting gives.
    relative_uncertainty
        Known relative uncertainty of the width, or None if nobody has measured it.
    notes
        Limitations that a user should know.
    """

    model: str
    numbers: Mapping[str, float]
    relative_uncertainty: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """Angles and energies that the detectors cover: numbers, or the names of the settings that hold them.

    Attributes
    ----------
    two_theta
        Smallest and largest scattering angle in degrees with the default settings, or None if the instrument measures
        along lines.
    two_theta_settings
        The two settings that hold these angles instead.
    two_theta_centre
        The setting with the centre of a movable bank, and half the width of the bank in degrees.
    lines
        Bank name → its scattering angle in degrees; empty for an instrument with continuous coverage.
    final_energy
        meV, indirect geometry only; the default if `final_energy_setting` holds it.
    largest_energy_fraction
        Largest energy transfer over incident energy, direct geometry only.
    incident_energies
        Monochromator → incident energies in meV, for an indirect instrument with monochromators.
    energy
        Smallest and largest energy loss in meV, for an indirect instrument with a fixed range.
    energy_settings
        The two settings that hold these energies instead.
    gain
        meV, ≤ 0: the lowest energy transfer of an indirect instrument with a fixed range.
    """

    two_theta: tuple[float, float] | None
    two_theta_settings: tuple[str, str] | None
    two_theta_centre: tuple[str, float] | None
    lines: Mapping[str, float]
    final_energy: float | None
    final_energy_setting: str | None
    largest_energy_fraction: float
    incident_energies: Mapping[str, tuple[float, float]]
    energy: tuple[float, float] | None
    energy_settings: tuple[str, str] | None
    gain: float | None


@dataclass(frozen=True)
class Instrument:
    """A spectrometer: facility, coverage, resolution, settings.

    Attributes
    ----------
    flight_paths
        Name of a flight path → its length in metres, if published.
    choppers
        From the source on, if the incident energies that they transmit together are known; otherwise empty.
    repetition
        Pulses of the source; None without `choppers`.
    package_limits
        Chopper package → range of incident energies in meV; a package without an entry serves all.
    detectors
        The detectors; None if they are unknown, or known only together with the reflectivity of the analysers.
    beam
        Width and height of the beam at the sample, mm.
    sample_temperature
        Usual temperature of its samples, K, if it is nearly always used with cold samples; otherwise None.
    single_crystals
        Whether it maps single crystals: in direct geometry with position-sensitive detectors.
    retired
        Whether it is kept only for past data.
    """

    name: str
    facility: str
    geometry: Geometry
    description: str
    citations: tuple[str, ...]
    flight_paths: Mapping[str, float]
    settings: tuple[Setting, ...]
    coverage: Coverage
    resolution: Resolution
    choppers: tuple[Chopper, ...]
    repetition: Repetition | None
    package_limits: Mapping[str, tuple[float, float]]
    detectors: Detectors | None
    beam: tuple[float, float]
    sample_temperature: float | None
    single_crystals: bool
    retired: bool

    @property
    def can_be_asked_for(self) -> bool:
        """Whether users can apply for beam time: a real instrument that still runs."""
        return not self.retired and self.facility != "Any"

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
            The instrument lacks a setting, or a value is not allowed.
        """
        known = {setting.name: setting for setting in self.settings}
        errors: list[FieldError] = []
        for name, value in settings.items():
            if name not in known:
                unknown = Notice("unknown_setting", {"instrument": self.name, "known": list(known)})
                errors.append(field_error(f"settings.{name}", unknown))
            elif (problem := known[name].check(value)) is not None:
                errors.append(field_error(f"settings.{name}", problem))
        if not errors:
            errors = self._contradictions({**self.defaults, **settings})
        if errors:
            raise InvalidSettings(errors)
        return {**self.defaults, **settings}

    def _contradictions(self, settings: Mapping[str, Any]) -> list[FieldError]:
        """Return errors of settings that are not allowed together."""
        errors: list[FieldError] = []
        titles = {setting.name: setting.title for setting in self.settings}
        for pair in (self.coverage.two_theta_settings, self.coverage.energy_settings):
            if pair is not None and settings[pair[0]] >= settings[pair[1]]:
                stated = {"setting": titles[pair[1]], "lower": titles[pair[0]], "lower_value": settings[pair[0]]}
                errors.append(field_error(f"settings.{pair[1]}", Notice("setting_not_above", stated)))
        package = settings.get("chopper_package")
        low, high = self.package_limits.get(str(package), (0.0, math.inf))
        if not low <= settings.get("e_init", low) <= high:
            stated = {"package": package, "minimum_mev": low, "maximum_mev": high}
            errors.append(field_error("settings.e_init", Notice("energy_unsuited_to_package", stated)))
        return errors

    @property
    def lines(self) -> Mapping[str, float]:
        """Bank name → its scattering angle in degrees; empty for an instrument with continuous coverage."""
        return self.coverage.lines

    def two_theta(self, settings: Mapping[str, Any]) -> tuple[float, float] | None:
        """Return the smallest and largest scattering angle in degrees with validated settings.

        None if the instrument measures along lines.
        """
        if (names := self.coverage.two_theta_settings) is not None:
            return float(settings[names[0]]), float(settings[names[1]])
        if self.coverage.two_theta_centre is not None:
            name, half = self.coverage.two_theta_centre
            return float(settings[name]) - half, float(settings[name]) + half
        return self.coverage.two_theta

    def final_energy(self, settings: Mapping[str, Any]) -> float | None:
        """Return the final energy in meV with validated settings; None in direct geometry, where it varies."""
        if (name := self.coverage.final_energy_setting) is not None:
            return float(settings[name])
        return self.coverage.final_energy

    def energy_range(self, settings: Mapping[str, Any]) -> tuple[float, float]:
        """Return the smallest and largest measured energy loss in meV with validated settings.

        This is the default range of a figure; the smallest loss is 0 or more.
        """
        low, high = self.measured_range(settings)
        if self.coverage.energy is not None:
            low = self.coverage.energy[0]
        return max(low, 0.0), high

    def measured_range(self, settings: Mapping[str, Any]) -> tuple[float, float]:
        """Return the lowest and highest measured energy transfer in meV with validated settings.

        The lowest is below 0 if the instrument records energy gain too. In direct geometry only intensity (detailed
        balance) and resolution limit the gain. The width grows as E_f^{3/2}: at a gain of E_i it is about 2^{3/2} times
        the elastic width, and the range ends there. In indirect geometry the incident energy E_i = E_f + ω must be
        positive and pass the monochromator.
        """
        if self.geometry == "direct":
            incident = float(settings["e_init"])
            return -incident, self.coverage.largest_energy_fraction * incident
        final = self.final_energy(settings)
        assert final is not None
        if self.coverage.energy is not None:
            low, high = self.coverage.energy
            return (low if self.coverage.gain is None else self.coverage.gain), high
        if (names := self.coverage.energy_settings) is not None:
            return max(float(settings[names[0]]), -MAX_RELATIVE_GAIN * final), float(settings[names[1]])
        low, high = self.coverage.incident_energies[settings["monochromator"]]
        return low - final, high - final


def _pair(values: Sequence[Any] | None) -> Any:
    return None if values is None else (values[0], values[1])


def _coverage(raw: Mapping[str, Any]) -> Coverage:
    centre = raw.get("two_theta_centre")
    return Coverage(
        two_theta=_pair(raw.get("two_theta_deg")),
        two_theta_settings=_pair(raw.get("two_theta_settings")),
        two_theta_centre=(centre["setting"], centre["half_width_deg"]) if centre else None,
        lines=raw.get("lines_deg", {}),
        final_energy=raw.get("final_energy_mev"),
        final_energy_setting=raw.get("final_energy_setting"),
        largest_energy_fraction=raw.get("largest_energy_fraction", 1.0),
        incident_energies={name: _pair(pair) for name, pair in raw.get("incident_energy_mev", {}).items()},
        energy=_pair(raw.get("energy_mev")),
        energy_settings=_pair(raw.get("energy_settings")),
        gain=raw.get("gain_mev"),
    )


def _read(text: str) -> Instrument:
    raw = tomllib.loads(text)
    resolution = dict(raw["resolution"])
    repetition = raw.get("repetition")
    detectors = read_detectors(raw.get("detectors"))
    return Instrument(
        name=raw["name"],
        facility=raw["facility"],
        geometry=raw["geometry"],
        description=raw["description"],
        citations=tuple(raw["citations"]),
        flight_paths=raw.get("flight_paths_m", {}),
        settings=tuple(
            Setting(name=name, **{**fields, "enum": tuple(fields.get("enum", ()))})
            for name, fields in raw["settings"].items()
        ),
        coverage=_coverage(raw["coverage"]),
        resolution=Resolution(
            model=resolution.pop("model"),
            relative_uncertainty=resolution.pop("relative_uncertainty", None),
            notes=tuple(resolution.pop("notes", ())),
            numbers=resolution,
        ),
        choppers=read_choppers(raw.get("choppers", ())),
        repetition=Repetition(repetition["source_frequency_hz"], repetition["frames"]) if repetition else None,
        package_limits={name: _pair(limits) for name, limits in raw.get("package_limits_mev", {}).items()},
        detectors=detectors,
        beam=detectors.beam if detectors is not None else _pair(raw.get("beam_mm", DEFAULT_BEAM_MM)),
        sample_temperature=raw.get("sample", {}).get("temperature_k"),
        single_crystals=raw.get("single_crystals", False),
        retired=raw.get("retired", False),
    )


@cache
def catalogue() -> tuple[Instrument, ...]:
    """Return all instruments, sorted by name."""
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
