"""Sentences about the temperature of a forecast: reasons for a suggestion, and warnings that a sample is not solid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.wording import Words
from backend.wording.formatting import SPACE, listed, number

_PLACES: Final = {"file": "in the file", "name": "in the name"}


def _kelvin(temperature_k: float) -> str:
    return f"{number(temperature_k, 4)}{SPACE}K"


def _above_melting_point(*, compound: str, formula: str, melting_k: float, temperature_k: float, certain: bool) -> str:
    return (
        f"{_subject(compound, formula, certain)} melts at {_kelvin(melting_k)} at atmospheric pressure, so it is a "
        f"liquid at {_kelvin(temperature_k)}. The forecast is that of a crystal: choose a lower temperature."
    )


def _above_boiling_point(*, compound: str, formula: str, boiling_k: float, temperature_k: float, certain: bool) -> str:
    return (
        f"{_subject(compound, formula, certain)} boils at {_kelvin(boiling_k)} at atmospheric pressure, so it is a gas "
        f"at {_kelvin(temperature_k)}. The forecast is that of a crystal: choose a lower temperature."
    )


def _subject(compound: str, formula: str, certain: bool) -> str:
    return compound[0].upper() + compound[1:] if certain else f"If {formula} is {compound}, it"


def _temperature_stated(*, temperature_k: float, place: str) -> str:
    return f"The temperature {_kelvin(temperature_k)} is stated {_PLACES[place]}."


def _stated_temperature_not_solid(*, stated_k: float, place: str) -> str:
    return f"The temperature {_kelvin(stated_k)}, stated {_PLACES[place]}, is not used: the sample would not be solid."


def _instruments_usually_colder(*, instruments: Sequence[str], usual_k: float, temperature_k: float) -> str:
    measure = "usually measures" if len(instruments) == 1 else "usually measure"
    return (
        f"{listed(instruments)} {measure} samples at about {_kelvin(usual_k)}: lines are sharper there than at "
        f"{_kelvin(temperature_k)}."
    )


def _temperature_of_instruments(*, temperature_k: float, instruments: Sequence[str]) -> str:
    measure = "usually measures" if len(instruments) == 1 else "usually measure"
    return f"{listed(instruments)} {measure} samples at about {_kelvin(temperature_k)}."


def _default_temperature_not_solid(*, temperature_k: float, default_k: float) -> str:
    return f"The sample may not be solid at {_kelvin(default_k)}, so {_kelvin(temperature_k)} is suggested."


def _harmonic_for_instruments(*, instruments: Sequence[str]) -> str:
    return (
        f"Harmonic phonons suit {listed(instruments)}: they include the zero-point motion that decides the spectrum of "
        "a cold sample."
    )


WORDS: Final[Mapping[str, Words]] = {
    "above_melting_point": _above_melting_point,
    "above_boiling_point": _above_boiling_point,
    "temperature_requested": "The temperature is the chosen one, {temperature_k:.4g}\u00a0K.",
    "temperature_stated": _temperature_stated,
    "stated_temperature_not_solid": _stated_temperature_not_solid,
    "instruments_usually_colder": _instruments_usually_colder,
    "temperature_of_instruments": _temperature_of_instruments,
    "default_temperature": "Nothing suggests another temperature than {temperature_k:.4g}\u00a0K, room temperature.",
    "default_temperature_not_solid": _default_temperature_not_solid,
    "harmonic_for_cold_sample": "At {temperature_k:.4g}\u00a0K, harmonic phonons are the best choice: most vibrations "
    "are in their ground state, which classical molecular dynamics does not describe.",
    "harmonic_for_instruments": _harmonic_for_instruments,
    "harmonic_and_md": "At {temperature_k:.4g}\u00a0K, molecular dynamics adds the anharmonicity that harmonic phonons "
    "lack: compare both.",
    "md_for_liquid": "The structure looks like a liquid: molecular dynamics moves its molecules, while harmonic "
    "phonons need atoms that stay at their places.",
    "md_for_glass": "The structure looks like a glass: molecular dynamics needs no symmetry and lets soft places "
    "relax. Use several independent runs.",
    "harmonic_and_md_for_cold_glass": "The structure looks like a glass, at {temperature_k:.4g}\u00a0K: harmonic "
    "phonons of the cell have the zero-point motion, molecular dynamics the soft places. Compare both.",
    "harmonic_for_molecule": "The structure is a molecule in vacuum: its spectrum has only the vibrations within "
    "the molecule. Lattice modes, at low energies, are missing: upload the crystal for them.",
}
