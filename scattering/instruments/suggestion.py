"""Instrument settings to begin with, for a sample that vibrates up to a known energy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from scattering.core.errors import InvalidSettings
from scattering.instruments import Instrument, Setting, resolution

# fmt: off
INCIDENT_ENERGIES: Final = (
    2, 3, 5, 7, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1500,
)
# fmt: on
HEADROOM: Final = 1.15
"""Incident over highest energy: the top of the spectrum stays clear of the end of the range."""
WORTHWHILE: Final = 0.5
"""A cold-neutron spectrometer that shows less of the sample than that is used for what it does best instead."""


def suited_settings(instrument: Instrument, highest_energy: float) -> dict[str, Any]:
    """Return defaults that show all of the sample at the best resolution, as far as the instrument can.

    In direct geometry the lowest usual incident energy that shows all; where the choppers let nothing through at it,
    they turn slower or carry another package. Where even the highest shows less than half, the defaults. With
    monochromators, the one whose range holds the highest energy and begins lowest but well below it.

    Parameters
    ----------
    instrument
        Any; one without an incident energy or monochromator keeps its defaults.
    highest_energy
        Of the sample's vibrations, meV.
    """
    settings = instrument.defaults
    by_name = {setting.name: setting for setting in instrument.settings}
    if "monochromator" in by_name:
        return {**settings, "monochromator": _monochromator(instrument, highest_energy)}
    if "e_init" not in by_name:
        return settings
    possible = [energy for energy in INCIDENT_ENERGIES if by_name["e_init"].check(float(energy)) is None]
    enough = [energy for energy in possible if energy >= HEADROOM * highest_energy]
    if not enough and possible[-1] < WORTHWHILE * highest_energy:
        return settings
    for energy in enough or possible[-1:]:
        for variant in _chopper_variants(by_name):
            candidate = {**settings, "e_init": float(energy), **variant}
            try:
                resolution.sigma(instrument, candidate, np.zeros(1))
            except InvalidSettings:
                continue
            return candidate
    return settings


def _chopper_variants(settings: dict[str, Setting]) -> Iterator[dict[str, Any]]:
    """Chopper settings to try: the default package from the default frequency down, then the others."""
    package, frequency = settings.get("chopper_package"), settings.get("chopper_frequency")
    packages = [{}] if package is None else [{package.name: name} for name in _default_first(package)]
    for chosen in packages:
        if frequency is None or frequency.minimum is None or frequency.multiple_of is None:
            yield chosen
            continue
        for hertz in range(int(frequency.default), int(frequency.minimum) - 1, -frequency.multiple_of):
            yield {**chosen, frequency.name: hertz}


def _default_first(setting: Setting) -> list[str]:
    return sorted(setting.enum, key=lambda name: name != setting.default)


def _monochromator(instrument: Instrument, highest_energy: float) -> str:
    """The one that begins lowest of those that reach the highest energy, the default before others alike."""
    setting = next(setting for setting in instrument.settings if setting.name == "monochromator")
    ranges = {name: instrument.energy_range({"monochromator": name}) for name in _default_first(setting)}
    reaching = [name for name, (_, high) in ranges.items() if high >= highest_energy]
    return min(reaching, key=lambda name: ranges[name][0], default=str(setting.default))
