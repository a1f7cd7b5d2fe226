"""Suggested temperature and methods of a forecast of a structure."""

from __future__ import annotations

from collections.abc import Sequence

from backend.kit.http.errors import Unprocessable
from backend.structures.condition import state_of
from backend.structures.tables import Structure
from backend.structures.temperatures import find_temperature
from scattering import instruments
from scattering.core.errors import UnknownInstrument
from scattering.instruments import Instrument
from scattering.options.temperature import StatedTemperature, Suggestion, suggest


def suggest_start(row: Structure, names: Sequence[str], temperature_k: float | None) -> Suggestion:
    """Suggest the temperature and the methods of a forecast.

    Parameters
    ----------
    row
        The structure.
    names
        Names of instruments, in any case.
    temperature_k
        Temperature that the user has chosen; None to suggest one.

    Raises
    ------
    Unprocessable
        There is no instrument of a name.
    """
    return suggest(
        [_instrument(name) for name in names],
        row.formula,
        _stated_temperature(row),
        temperature_k,
        state=state_of(row.warnings),
    )


def _stated_temperature(row: Structure) -> StatedTemperature | None:
    """Return the temperature in the file, or else in the name of the structure or of its file."""
    if row.temperature_k is not None:
        return StatedTemperature(row.temperature_k, "file")
    for text in (row.name, row.filename):
        if (temperature := find_temperature(text)) is not None:
            return StatedTemperature(temperature, "name")
    return None


def _instrument(name: str) -> Instrument:
    try:
        return instruments.get(name)
    except UnknownInstrument as error:
        raise Unprocessable.at("query.instruments", error.notice) from error
