"""Suggested instrument settings for a sample whose highest vibrational energy is known."""

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
"""Incident energy over highest energy: the top of the spectrum stays below the end of the range."""
MIN_SHOWN_FRACTION: Final = 0.5
"""Fraction of the sample's energies that the largest incident energy must show; otherwise the defaults are kept, as on
a cold-neutron spectrometer."""


def suited_settings(instrument: Instrument, highest_energy: float) -> dict[str, Any]:
    """Return the settings that show all vibrations of the sample at the best resolution, as far as possible.

    - Direct geometry: the lowest usual incident energy that shows all. If the choppers are opaque at that energy, a
      lower frequency or another package. If even the highest incident energy shows less than half, the defaults.
    - Monochromators: the one whose range includes the highest energy and starts lowest.
    - Other instruments: the defaults.

    Parameters
    ----------
    instrument
        Any instrument.
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
    if not enough and possible[-1] < MIN_SHOWN_FRACTION * highest_energy:
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
    """Yield the chopper settings to try: the default package from the default frequency down, then the others."""
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
    """Return the monochromator that reaches the highest energy and starts lowest; the default if several do."""
    setting = next(setting for setting in instrument.settings if setting.name == "monochromator")
    ranges = {name: instrument.energy_range({"monochromator": name}) for name in _default_first(setting)}
    reaching = [name for name, (_, high) in ranges.items() if high >= highest_energy]
    return min(reaching, key=lambda name: ranges[name][0], default=str(setting.default))
