"""Calibrations by the counts of a standard: closed forms, and counts that are given back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scattering import instruments
from scattering.core.bins import bin_widths
from scattering.core.errors import InvalidPlan
from scattering.core.notices import Notice
from scattering.observe.view import View
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import Specimen, Target, evaluate, rates_at_flux, shape_of
from scattering.planning.features import Feature
from scattering.planning.projection import weigh
from scattering.planning.standards import Band, calibrate_with_standard, plate_of_beam, vanadium
from scattering.sample import CONTAINERS
from tests.scattering.refusals import refused

from .planned import lines

SOURCE = Notice("calibrated_by_standard")
TOSCA, HYSPEC, MAPS = instruments.get("TOSCA"), instruments.get("HYSPEC"), instruments.get("MAPS")


def line_of_vanadium(mass_g: float = 2.0) -> Specimen:
    """A line at 40 meV, of vanadium's cross-section, in the beam of TOSCA."""
    return Specimen(
        plate_of_beam(TOSCA, CONTAINERS["vanadium"], mass_g), weigh(lines((40.0,), width=2.0), View()), None
    )


def calibrated(counts: float, *bands: Band, standard: Specimen | None = None, **more: Any) -> Calibration:
    stated = {"elastic_line": False, "relative_uncertainty": 0.2, "source": SOURCE, **more}
    return calibrate_with_standard(
        TOSCA, {}, bands or [Band(30.0, 50.0, counts)], standard or line_of_vanadium(), **stated
    )


def hours(calibration: Calibration, standard: Specimen) -> float:
    feature = Feature(40.0, True, "peak", 2.0, 0.0, 0.0, {})
    shape = shape_of(TOSCA, {}, standard, calibration)
    assert shape.basis == "calibrated"
    return evaluate(TOSCA, [{}], shape, [feature], [], Target(), calibration)[0].hours


def test_twice_the_counts_are_half_the_hours() -> None:
    standard = line_of_vanadium()
    once, twice = (hours(calibrated(counts), standard) for counts in (1e5, 2e5))
    assert once / twice == pytest.approx(2.0, rel=1e-9)


def test_the_standard_s_counts_are_given_back() -> None:
    """Also of another mass, in proportion: a thin plate shields nothing."""
    calibration = calibrated(1e5)
    for mass_g, counts in ((2.0, 1e5), (1.0, 0.5e5)):
        rates = calibration.rates(TOSCA, {}, line_of_vanadium().scattering, line_of_vanadium(mass_g).sample)
        total = float((rates.sample * bin_widths(rates.energy))[(rates.energy > 30) & (rates.energy < 50)].sum())
        assert total == pytest.approx(counts, rel=0.01 if mass_g == 1.0 else 1e-6)
    assert rates.basis == "calibrated"
    assert rates.relative_uncertainty == 0.2


def test_a_band_counts_atoms_and_area_in_closed_form() -> None:
    """C = κ N A σ/4π in a band with one line of area 1 per atom; the kinematic factor hardly varies over it."""
    standard = Specimen(line_of_vanadium(0.05).sample, weigh(lines((40.0,), width=0.5), View()), None)
    calibration = calibrated(1e5, standard=standard)
    assert calibration.kappa is not None
    cross_section = standard.sample.material.scattering_barn / (4 * np.pi)
    expected = 1e5 / (standard.sample.n_atoms * standard.sample.shielding(np.array([44.0]), 4.0)[0] * cross_section)
    assert calibration.kappa[0] == pytest.approx(expected, rel=0.03)
    assert calibration.energy.tolist() == [40.0]


def test_bands_are_stretches_of_the_spectrum_with_their_own_background() -> None:
    standard = Specimen(line_of_vanadium().sample, weigh(lines((40.0, 80.0), width=2.0), View()), None)
    single = calibrated(1e5, standard=standard)
    assert single.kappa is not None
    true = calibrated(0.0, Band(70.0, 90.0, 1e5), Band(30.0, 50.0, 3e5, 4000.0), standard=standard)
    assert true.kappa is not None
    assert true.energy.tolist() == [40.0, 80.0]
    assert true.kappa[0] == pytest.approx(3 * single.kappa[0], rel=1e-6)
    assert true.ambient.tolist() == [200.0, 0.0]


def test_the_elastic_line_of_vanadium_in_direct_geometry() -> None:
    """κ = C/(N A ⟨exp(−q²U)⟩ σ/4π): U = 3ħ²T/(M k Θ²) of a Debye solid far above its temperature."""
    settings = HYSPEC.defaults
    standard = vanadium(HYSPEC, 1.0, 300.0)
    made = calibrate_with_standard(
        HYSPEC, settings, [Band(-0.5, 0.5, 1e6)], standard, elastic_line=True, relative_uncertainty=0.1, source=SOURCE
    )
    assert made.kappa is not None
    sample, incident = standard.sample, float(settings["e_init"])
    shielded = sample.shielding(np.array([incident]), np.array([incident]))[0]
    atoms = sample.n_atoms * sample.illuminated_fraction(HYSPEC.beam) * shielded
    expected = 1e6 / (atoms * sample.material.scattering_barn / (4 * np.pi))
    # The Debye–Waller factor of vanadium at 300 K and these small |q| takes some per cent
    assert 1.0 < made.kappa[0] / expected < 1.15
    assert made.energy.tolist() == [0.0]
    given = made.rates(HYSPEC, settings, standard.scattering, sample)
    assert given.sample[0] * bin_widths(given.energy)[0] == pytest.approx(1e6, rel=0.05)


def test_vanadium_s_phonons_calibrate_tosca() -> None:
    standard = vanadium(TOSCA, 20.0, 20.0)
    made = calibrated(1e4, Band(15.0, 35.0, 1e4), standard=standard, elastic_line=True)
    given = made.rates(TOSCA, {}, standard.scattering, standard.sample)
    inside = (given.energy > 15) & (given.energy < 35)
    assert float((given.sample * bin_widths(given.energy))[inside].sum()) == pytest.approx(1e4, rel=0.02)


def test_a_known_flux_gets_a_factor() -> None:
    settings = {"e_init": 120.0, "chopper_package": "A", "chopper_frequency": 300}
    standard = vanadium(MAPS, 10.0, 300.0)
    rates = rates_at_flux(MAPS, settings, shape_of(MAPS, settings, standard, None), Target(), None)
    assert rates is not None
    widths = bin_widths(rates.energy)
    computed = float((rates.sample * widths)[(rates.energy > 10) & (rates.energy < 40)].sum())
    made = calibrate_with_standard(
        MAPS,
        settings,
        [Band(10.0, 40.0, 3 * computed)],
        standard,
        elastic_line=True,
        relative_uncertainty=0.2,
        source=SOURCE,
    )
    assert made.kappa is None
    assert made.factor == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize(
    ("bands", "loc", "code"),
    [
        ([Band(50.0, 30.0, 1.0)], "bands.0", "empty_band"),
        ([Band(30.0, 50.0, 1.0), Band(300.0, 400.0, 1.0)], "bands.1", "band_out_of_range"),
        ([Band(30.0, 50.0, 1.0), Band(49.0, 60.0, 1.0)], "bands", "bands_overlap"),
        ([Band(-1.0, 1.0, 1.0)], "bands.0", "elastic_band_of_forecast"),
        ([Band(60.0, 70.0, 1.0)], "bands.0", "no_standard_in_band"),
    ],
)
def test_bands_that_cannot_be(bands: list[Band], loc: str, code: str) -> None:
    with refused(InvalidPlan, loc, code):
        calibrated(0.0, *bands)


def test_the_elastic_line_tells_nothing_of_a_white_beam() -> None:
    with refused(InvalidPlan, "bands.0", "elastic_band_of_white_beam"):
        calibrated(0.0, Band(-1.0, 1.0, 1e5), standard=vanadium(TOSCA, 20.0, 20.0), elastic_line=True)
