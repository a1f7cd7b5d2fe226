"""Suggested statements about measured data, where a file states nothing but its numbers or its title nearly prove it.

Nothing is applied: the preview offers them, and the user decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from backend.datasets.cleaning import UNUSUAL_ENERGY_MEV
from backend.datasets.conditions import Conditions, Statements
from backend.datasets.formats.reading import Raw
from scattering import instruments
from scattering.core.notices import Notice
from scattering.measured.units import energy_from

Field = Literal["x_unit", "instrument", "temperature_k"]

MAX_GAIN_FRACTION: Final = 0.02
"""Energies of gain, as a fraction of the largest energy, in a spectrum of a cold sample: −24 of 4000 cm⁻¹."""
OTHER_AXIS: Final = frozenset({"axis_not_energy", "several_units", "frequency_ambiguous", "inx_axis_doubtful"})
"""Notices about an axis whose unit the numbers alone do not prove."""
ENGLISH_WORDS: Final = frozenset({"LET", "MAPS", "VISION"})
"""Instruments that only capitals tell from a word."""
RUN_PREFIXES: Final = {
    "TSC": "TOSCA",
    "MAP": "MAPS",
    "MAR": "MARI",
    "MER": "MERLIN",
    "LET": "LET",
    "SEQ": "SEQUOIA",
    "ARCS": "ARCS",
    "CNCS": "CNCS",
    "HYS": "HYSPEC",
    "VIS": "VISION",
}
"""Beginning of the name of a run of ISIS or the SNS, before its number → instrument."""
_TEMPERATURE = re.compile(r"(?<![\w.])(\d{1,4}(?:\.\d{1,3})?)\s*K(?!\w)")
_RANGE = re.compile(r"\d\s*(?:[-–—]|to)\s*\d+(?:\.\d+)?\s*K(?!\w)")
MAX_TEMPERATURE_K: Final = 2000.0


@dataclass(frozen=True)
class Suggestion:
    """A value for a field of the form, with the reason."""

    field: Field
    value: str | float
    reason: Notice


def suggest(raw: Raw, statements: Statements, known: Conditions, file_name: str) -> list[Suggestion]:
    """Return suggestions for what neither the file nor the user states.

    Parameters
    ----------
    raw
        The spectrum or map as read.
    statements, known
        Of the user, and what follows from them and the file.
    file_name
        Name of the file, which may name instrument and temperature.
    """
    words = [raw.stated.title, raw.stated.heading, file_name.rpartition("/")[2].replace("_", " ")]
    found: list[Suggestion | None] = []
    another = any(notice.code in OTHER_AXIS for notice in raw.notices)
    if raw.x_unit is None and not statements.get("x_unit") and not another:
        found.append(_unit(raw.x))
    if known.instrument is None and not raw.stated.instrument and "instrument" not in statements:
        found.append(_instrument(words))
    if known.run.temperature_k is None and "temperature_k" not in statements.get("run", {}):
        found.append(_temperature(words))
    return [one for one in found if one is not None]


def _unit(x: NDArray[np.float64]) -> Suggestion | None:
    """Suggest cm⁻¹ where other units give energies that no spectrometer reaches, or (µeV) no elastic line."""
    finite = x[np.isfinite(x)]
    if not finite.size:
        return None
    low, high = float(finite.min()), float(finite.max())
    largest_mev = float(energy_from(np.array([high]), "cm-1")[0])
    if high <= UNUSUAL_ENERGY_MEV or largest_mev > UNUSUAL_ENERGY_MEV or low < -MAX_GAIN_FRACTION * high:
        return None
    facts = {"lowest": low, "highest": high, "unit": "cm-1", "highest_mev": largest_mev}
    return Suggestion("x_unit", "cm-1", Notice("unit_suggested", facts))


def _instrument(words: list[str]) -> Suggestion | None:
    named = {name: text for text in words for name in _instruments_in(text)}
    if len(named) != 1:
        return None
    ((name, text),) = named.items()
    return Suggestion("instrument", name, Notice("instrument_suggested", {"instrument": name, "words": text[:200]}))


def _instruments_in(text: str) -> Iterator[str]:
    for one in instruments.catalogue():
        if one.name.startswith("generic-"):
            continue
        flags = 0 if one.name in ENGLISH_WORDS else re.IGNORECASE
        if re.search(rf"(?<![a-zA-Z]){re.escape(one.name)}(?![a-zA-Z])", text, flags):
            yield one.name
    for prefix, name in RUN_PREFIXES.items():
        if re.search(rf"(?<![a-zA-Z]){prefix}\s?\d{{4,8}}(?!\d)", text):
            yield name


def _temperature(words: list[str]) -> Suggestion | None:
    found: dict[float, str] = {}
    for text in words:
        if _RANGE.search(text):
            return None
        found |= {float(match[1]): text for match in _TEMPERATURE.finditer(text)}
    if len(found) != 1:
        return None
    ((value, text),) = found.items()
    if not 0 < value <= MAX_TEMPERATURE_K:
        return None
    facts = {"temperature_k": value, "words": text[:200]}
    return Suggestion("temperature_k", value, Notice("temperature_suggested", facts))
