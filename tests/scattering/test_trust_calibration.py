"""The calibration of potentials: the committed tables, the rule, and how often its uncertainties are true."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import pytest

from scattering.trust.calibration import (
    FUNCTIONAL_RELATIVE_ERRORS,
    MEASURED,
    MIN_SPREAD,
    Row,
    check_held_out,
    find_spread,
    is_enough,
    leave_one_out,
    log_ratios,
    metals_only,
    rows_of,
    spread_of,
    without_metals,
)
from scattering.trust.chemistry import CLASSES
from scattering.trust.measured_phonons import materials
from scattering.trust.reference_phonons import ReferenceCrystal, functional_error, reference_crystals

TABLE = rows_of("NEP89")
CALIBRATED: Final = ("NEP89", "CHGNet 0.3.0", "SevenNet-0")
"""Potentials with enough crystals of all kinds to test the rule; those with fewer are tested below."""


def known(potential: str) -> list[Row]:
    """The crystals that a potential was calibrated with."""
    return [row for row in rows_of(potential) if not row.held_out]


@pytest.mark.parametrize("choose", [list, metals_only, without_metals], ids=["all", "metals", "others"])
@pytest.mark.parametrize("potential", CALIBRATED)
def test_left_out_crystals_are_as_far_off_as_stated(
    potential: str, choose: Callable[[Iterable[Row]], list[Row]]
) -> None:
    """Two of three energies within one standard deviation, and 19 of 20 within the second band."""
    rows = known(potential)
    found = leave_one_out(rows, choose(rows))
    assert found.n_crystals >= 10
    assert 0.60 <= found.one_sigma <= 0.76
    assert 0.90 <= found.two_sigma <= 0.985


@pytest.mark.parametrize("potential", CALIBRATED)
def test_crystals_that_the_rule_never_saw_are_as_far_off_as_stated(potential: str) -> None:
    found = check_held_out(rows_of(potential))
    assert found.n_crystals >= 10
    assert 0.60 <= found.one_sigma <= 0.90
    assert found.two_sigma >= 0.90


def test_every_class_has_crystals_that_are_held_out() -> None:
    assert {row.material_class for row in TABLE if row.held_out} == set(CLASSES)


def test_a_calibration_speaks_for_its_own_classes_and_for_others_only_with_several() -> None:
    molecular = [row(name, 0.1, material_class="molecular") for name in "ABCDEFGHIJ"]
    assert is_enough(molecular, "molecular", is_unstable=False)
    assert not is_enough(molecular[:-1], "molecular", is_unstable=False)
    assert not is_enough(molecular, "metal", is_unstable=False)
    assert not is_enough([*molecular, row("K", 0.1)], "metal", is_unstable=False)
    several = [*molecular, row("K", 0.1), row("L", 0.1, material_class="hydride")]
    assert is_enough(several, "metal", is_unstable=False)
    # Stable crystals say nothing of unstable ones
    assert not is_enough(several, "molecular", is_unstable=True)
    unstable = [row(name, 0.1, material_class="molecular", imaginary_fraction=0.2) for name in "ABCDEFGHIJ"]
    assert is_enough(unstable, "molecular", is_unstable=True)
    assert not is_enough(unstable, "metal", is_unstable=True)
    assert not is_enough(unstable, "molecular", is_unstable=False)


@pytest.mark.parametrize("potential", ["GFN1-xTB", "GFN2-xTB"])
@pytest.mark.parametrize("is_unstable", [False, True])
def test_a_table_of_few_molecules_says_nothing(potential: str, is_unstable: bool) -> None:
    assert {row.material_class for row in rows_of(potential)} == {"molecular"}
    assert {spread_of(potential, name, is_unstable=is_unstable) for name in CLASSES} == {None}


@pytest.mark.parametrize("potential", CALIBRATED)
def test_the_tables_are_enough_for_all_classes(potential: str) -> None:
    assert all(spread_of(potential, name, is_unstable=False) is not None for name in CLASSES)


def test_the_table_has_all_crystals_of_the_data_files() -> None:
    """Those that a potential cannot relax have none."""
    names = {(one.name, MEASURED) for one in materials()} | {(one.name, one.functional) for one in reference_crystals()}
    found = {(row.crystal, row.reference) for row in TABLE}
    assert found <= names
    assert len(found) >= 0.95 * len(names)
    assert len({row.formula for row in TABLE}) >= 60


@pytest.mark.parametrize("one", reference_crystals(), ids=lambda one: f"{one.name} {one.functional}")
def test_every_calculation_says_where_it_was_read(one: ReferenceCrystal) -> None:
    assert one.repository.count("/") == 1
    assert len(one.commit) == 40
    assert one.path
    assert one.licence
    assert one.functional in FUNCTIONAL_RELATIVE_ERRORS
    for energies in one.energies_mev.values():
        assert len(energies) == 3 * len(one.symbols)
        assert list(energies) == sorted(energies)


@pytest.mark.parametrize("functional", FUNCTIONAL_RELATIVE_ERRORS)
def test_the_error_of_a_functional_is_that_of_crystals_that_were_measured_too(functional: str) -> None:
    error, n_crystals = functional_error(functional)
    assert n_crystals >= 1
    assert error == pytest.approx(FUNCTIONAL_RELATIVE_ERRORS[functional], abs=0.005)


def row(name: str, deviation: float, *, n: int = 20, held_out: bool = False, **changes: object) -> Row:
    """A crystal whose modes are spread evenly up to a deviation on both sides."""
    values = tuple(np.linspace(-deviation, deviation, n))
    return Row(**{
        "crystal": name, "formula": name, "material_class": "ionic", "reference": MEASURED, "weight": 1.0,
        "held_out": held_out, "imaginary_fraction": 0.0, "n_collapsed": 0, "log_ratios": values, **changes,
    })  # fmt: skip


def test_many_crystals_of_a_class_speak_for_themselves() -> None:
    rows = [row(f"A{i}", 0.1, n=200) for i in range(200)]
    rows += [row(f"B{i}", 0.4, n=200, material_class="metal") for i in range(200)]
    for material_class, deviation in (("ionic", 0.1), ("metal", 0.4)):
        found = find_spread(rows, material_class, is_unstable=False)
        # Of an even distribution, 68 % are below 0.68 of the largest, and 95 % below 0.95
        assert found.relative == pytest.approx(0.68 * deviation, rel=0.06)
        assert found.relative_95 == pytest.approx(0.95 * deviation, rel=0.06)
        assert found.n_crystals == 200


def test_a_class_of_few_crystals_is_between_its_own_and_all_and_wider() -> None:
    rows = [row(f"A{n}", 0.1) for n in range(50)] + [row("B", 0.4, material_class="metal")]
    many, few, none = (find_spread(rows, one, is_unstable=False) for one in ("ionic", "metal", "layered"))
    assert many.relative < few.relative < 0.4
    assert none.n_crystals == 0
    assert many.relative < none.relative < few.relative


def test_unstable_crystals_are_a_class_of_their_own_whatever_holds_them_together() -> None:
    rows = [row(f"A{n}", 0.1) for n in range(20)]
    rows += [row(f"B{n}", 0.5, material_class="metal", imaginary_fraction=0.2, n_collapsed=9) for n in range(20)]
    stable, unstable = (find_spread(rows, "ionic", is_unstable=one) for one in (False, True))
    assert stable.relative < 0.1
    assert unstable.relative == pytest.approx(0.68 * 0.5, rel=0.15)
    assert unstable.n_crystals == 20


def test_the_error_of_the_functional_is_added_in_squares() -> None:
    exact = [row(f"A{n}", 0.0, reference="PBEsol") for n in range(100)]
    found = find_spread(exact, "ionic", is_unstable=False)
    assert found.relative == pytest.approx(FUNCTIONAL_RELATIVE_ERRORS["PBEsol"], rel=0.02)
    measured = [row(f"A{n}", 0.0) for n in range(100)]
    assert find_spread(measured, "ionic", is_unstable=False).relative == pytest.approx(MIN_SPREAD, rel=0.02)


def test_two_references_of_a_crystal_count_as_one_crystal() -> None:
    rows = [row("A", 0.1), row("A", 0.1, reference="PBEsol"), row("B", 0.2)]
    assert find_spread(rows, "ionic", is_unstable=False).n_crystals == 2
    assert leave_one_out(rows).n_crystals == 2


def test_collapsed_modes_are_counted_and_acoustic_ones_left_out() -> None:
    logs, n_collapsed = log_ratios([(10.0, 11.0), (10.0, -4.0), (0.0, 0.1)])
    assert logs == [pytest.approx(math.log(1.1))]
    assert n_collapsed == 1


def test_a_row_is_written_and_read_without_loss() -> None:
    for one in TABLE[:5]:
        assert Row.from_fields({name: str(value) for name, value in one.to_fields().items()}) == one


def test_a_potential_without_a_table_has_no_spread() -> None:
    assert spread_of("mine", "ionic", is_unstable=False) is None
    assert rows_of("../NEP89") == ()
