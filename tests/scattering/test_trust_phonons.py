"""Measured phonons as they are tabulated, comparisons with them, and grades."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scattering.core.notices import Notice
from scattering.trust.calibration import Spread
from scattering.trust.grade import (
    MIN_RELATIVE_ERROR,
    UNCALIBRATED_RELATIVE_ERROR,
    Evidence,
    grade,
    objections,
)
from scattering.trust.measured_phonons import Comparison, Material, compare, find_material, materials
from scattering.trust.trained import GIVEN_RELATIVE_ERROR, TrainedErrors, own_error, reference_error

SPREAD = Spread("ionic", False, relative=0.17, relative_95=0.4, scatter=0.08, n_crystals=14)


def material(name: str) -> Material:
    return next(one for one in materials() if one.name == name)


def scaled(name: str, factor: float | np.ndarray) -> dict[str, list[float]]:
    """Phonons that are so many times the measured ones; the acoustic ones at Γ next to 0."""
    return {
        point: list(np.sort(np.concatenate([[energy or 1e-4] * n for n, energy in lines])) * factor)
        for point, lines in material(name).modes.items()
    }


def compared(name: str, factor: float) -> Comparison:
    found = compare(material(name), scaled(name, factor))
    assert found is not None
    return found


@pytest.mark.parametrize("one", materials(), ids=lambda one: one.name)
def test_the_table_holds_what_a_crystal_can_have(one: Material) -> None:
    """Three modes an atom of the primitive cell, by rising energy."""
    # One formula unit a primitive cell in these lattices, two atoms in diamond's
    n_atoms = sum(one.formula.values()) * (2 if one.space_group == 227 else 1)
    for lines in one.modes.values():
        assert sum(degeneracy for degeneracy, _ in lines) == 3 * n_atoms
        energies = [energy for _, energy in lines if energy]
        assert energies == sorted(energies)
    assert one.source
    assert 5 < one.volume_per_atom < 80


@pytest.mark.parametrize("one", materials(), ids=lambda one: one.name)
def test_every_number_was_read_somewhere_or_is_marked(one: Material) -> None:
    assert set(one.unverified) <= set(one.modes)
    assert bool(one.read_at) == (set(one.unverified) != set(one.modes))


@pytest.mark.parametrize(
    ("heavy", "light"), [("germanium", "silicon"), ("gold", "silver"), ("potassium bromide", "potassium chloride")]
)
def test_heavier_crystals_of_a_kind_vibrate_more_slowly(heavy: str, light: str) -> None:
    """At every line of theirs, and no slower than by twice what the masses alone do."""
    pairs = compare(material(light), scaled(heavy, 1.0))
    assert pairs is not None
    assert max(pairs.ratios) < 1
    assert min(pairs.ratios) > 0.4


@pytest.mark.parametrize("name", ["aluminium", "copper", "nickel", "palladium", "platinum", "gold"])
def test_cubic_close_packed_metals_are_near_to_springs_between_neighbours(name: str) -> None:
    """Central springs between nearest neighbours have ω² at X and L as 8 : 4 and 8 : 2 for the longitudinal mode.

    Real metals deviate by up to a quarter in ω; a line that was typed wrongly, or in another unit, would by more.
    """
    modes = material(name).modes
    (_, x_transverse), (_, x_longitudinal) = modes["X"]
    (_, l_transverse), (_, l_longitudinal) = modes["L"]
    assert x_longitudinal / l_longitudinal == pytest.approx(1, rel=0.05)
    assert x_transverse / x_longitudinal == pytest.approx(math.sqrt(1 / 2), rel=0.25)
    assert l_transverse / l_longitudinal == pytest.approx(math.sqrt(1 / 4), rel=0.25)


def test_a_crystal_is_known_by_formula_space_group_and_density() -> None:
    volume = 5.43**3 / 8
    assert find_material({"Si": 8}, 227, volume) is material("silicon")
    assert find_material({"Si": 8}, 194, volume) is None
    assert find_material({"Si": 8}, 227, 0.8 * volume) is None
    assert find_material({"Na": 4, "Cl": 4}, 225, 22.4) is material("sodium chloride")
    assert find_material({}, 1, 10.0) is None


def test_phonons_that_are_all_alike_too_soft_need_one_scale() -> None:
    found = compared("silicon", 0.9)
    assert found.median == pytest.approx(0.9)
    assert found.rms == pytest.approx(-math.log(0.9))
    assert found.scatter == pytest.approx(0, abs=1e-9)
    graded = grade(Evidence(SPREAD, found))
    assert graded.badge == "biased"
    assert graded.bias == pytest.approx(-0.1)
    assert graded.uncertainty == pytest.approx(-math.log(0.9))
    assert graded.scaled_uncertainty == MIN_RELATIVE_ERROR


def test_a_potential_is_never_better_than_measurements() -> None:
    graded = grade(Evidence(None, compared("copper", 1.0)))
    assert graded.badge == "agrees"
    assert graded.uncertainty == MIN_RELATIVE_ERROR


def test_one_line_says_little_of_the_others() -> None:
    """The scatter of such crystals is added, and nothing is said of what a scale would leave."""
    graded = grade(Evidence(SPREAD, compared("sodium chloride", 1.0)))
    assert graded.uncertainty == pytest.approx(math.hypot(MIN_RELATIVE_ERROR, SPREAD.scatter))
    assert graded.scaled_uncertainty is None


def test_a_scale_takes_a_degree_of_freedom() -> None:
    two = Comparison(material("copper"), (), (0.9, 1.1))
    graded = grade(Evidence(SPREAD, two))
    assert graded.scaled_uncertainty == pytest.approx(math.hypot(two.scatter * math.sqrt(2), SPREAD.scatter))
    assert graded.uncertainty == pytest.approx(math.hypot(two.rms, SPREAD.scatter))
    lacking = grade(Evidence(SPREAD, two, lacks_lo_modes=True))
    assert lacking.scaled_uncertainty is not None
    assert lacking.scaled_uncertainty > (graded.scaled_uncertainty or 0)


def test_a_collapsed_line_makes_a_forecast_doubtful_and_is_not_averaged() -> None:
    computed = scaled("copper", 1.0)
    computed["L"][:2] = [-3.0, -3.0]
    found = compare(material("copper"), computed)
    assert found is not None
    assert found.n_collapsed == 1
    assert found.median == pytest.approx(1)
    evidence = Evidence(SPREAD, found)
    assert grade(evidence).badge == "doubtful"
    assert objections(evidence) == (Notice("phonon_lines_collapsed", {"n_collapsed": 1, "n_lines": 4}),)


def test_a_crystal_all_of_whose_lines_have_collapsed_has_no_bias() -> None:
    found = compare(material("lithium fluoride"), {"Γ": [-9.0, -9.0, -9.0, 0.0, 0.0, 0.0]})
    assert found is not None
    (line,) = found.lines
    assert line.computed_mev == -9
    graded = grade(Evidence(SPREAD, found, imaginary_fraction=0.5))
    assert graded.badge == "doubtful"
    assert graded.bias is None
    assert graded.uncertainty == pytest.approx(SPREAD.relative)


def test_points_that_were_not_computed_are_left_out() -> None:
    computed = scaled("silicon", 1.0)
    del computed["X"]
    found = compare(material("silicon"), {**computed, "L": computed["L"][:3]})
    assert found is not None
    assert {line.point for line in found.lines} == {"Γ"}
    assert compare(material("silicon"), {}) is None


def test_without_a_comparison_the_calibration_of_the_potential_decides() -> None:
    assert grade(Evidence(SPREAD)).uncertainty == SPREAD.relative
    assert grade(Evidence()).uncertainty == UNCALIBRATED_RELATIVE_ERROR
    assert grade(Evidence(is_given=True)).uncertainty == GIVEN_RELATIVE_ERROR
    assert grade(Evidence(SPREAD)).badge == "unchecked"
    assert grade(Evidence(SPREAD)).bias is None


def test_imaginary_modes_add_their_share_in_squares() -> None:
    few, many = (grade(Evidence(imaginary_fraction=fraction)) for fraction in (1e-4, 0.4))
    assert few.badge == "unchecked"
    assert few.uncertainty == pytest.approx(math.hypot(UNCALIBRATED_RELATIVE_ERROR, 0.03))
    assert many.badge == "doubtful"
    assert many.uncertainty == pytest.approx(math.hypot(UNCALIBRATED_RELATIVE_ERROR, 0.4))


def test_every_doubt_is_named() -> None:
    evidence = Evidence(SPREAD, imaginary_fraction=0.2, outside_training=True, displaced=True)
    assert objections(evidence) == (
        Notice("many_imaginary_modes", {"imaginary_fraction": 0.2}),
        Notice("structure_outside_training"),
        Notice("atoms_displaced_by_relaxation"),
    )
    assert grade(evidence).badge == "doubtful"
    assert objections(Evidence(SPREAD, compared("silicon", 0.9), 0.0)) == ()


def test_a_trained_potential_is_off_by_its_own_error_and_that_of_its_reference() -> None:
    reference = {"Γ": [0.0, 0.0, 0.0, 60.0, 60.0, 60.0], "X": [20.0, 50.0]}
    trained = {"Γ": [1.0, -1.0, 0.0, 66.0, 66.0, 66.0], "X": [50.0, 20.0], "L": [1.0]}
    own = own_error(reference, trained)
    assert own == pytest.approx(math.log(1.1) * math.sqrt(3 / 5))
    assert own_error(reference, {"Γ": [60.0]}) is None
    # A mode that has become imaginary counts as in the calibration
    assert own_error({"X": [20.0]}, {"X": [-5.0]}) == pytest.approx(math.log(20))
    errors = TrainedErrors(0.03, 0.04)
    assert grade(Evidence(trained=errors)).uncertainty == pytest.approx(0.05)
    assert grade(Evidence(trained=errors, imaginary_fraction=1e-4)).uncertainty == pytest.approx(math.hypot(0.05, 0.03))


@pytest.mark.parametrize(
    ("level", "error"),
    [
        ("PBE, 500 eV", 0.08),
        ("pbe-D3(BJ)", 0.08),
        ("PBEsol", 0.04),
        ("PBE0", GIVEN_RELATIVE_ERROR),
        ("GFN1-xTB", GIVEN_RELATIVE_ERROR),
        ("", GIVEN_RELATIVE_ERROR),
    ],
)
def test_the_error_of_a_reference_is_that_of_its_functional(level: str, error: float) -> None:
    assert reference_error(level) == error
