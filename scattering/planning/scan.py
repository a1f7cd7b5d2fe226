"""Settings to try: incident energies × chopper packages × frequencies of the available instruments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from scattering import instruments
from scattering.instruments import Instrument, Setting, flux

INCIDENT_HEADROOM: Final = 1.02
"""Lowest incident energy that is tried, over the lowest that a feature needs with its uncertainty."""
MAX_INCIDENT_RATIO: Final = 5.0
"""Largest incident energy over that: beyond, resolution gets worse, and only small |q| is gained."""
INCIDENT_STEP: Final = 1.2
"""Ratio between incident energies: less than the range over which a resolution changes noticeably."""
MAX_FREQUENCIES: Final = 5
MAX_ENERGIES: Final = 24
MAX_TUNED_ENERGIES: Final = 6
"""Features for each of which the lowest sufficient incident energy is tried."""


@dataclass(frozen=True)
class Trial:
    """Settings of one instrument that share an incident energy, or have none: they differ only in the choppers."""

    instrument: Instrument
    variants: tuple[dict[str, Any], ...]


def available_instruments(
    *, facilities: Sequence[str] = (), names: Sequence[str] = (), single_crystal: bool = False
) -> tuple[Instrument, ...]:
    """Return the instruments that a proposal can be for.

    Parameters
    ----------
    facilities
        How their facility's name begins, without regard to case; empty: any.
    names
        Of instruments; empty: any that runs.
    single_crystal
        Only those that map single crystals.

    Raises
    ------
    UnknownInstrument
        A name that is not in the catalogue.
    """
    chosen = [instruments.get(name) for name in names] or [
        one for one in instruments.catalogue() if one.can_be_asked_for
    ]
    begins = tuple(name.casefold() for name in facilities)
    return tuple(
        one
        for one in {one.name: one for one in chosen}.values()
        if (not begins or one.facility.casefold().startswith(begins)) and (one.single_crystals or not single_crystal)
    )


def settings_to_try(instrument: Instrument, energies: Sequence[float]) -> Iterator[Trial]:
    """Yield the settings of an instrument with which at least one energy transfer, in meV, lies in its range."""
    by_name = {setting.name: setting for setting in instrument.settings}
    if "monochromator" in by_name:
        for name in by_name["monochromator"].enum:
            settings = {**instrument.defaults, "monochromator": name}
            low, high = instrument.energy_range(settings)
            if any(low <= energy <= high for energy in energies):
                yield Trial(instrument, (settings,))
        return
    if "e_init" not in by_name:
        yield Trial(instrument, (instrument.defaults,))
        return
    choppers = list(_choppers(instrument, by_name))
    for incident in _incident_energies(instrument, by_name["e_init"], energies):
        variants = [{**instrument.defaults, "e_init": incident, **variant} for variant in choppers]
        limits = instrument.package_limits
        allowed = [
            one
            for one in variants
            if one.get("chopper_package") not in limits
            or limits[one["chopper_package"]][0] <= incident <= limits[one["chopper_package"]][1]
        ]
        if allowed:
            yield Trial(instrument, tuple(allowed))


def _incident_energies(instrument: Instrument, setting: Setting, energies: Sequence[float]) -> list[float]:
    assert setting.minimum is not None
    assert setting.maximum is not None
    needed = [energy / instrument.coverage.largest_energy_fraction for energy in energies]
    low = max(INCIDENT_HEADROOM * min(needed), setting.minimum)
    high = min(MAX_INCIDENT_RATIO * max(needed), setting.maximum)
    if high < low:
        return []
    n = min(int(np.ceil(np.log(high / low) / np.log(INCIDENT_STEP))) + 1, MAX_ENERGIES)
    tried = {_rounded(energy, np.round) for energy in np.geomspace(low, high, n)}
    # And the lowest that each feature needs; of too many, the highest and some between
    every = -(-len(needed) // MAX_TUNED_ENERGIES)
    tried |= {_rounded(INCIDENT_HEADROOM * energy, np.ceil) for energy in sorted(needed, reverse=True)[::every]}
    return sorted(energy for energy in tried if setting.check(energy) is None)


def _rounded(energy: float, rounded: Callable[[float], float]) -> float:
    """Two digits, and tenths below 10 meV."""
    step = 10.0 ** max(np.floor(np.log10(energy)) - 1, -1)
    return float(f"{rounded(energy / step) * step:.3g}")


def _choppers(instrument: Instrument, by_name: dict[str, Setting]) -> Iterator[dict[str, Any]]:
    """Packages and frequencies of the chopper that resolves; other settings keep their defaults."""
    package = by_name.get("chopper_package")
    frequency = by_name.get(flux.FREQUENCY_SETTING.get(instrument.name, "chopper_frequency"))
    for chosen in [{}] if package is None else [{package.name: name} for name in package.enum]:
        for turns in [{}] if frequency is None else [{frequency.name: hertz} for hertz in _frequencies(frequency)]:
            yield {**chosen, **turns}


def _frequencies(setting: Setting) -> list[int]:
    """Some of the frequencies that the chopper allows, always with the highest."""
    assert setting.minimum is not None
    assert setting.maximum is not None
    assert setting.multiple_of is not None
    low, high, step = int(setting.minimum), int(setting.maximum), setting.multiple_of
    allowed = list(range(-(-low // step) * step, high + 1, step))
    every = -(-len(allowed) // MAX_FREQUENCIES)
    return allowed[::-1][::every]
