"""The temperature of a simulation, and the methods that suit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from scattering.core.notices import Notice
from scattering.instruments import Instrument
from scattering.options.names import Method
from scattering.sample.melting import find_melted

State = Literal["crystal", "liquid", "glass", "molecule"]
"""What the positions of a structure look like; a molecule is one in vacuum."""

DEFAULT_TEMPERATURE_K: Final = 300.0
COLD_TEMPERATURE_K: Final = 10.0
"""Temperature of a sample in a cryostat, for a compound that is not solid at the default temperature: our choice."""
MIN_CLASSICAL_K: Final = 100.0
"""Lowest temperature at which classical dynamics are suggested: our choice. kT is 8.6 meV there, about the energy of
lattice modes; colder modes are mostly in their ground state, which classical nuclei do not have."""


@dataclass(frozen=True)
class StatedTemperature:
    """A temperature that the user's structure states.

    Attributes
    ----------
    kelvin
        The temperature.
    place
        Where it is stated: "file", or "name" of the structure or of its file.
    """

    kelvin: float
    place: str


@dataclass(frozen=True)
class Suggestion:
    """Suggested temperature and methods of a forecast, with the reasons for them."""

    temperature_k: float
    methods: tuple[Method, ...]
    reasons: tuple[Notice, ...]


def suggest(
    instruments: Sequence[Instrument],
    formula: str,
    stated: StatedTemperature | None = None,
    requested_k: float | None = None,
    *,
    state: State = "crystal",
) -> Suggestion:
    """Suggest the temperature and the methods of a forecast for instruments.

    The temperature is the first of: the requested one; the one that the structure states, unless the compound melts
    below it; the usual one of the instruments, the lowest of several; the default, unless the compound melts below it.
    For a crystal, harmonic phonons are always suggested. Molecular dynamics are added if the sample is warm enough for
    classical nuclei and an instrument is not usually used with cold samples. A liquid needs molecular dynamics and is
    not frozen for an instrument. So does a glass; while it is cold, harmonic phonons of the cell are suggested, too. A
    molecule in vacuum has harmonic vibrations only: dynamics would let it turn and drift.

    Parameters
    ----------
    instruments
        Instruments of the forecast; none for the ideal spectrum.
    formula
        Formula of one molecule, or the reduced formula.
    stated
        Temperature that the structure states.
    requested_k
        Temperature that the user has chosen, K.
    state
        What the positions look like.
    """
    if state == "liquid":
        temperature, reasons = _liquid_temperature(stated, requested_k)
    else:
        temperature, reasons = _temperature(instruments, formula, stated, requested_k)
    methods, reason = _methods(instruments, temperature) if state == "crystal" else _methods_of(state, temperature)
    return Suggestion(temperature, methods, (*reasons, reason))


def _temperature(
    instruments: Sequence[Instrument], formula: str, stated: StatedTemperature | None, requested_k: float | None
) -> tuple[float, list[Notice]]:
    if requested_k is not None:
        return requested_k, [Notice("temperature_requested", {"temperature_k": requested_k})]
    cold = {one.name: one.sample_temperature for one in instruments if one.sample_temperature is not None}
    usual = min(cold.values(), default=None)
    reasons = []
    if stated is not None and not find_melted(formula, stated.kelvin):
        reasons.append(Notice("temperature_stated", {"temperature_k": stated.kelvin, "place": stated.place}))
        if usual is not None and stated.kelvin > usual:
            differ = {"instruments": list(cold), "usual_k": usual, "temperature_k": stated.kelvin}
            reasons.append(Notice("instruments_usually_colder", differ))
        return stated.kelvin, reasons
    if stated is not None:
        reasons.append(Notice("stated_temperature_not_solid", {"stated_k": stated.kelvin, "place": stated.place}))
    if usual is not None:
        reasons.append(Notice("temperature_of_instruments", {"temperature_k": usual, "instruments": list(cold)}))
        return usual, reasons
    if find_melted(formula, DEFAULT_TEMPERATURE_K):
        not_solid = {"temperature_k": COLD_TEMPERATURE_K, "default_k": DEFAULT_TEMPERATURE_K}
        return COLD_TEMPERATURE_K, [*reasons, Notice("default_temperature_not_solid", not_solid)]
    return DEFAULT_TEMPERATURE_K, [*reasons, Notice("default_temperature", {"temperature_k": DEFAULT_TEMPERATURE_K})]


def _liquid_temperature(stated: StatedTemperature | None, requested_k: float | None) -> tuple[float, list[Notice]]:
    if requested_k is not None:
        return requested_k, [Notice("temperature_requested", {"temperature_k": requested_k})]
    if stated is not None:
        return stated.kelvin, [Notice("temperature_stated", {"temperature_k": stated.kelvin, "place": stated.place})]
    return DEFAULT_TEMPERATURE_K, [Notice("default_temperature", {"temperature_k": DEFAULT_TEMPERATURE_K})]


def _methods_of(state: State, temperature_k: float) -> tuple[tuple[Method, ...], Notice]:
    """Return the methods for a structure that is no crystal, and the reason for them."""
    if state == "liquid":
        return ("md",), Notice("md_for_liquid")
    if state == "molecule":
        return ("harmonic",), Notice("harmonic_for_molecule")
    if temperature_k < MIN_CLASSICAL_K:
        return ("harmonic", "md"), Notice("harmonic_and_md_for_cold_glass", {"temperature_k": temperature_k})
    return ("md",), Notice("md_for_glass")


def _methods(instruments: Sequence[Instrument], temperature_k: float) -> tuple[tuple[Method, ...], Notice]:
    if temperature_k < MIN_CLASSICAL_K:
        return ("harmonic",), Notice("harmonic_for_cold_sample", {"temperature_k": temperature_k})
    if instruments and all(one.sample_temperature is not None for one in instruments):
        return ("harmonic",), Notice("harmonic_for_instruments", {"instruments": [one.name for one in instruments]})
    return ("harmonic", "md"), Notice("harmonic_and_md", {"temperature_k": temperature_k})
