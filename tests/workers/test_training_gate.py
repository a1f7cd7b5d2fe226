"""The gate of trained potentials: what it refuses, on evidence made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from workers.training import gate, stability
from workers.training.errors import Errors, measure
from workers.training.phonons import CheckedPhonons, calculate
from workers.training.stability import Stability

POINTS = {"Γ": [0.0, 0.0, 0.0, 60.0, 60.0, 60.0], "X": [17.0, 17.0, 50.0, 50.0, 57.0, 57.0]}
WHOLE = Stability(20.0, 20.0)


def scaled(factor: float) -> dict[str, list[float]]:
    return {name: [factor * value for value in values] for name, values in POINTS.items()}


def side(*, force: float, factor: float, **more: Any) -> gate.Side:
    facts = {"lowest_mev": -0.1, "lowest_unmoved_mev": -0.1, "drift_angstrom": 0.0, **more}
    return gate.Side(Errors(1.0, force, None), CheckedPhonons(None, scaled(factor), **facts))  # type: ignore[arg-type]


BEFORE = side(force=0.2, factor=0.87)
AFTER = side(force=0.05, factor=0.99)


def codes(after: gate.Side, held: Stability = WHOLE, *, before: gate.Side = BEFORE, known: bool = True) -> list[str]:
    verdict = gate.judge(before, after, held, POINTS if known else None)
    assert verdict.accepted is not bool(verdict.refusals)
    return [notice.code for notice in verdict.refusals]


def test_better_phonons_and_forces_pass() -> None:
    assert codes(AFTER) == []
    assert gate.errors_of_points(POINTS, scaled(0.87), scaled(0.99)) == pytest.approx([0.13, 0.01])


def test_lower_force_errors_alone_do_not_pass() -> None:
    assert codes(side(force=0.05, factor=0.86)) == ["trained_phonons_worse"]
    assert codes(side(force=0.21, factor=0.99)) == ["trained_errors_not_lower"]


def test_new_imaginary_modes_are_found_at_either_positions() -> None:
    for name, geometry in (("lowest_unmoved_mev", "file"), ("lowest_mev", "relaxed")):
        after = replace(AFTER, phonons=replace(AFTER.phonons, **{name: -3.0}))
        (refusal,) = gate.judge(BEFORE, after, WHOLE, POINTS).refusals
        assert (refusal.code, refusal.params["geometry"]) == ("trained_imaginary_modes", geometry)
        worse = replace(BEFORE, phonons=replace(BEFORE.phonons, **{name: -5.0}))
        assert codes(after, before=worse) == []


def test_a_structure_that_moves_is_refused_unless_it_moved_as_far_before() -> None:
    moved = replace(AFTER, phonons=replace(AFTER.phonons, drift_angstrom=0.06))
    assert codes(moved) == ["trained_geometry_moved"]
    before = replace(BEFORE, phonons=replace(BEFORE.phonons, drift_angstrom=0.1))
    assert codes(moved, before=before) == []


def test_dynamics_that_broke_are_refused() -> None:
    assert codes(AFTER, Stability(3.0, 20.0)) == ["trained_dynamics_broke"]


def test_unknown_reference_phonons_are_said_and_do_not_refuse() -> None:
    verdict = gate.judge(BEFORE, AFTER, WHOLE, None)
    assert verdict.accepted
    assert [notice.code for notice in verdict.remarks] == ["phonons_not_compared"]
    assert gate.errors_of_points(POINTS, {"Γ": [1.0]}, {"Γ": [1.0]}) is None


def test_forces_alone_must_tell_of_a_real_fit() -> None:
    barely = side(force=0.19, factor=0.99)
    assert codes(barely) == []
    assert codes(barely, known=False) == ["trained_errors_not_lower"]


def test_phonons_of_copper_at_the_positions_of_the_file() -> None:
    found = calculate(bulk("Cu", "fcc", a=3.59, cubic=True), EMT())
    assert found.points["Γ"] == pytest.approx([0, 0, 0], abs=0.01)
    assert 15 < found.points["X"][0] < found.points["X"][2] < 40
    assert found.drift_angstrom < 1e-6
    assert not found.is_imaginary
    assert found.lowest_mev == pytest.approx(found.lowest_unmoved_mev, abs=1e-3)


def test_a_crystal_stays_whole_and_a_hot_one_does_not() -> None:
    copper = bulk("Cu", "fcc", a=3.59, cubic=True)
    held = stability.run(copper, EMT(), temperature_k=300, length_ps=0.5, seed=1)
    assert (held.is_whole, held.stable_ps) == (True, 0.5)
    molten = stability.run(copper, EMT(), temperature_k=20_000, length_ps=5, seed=1)
    assert not molten.is_whole
    assert molten.stable_ps < 5


def test_errors_on_labels() -> None:
    labels = []
    for seed in range(3):
        atoms = bulk("Cu", "fcc", a=3.59, cubic=True)
        atoms.rattle(0.05, seed=seed)
        atoms.calc = EMT()
        atoms.get_stress()
        labels.append(atoms)
    errors, parity = measure(labels, EMT())
    assert (errors.energy_mev_per_atom, errors.force_ev_per_angstrom, errors.stress_gpa) == pytest.approx((0, 0, 0))
    reference, ours = parity.forces
    np.testing.assert_allclose(reference, ours)
    assert len(parity.to_json()["energies"][0]) == 3
