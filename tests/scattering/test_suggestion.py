"""Settings to begin with."""

import numpy as np
import pytest

from scattering import instruments
from scattering.instruments import resolution
from scattering.instruments.suggestion import suited_settings
from scattering.simulate import protocol


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
    silicon = protocol.time_scales(np.array([14])).typical_mev
    settings = suited_settings(instrument, silicon)
    assert silicon < instrument.energy_range(settings)[1] < 2 * silicon
    energy = np.array([silicon])
    assert resolution.sigma(instrument, settings, energy) < 0.6 * resolution.sigma(instrument, {}, energy)


@pytest.mark.parametrize(
    ("highest", "monochromator"), [(430.0, "Cu(220)"), (100.0, "Cu(220)"), (50.0, "Si(311)"), (10.0, "Si(111)")]
)
def test_the_monochromator_begins_as_low_as_it_can(highest: float, monochromator: str) -> None:
    assert suited_settings(instruments.get("Lagrange"), highest)["monochromator"] == monochromator


@pytest.mark.parametrize("name", ["LET", "CNCS", "HYSPEC"])
def test_cold_neutrons_stay_cold_where_they_cannot_show_the_sample(name: str) -> None:
    instrument = instruments.get(name)
    assert suited_settings(instrument, 430.0) == instrument.defaults
    shown = instrument.energy_range(suited_settings(instrument, 5.0))
    assert 5.0 < shown[1] < 10.0


def test_merlin_changes_its_chopper_for_high_energies() -> None:
    merlin = instruments.get("MERLIN")
    assert suited_settings(merlin, 65.0)["chopper_package"] == "G"
    assert suited_settings(merlin, 430.0)["chopper_package"] == "S"
