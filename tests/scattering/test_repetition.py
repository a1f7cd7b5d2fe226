"""Repetition-rate multiplication: the closed form, and PyChop's time-distance diagrams."""

import numpy as np
import pytest
from scipy.constants import milli, neutron_mass

from scattering import instruments
from scattering.core.constants import MEV
from scattering.instruments import repetition
from scattering.instruments.choppers import FermiPackage


def test_flight_time_is_the_definition() -> None:
    speed = np.sqrt(2 * 25.0 * MEV / neutron_mass)
    assert repetition.flight_time(10.0, 25.0) == pytest.approx(10 / speed, rel=1e-12)
    assert repetition.energy_from_flight_time(10.0, 10 / speed) == pytest.approx(25.0, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "settings", "pychop", "tolerance"),
    [
        # PyChop averages over a moderator pulse and rounds mₙ and h: 2e-3; its Fermi choppers' times are exact: 1e-4
        ("LET", {"e_init": 3.7}, [22.7789, 7.5215, 3.7021, 2.1959, 1.4518, 1.0306, 0.7693, 0.5961], 2e-3),
        ("LET", {"e_init": 15.0}, [15.0169, 5.8583, 3.0967, 1.9111, 1.2958, 0.9361, 0.7077, 0.5538], 2e-3),
        (
            "LET",
            {"e_init": 3.7, "chopper_package": "High Resolution"},
            [22.7628, 7.5184, 3.701, 2.1954, 1.4516, 1.0305, 0.7692, 0.596],
            2e-3,
        ),
        (
            "LET",
            {"e_init": 5.0, "resolution_frequency": 200, "pulse_remover_frequency": 100},
            [14.6892, 5.0039, 2.4944, 1.4898, 0.9893, 0.7043, 0.5269],
            2e-3,
        ),
        ("MERLIN", {"e_init": 100.0, "chopper_frequency": 300}, [100.0, 33.4374, 16.5419, 9.8389], 1e-4),
        ("MERLIN", {"e_init": 25.0, "chopper_frequency": 250}, [79.0439, 25.0, 12.0964, 7.1094], 1e-4),
        ("MARI", {"e_init": 100.0, "chopper_package": "G"}, [100.0, 22.9362, 9.9132, 3.4909], 1e-4),
        (
            "MARI",
            {"e_init": 30.0, "chopper_package": "G", "chopper_frequency": 200},
            [30.0, 11.7784, 6.2443, 2.6201],
            1e-4,
        ),
        ("MAPS", {"e_init": 400.0, "chopper_package": "S", "chopper_frequency": 200}, [400.0, 14.1742], 1e-4),
        ("CNCS", {"e_init": 12.0}, [12.0143], 2e-3),
        ("CNCS", {"e_init": 3.32}, [3.3221], 2e-3),
    ],
)
def test_the_same_energies_come_along_as_in_pychop(
    name: str, settings: dict[str, object], pychop: list[float], tolerance: float
) -> None:
    """PyChop: mducle/pychop e63b203, `getAllowedEi`."""
    found = repetition.repetitions(instruments.get(name), settings)
    assert found is not None
    np.testing.assert_allclose([rep.e_init for rep in found], pychop, rtol=tolerance)


@pytest.mark.parametrize(
    ("name", "settings", "openings_per_turn"),
    [
        ("LET", {"e_init": 3.7}, 2),
        ("MERLIN", {"e_init": 25.0, "chopper_frequency": 250}, 2),
        ("MERLIN", {"e_init": 500.0, "chopper_package": "S", "chopper_frequency": 250}, 1),
        ("MARI", {"e_init": 60.0, "chopper_package": "G", "chopper_frequency": 200}, 2),
    ],
)
def test_energies_go_as_the_inverse_square_of_the_opening_times(
    name: str, settings: dict[str, object], openings_per_turn: int
) -> None:
    instrument = instruments.get(name)
    checked = instrument.validate(settings)
    last = instrument.choppers[-1]
    found = repetition.repetitions(instrument, settings)
    assert found is not None
    assert len(found) > 1
    focus = last.distance / np.sqrt(2 * checked["e_init"] * MEV / neutron_mass)
    period = 1 / (openings_per_turn * last.frequency.of(checked))
    # E = E_i (t/(t + kT))² with a whole k
    turns = np.array([focus * (np.sqrt(checked["e_init"] / rep.e_init) - 1) / period for rep in found])
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-9)
    assert (np.diff(turns) > 0.5).all()


@pytest.mark.parametrize("instrument", instruments.catalogue(), ids=lambda instrument: instrument.name)
def test_the_chosen_energy_is_among_them_where_choppers_are_known(instrument: instruments.Instrument) -> None:
    found = repetition.repetitions(instrument, {})
    assert (found is not None) == (instrument.name in {"LET", "CNCS", "MARI", "MERLIN", "MAPS"})
    if found is None:
        return
    chosen = next(rep for rep in found if rep.e_init == instrument.defaults["e_init"])
    assert chosen.discs == pytest.approx(1.0)
    for rep in found:
        assert 0 < rep.transmission <= rep.discs <= 1 + 1e-12


def test_a_disc_with_a_delay_of_its_own_lets_the_chosen_energy_through() -> None:
    # MERLIN's opens 1.5 ms after the pulse, when neutrons of 400 meV have passed
    found = repetition.repetitions(instruments.get("MERLIN"), {"e_init": 400.0, "chopper_package": "S"})
    assert found is not None
    assert found[0].e_init == 400.0
    assert found[0].discs == 1.0


def test_fermi_chopper_transmits_best_what_it_is_curved_for() -> None:
    package = FermiPackage(slit=2.28, radius=49.0, curvature=1300.0, half_turn=False)
    frequency = 300.0
    # v = 2 ω ρ: the neutrons see straight slits
    best = neutron_mass * (4 * np.pi * frequency * package.curvature * milli) ** 2 / 2 / MEV
    assert repetition.fermi_transmission(package, frequency, best) == pytest.approx(1.0, rel=1e-12)
    energies = np.geomspace(best / 100, best * 100, 4001)
    share = np.array([repetition.fermi_transmission(package, frequency, energy) for energy in energies])
    assert share.min() == 0
    assert (np.diff(share[energies < best]) >= 0).all()
    assert (np.diff(share[energies > best]) <= 0).all()
    assert np.abs(np.diff(share)).max() < 0.01  # the pieces of the formula meet
