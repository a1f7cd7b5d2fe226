"""Settings to begin with."""

import numpy as np
import pytest

from scattering import instruments, protocol, resolution
from scattering.suggestion import suited_settings


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
@pytest.mark.parametrize("highest", [5.0, 30.0, 65.0, 170.0, 430.0, 5000.0])
def test_suited_settings_are_allowed_and_let_neutrons_through(
    instrument: instruments.Instrument, highest: float
) -> None:
    settings = suited_settings(instrument, highest)
    assert instrument.validate(settings) == settings
    assert np.isfinite(resolution.sigma(instrument, settings, np.array([0.0]))).all()


@pytest.mark.parametrize("name", ["MAPS", "ARCS"])
def test_the_whole_sample_is_seen_at_a_resolution_better_than_the_default(name: str) -> None:
    instrument = instruments.get(name)
    silicon = protocol.dynamics(np.array([14])).typical_mev
    settings = suited_settings(instrument, silicon)
    assert silicon < instrument.energy_range(settings)[1] < 2 * silicon
    energy = np.array([silicon])
    assert resolution.sigma(instrument, settings, energy) < 0.6 * resolution.sigma(instrument, {}, energy)
