"""Published flux at the sample."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.instruments import Instrument

POWER: Final = {"ISIS": "160 µA", "SNS": "1 MW"}
"""Facility → nominal source power, the beam current or power of its published fluxes."""
RELATIVE_UNCERTAINTY: Final = 1.0
"""A factor of two: eight of ten published fluxes of MARI lie within it (the others within 2.4), and PyChop's files of
the SNS state it as their uncertainty."""
FREQUENCY_SETTING: Final = {"LET": "resolution_frequency", "CNCS": "resolution_disk_frequency"}
"""Setting of the frequency in the table, if it is not `chopper_frequency`."""


@dataclass(frozen=True)
class Flux:
    """Flux at the sample.

    Attributes
    ----------
    value
        n/cm²/s.
    relative_uncertainty
        1 is a factor of two to either side.
    power
        Nominal source power of the value, as text.
    """

    value: float
    relative_uncertainty: float
    power: str


_Table = Mapping[float, tuple[NDArray[np.float64], NDArray[np.float64]]]


@cache
def _tables() -> Mapping[tuple[str, str], _Table]:
    """Return (instrument, package) → frequency in Hz → incident energies in meV, ascending, and fluxes."""
    text = (resources.files("scattering.instruments") / "data" / "flux.csv").read_text("utf-8")
    rows: dict[tuple[str, str], dict[float, list[tuple[float, float]]]] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        over_frequency = rows.setdefault((row["instrument"], row["package"]), {})
        pair = float(row["ei_mev"]), float(row["flux_n_cm2_s"])
        over_frequency.setdefault(float(row["frequency_hz"]), []).append(pair)
    return {key: {frequency: _columns(pairs) for frequency, pairs in table.items()} for key, table in rows.items()}


def _columns(pairs: list[tuple[float, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    energies, fluxes = np.array(sorted(pairs)).T
    return energies, fluxes


def is_published(instrument: Instrument) -> bool:
    """Return whether any flux of an instrument is published."""
    return any(name == instrument.name for name, _ in _tables())


def flux(instrument: Instrument, settings: Mapping[str, Any]) -> Flux | None:
    """Return the flux at the sample with given settings.

    It is interpolated in the logarithms of flux, incident energy and frequency. Beyond the frequencies of the table the
    opening time of the chopper, and with it the flux, goes as 1/frequency.

    Parameters
    ----------
    instrument, settings
        An instrument and its settings; a missing setting has its default.

    Returns
    -------
    None if the table lacks the instrument, the package or the incident energy.

    Raises
    ------
    InvalidSettings
        The instrument does not allow the settings.

    References
    ----------
    PyChop (https://github.com/mducle/pychop, e63b203): measured spectra of the moderators, times the transmission of
    the choppers.
    """
    checked = instrument.validate(settings)
    package = str(checked.get("chopper_package"))
    if (instrument.name, package) not in _tables():
        return None
    frequencies, logarithms = _over_frequency(instrument.name, package, float(checked["e_init"]))
    if not len(frequencies):
        return None
    frequency = float(checked[FREQUENCY_SETTING.get(instrument.name, "chopper_frequency")])
    nearest = min(max(frequency, frequencies[0]), frequencies[-1])
    value = float(np.exp(np.interp(np.log(nearest), np.log(frequencies), logarithms))) * nearest / frequency
    return Flux(value, RELATIVE_UNCERTAINTY, POWER[instrument.facility.split(",")[0]])


@lru_cache(maxsize=4096)
def _over_frequency(name: str, package: str, incident: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the tabulated frequencies in Hz and the logarithm of the flux at an incident energy in meV, if any."""
    at = {
        tabulated: float(np.exp(np.interp(np.log(incident), np.log(energies), np.log(fluxes))))
        for tabulated, (energies, fluxes) in _tables()[name, package].items()
        if energies[0] <= incident <= energies[-1]
    }
    frequencies = np.array(sorted(at))
    return frequencies, np.log([at[tabulated] for tabulated in frequencies])
