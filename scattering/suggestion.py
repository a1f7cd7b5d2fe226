"""Instrument settings to begin with, for a sample that vibrates up to a known energy."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from scattering import resolution
from scattering.errors import InvalidSettings
from scattering.instruments import Instrument

INCIDENT_ENERGIES: Final = (
    15,
    20,
    25,
    30,
    40,
    50,
    60,
    80,
    100,
    120,
    150,
    200,
    250,
    300,
    400,
    500,
    600,
    800,
    1000,
    1500,
)
HEADROOM: Final = 1.15
"""Incident over highest energy: the top of the spectrum stays clear of the end of the range."""


def suited_settings(instrument: Instrument, highest_energy: float) -> dict[str, Any]:
    """Return defaults with the lowest usual incident energy that shows all of the sample, for the best resolution.

    Where the choppers let nothing through at that energy, they turn slower.

    Parameters
    ----------
    instrument
        Any; one without an incident energy keeps its defaults.
    highest_energy
        Of the sample's vibrations, meV.
    """
    settings = instrument.defaults
    incident = next((setting for setting in instrument.settings if setting.name == "e_init"), None)
    if incident is None:
        return settings
    possible = [energy for energy in INCIDENT_ENERGIES if incident.check(float(energy)) is None]
    settings["e_init"] = float(next((e for e in possible if e >= HEADROOM * highest_energy), possible[-1]))
    chopper = next((setting for setting in instrument.settings if setting.name == "chopper_frequency"), None)
    if chopper is None or chopper.minimum is None or chopper.multiple_of is None:
        return settings
    for frequency in range(int(chopper.default), int(chopper.minimum) - 1, -chopper.multiple_of):
        try:
            resolution.sigma(instrument, {**settings, chopper.name: frequency}, np.zeros(1))
        except InvalidSettings:
            continue
        return {**settings, chopper.name: frequency}
    return instrument.defaults
