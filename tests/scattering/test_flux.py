"""Flux: the table's own numbers, between and beyond them."""

import pytest

from scattering import flux, instruments
from scattering.errors import InvalidSettings


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        # PyChop (mducle/pychop e63b203), to four digits
        ("MAPS", {"e_init": 15.0, "chopper_package": "A", "chopper_frequency": 200}, 334.2),
        ("MAPS", {"e_init": 1000.0, "chopper_package": "S", "chopper_frequency": 600}, 2.1e4),
        ("MARI", {"e_init": 40.0, "chopper_package": "G", "chopper_frequency": 400}, 7724),
        ("MERLIN", {"e_init": 400.0, "chopper_package": "S", "chopper_frequency": 600}, 1.522e4),
        ("LET", {"e_init": 10.0, "chopper_package": "High Resolution"}, 3.49e4),
        ("CNCS", {"e_init": 5.0, "chopper_package": "High Flux"}, 1.537e5),
    ],
)
def test_flux_is_pychops_where_that_was_computed(name: str, settings: dict[str, object], expected: float) -> None:
    found = flux.flux(instruments.get(name), settings)
    assert found is not None
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.power == ("1 MW" if name == "CNCS" else "160 µA")
    assert found.relative_uncertainty == 1.0


def test_flux_lies_between_its_neighbours_and_falls_as_the_opening_time() -> None:
    maps = instruments.get("MAPS")

    def at(e_init: float, frequency: int) -> float:
        settings = {"e_init": e_init, "chopper_package": "A", "chopper_frequency": frequency}
        found = flux.flux(maps, settings)
        assert found is not None
        return found.value

    assert at(200.0, 400) != at(250.0, 400)
    assert min(at(200.0, 400), at(250.0, 400)) < at(220.0, 400) < max(at(200.0, 400), at(250.0, 400))
    assert min(at(200.0, 200), at(200.0, 400)) <= at(200.0, 300) <= max(at(200.0, 200), at(200.0, 400))
    assert at(200.0, 100) == pytest.approx(2 * at(200.0, 200), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("TOSCA", {}),
        ("VISION", {}),
        ("HYSPEC", {}),
        ("PANTHER", {}),
        ("generic-direct", {}),
        ("MAPS", {"e_init": 1500.0}),
        ("SEQUOIA", {"chopper_package": "High-Flux"}),
    ],
)
def test_unknown_flux_is_none(name: str, settings: dict[str, object]) -> None:
    assert flux.flux(instruments.get(name), settings) is None


def test_instruments_with_a_known_flux() -> None:
    known = {instrument.name for instrument in instruments.catalogue() if flux.known(instrument)}
    assert known == {"MAPS", "MARI", "MERLIN", "LET", "ARCS", "SEQUOIA", "CNCS"}


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(InvalidSettings):
        flux.flux(instruments.get("MAPS"), {"e_init": -1.0})
