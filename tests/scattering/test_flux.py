"""Flux: the table's own numbers, between and beyond them."""

import numpy as np
import pytest

from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidSettings
from scattering.instruments import flux, resolution


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
    known = {instrument.name for instrument in instruments.catalogue() if flux.is_published(instrument)}
    assert known == {"MAPS", "MARI", "MERLIN", "LET", "ARCS", "SEQUOIA", "CNCS"}


def test_fluxes_of_mari_are_the_published_ones_within_their_uncertainty() -> None:
    """The table on MARI's page at ISIS: package, width over E_i, flux in 10⁴ n/cm²/s at an E_i in meV.

    The frequencies are not given: those are taken at which the width is nearest to the published one. At 7 meV that
    is below the frequencies of the table.
    """
    published = {
        ("G", 0.04): {25.0: 1.4, 100.0: 0.9},
        ("S", 0.05): {25.0: 1.5, 100.0: 0.9, 500.0: 1.3},
        ("A", 0.025): {100.0: 0.3, 500.0: 0.4},
        ("R", 0.04): {25.0: 0.8, 100.0: 0.5, 500.0: 0.7},
    }
    mari = instruments.get("MARI")
    ratios = []
    for (package, width), values in published.items():
        for e_init, value in values.items():
            best: tuple[float, float] | None = None
            for frequency in range(50, 601, 50):
                settings = {"e_init": e_init, "chopper_package": package, "chopper_frequency": frequency}
                try:
                    fwhm = FWHM_PER_SIGMA * float(resolution.sigma(mari, settings, np.zeros(1))[0]) / e_init
                except InvalidSettings:  # no transmission
                    continue
                found = flux.flux(mari, settings)
                assert found is not None
                if best is None or abs(np.log(fwhm / width)) < best[0]:
                    best = abs(np.log(fwhm / width)), found.value / (1e4 * value)
            assert best is not None
            assert best[0] < 0.11  # the widths, published to a digit
            ratios.append(best[1])
    assert len(ratios) == 10
    factors = np.exp(np.abs(np.log(ratios)))
    assert (factors < 1 + flux.RELATIVE_UNCERTAINTY).sum() == 8
    assert factors.max() < 2.4


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(InvalidSettings):
        flux.flux(instruments.get("MAPS"), {"e_init": -1.0})
