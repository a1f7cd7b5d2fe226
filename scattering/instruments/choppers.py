"""Choppers of a direct-geometry spectrometer, as its data file describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Frequency:
    """Frequency of a chopper: a constant in Hz, or a multiple of a setting."""

    constant: float
    setting: str | None
    factor: float

    def of(self, settings: Mapping[str, Any]) -> float:
        """Return the frequency in Hz with validated settings."""
        return self.constant if self.setting is None else self.factor * float(settings[self.setting])


@dataclass(frozen=True)
class FermiPackage:
    """Slits of a Fermi chopper: width, radius, curvature in mm. With `half_turn` they transmit twice in a turn."""

    slit: float
    radius: float
    curvature: float
    half_turn: bool


@dataclass(frozen=True)
class Chopper:
    """A disc chopper (one disc or a counter-rotating pair), or a Fermi chopper.

    Attributes
    ----------
    distance
        Distance from the moderator, metres.
    slot_width, guide_width, radius
        mm. The chopper is at least partly open while slot and guide overlap.
    discs
        2 for a counter-rotating pair, whose edges meet at twice the speed.
    slot_angles
        Degrees. The chopper is phased so that slot `focus_slot` is open for neutrons of the chosen energy.
    opens
        Opening time after the pulse, µs; None for a chopper that is phased to the chosen energy.
    slot_width_of_package, frequency_of_package
        Values that depend on the chopper package.
    packages
        Packages of a Fermi chopper; empty for discs.
    """

    name: str
    distance: float
    frequency: Frequency
    slot_width: float
    guide_width: float
    radius: float
    discs: int
    slot_angles: tuple[float, ...]
    focus_slot: int
    opens: float | None
    slot_width_of_package: Mapping[str, float]
    frequency_of_package: Mapping[str, Frequency]
    packages: Mapping[str, FermiPackage]


@dataclass(frozen=True)
class Repetition:
    """Frequency of the source (Hz), and number of pulses over which slow neutrons are followed."""

    source_frequency: float
    frames: int


def _frequency(raw: Any) -> Frequency:
    if isinstance(raw, Mapping):
        return Frequency(0.0, str(raw["setting"]), float(raw["factor"]))
    return Frequency(float(raw), None, 1.0)


def _read(raw: Mapping[str, Any]) -> Chopper:
    packages = {
        name: FermiPackage(package["slit_mm"], package["radius_mm"], package["curvature_mm"], package["half_turn"])
        for name, package in raw.get("packages", {}).items()
    }
    slots = raw.get("slots", 1)
    angles = raw.get("slot_angles_deg", [360.0 * slot / slots for slot in range(slots)])
    return Chopper(
        name=raw["name"],
        distance=raw["distance_m"],
        frequency=_frequency(raw.get("frequency", raw.get("frequency_hz"))),
        slot_width=raw.get("slot_width_mm", 0.0),
        guide_width=raw.get("guide_width_mm", 0.0),
        radius=raw.get("radius_mm", 0.0),
        discs=raw.get("discs", 1),
        slot_angles=tuple(angles),
        focus_slot=raw.get("focus_slot", 0),
        opens=raw.get("opens_us"),
        slot_width_of_package=raw.get("slot_width_mm_of_package", {}),
        frequency_of_package={name: _frequency(law) for name, law in raw.get("frequency_of_package", {}).items()},
        packages=packages,
    )


def read_choppers(raw: Sequence[Mapping[str, Any]]) -> tuple[Chopper, ...]:
    """Return the choppers in the data file of an instrument, from the moderator on."""
    return tuple(_read(chopper) for chopper in raw)
