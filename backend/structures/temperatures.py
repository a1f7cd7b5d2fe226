"""Temperatures in the names of structures and files."""

from __future__ import annotations

import re
from typing import Final

from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K

_TEMPERATURE: Final = re.compile(
    # No part of a formula: "Na5 K", "(NH4)2 K", "Na 4 K 4"
    r"(?<![A-Za-z0-9.)\]])([0-9]{1,4}(?:\.[0-9]+)?)(?:\([0-9]+\))?[\s_]*K(?:elvin)?(?![A-Za-z0-9])(?!\s*[0-9])"
)


def find_temperature(text: str) -> float | None:
    """Return the temperature in K that a text states, such as "benzene 123K" or "at 100 K".

    None if it states no temperature, several, or one outside the range of forecasts.
    """
    stated = {float(number) for number in _TEMPERATURE.findall(text)}
    if len(stated) != 1:
        return None
    (temperature,) = stated
    return temperature if MIN_TEMPERATURE_K <= temperature <= MAX_TEMPERATURE_K else None
