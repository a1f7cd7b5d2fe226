"""Checks of labels beside another potential: units, signs, wrong energies, mixed levels; and the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.kit.files.unreadable import Unreadable
from backend.label_sets import checks, extxyz
from backend.label_sets.extxyz import Label

from .label_files import OFFSET_EV, STIFFNESS, changed, copper, scaled, shifted, text_of

HARTREE, BOHR = 27.211386245988, 0.529177210903
Change = Callable[[Label], Label]


def refusal(change: Change, *frames: int) -> tuple[str, dict[str, Any]]:
    labels, by = copper()
    bad = changed(labels, change, *frames)

    def check() -> None:
        checks.check_sizes(bad)
        checks.compare(bad, by)

    with pytest.raises(Unreadable) as refused:
        check()
    return refused.value.notice.code, dict(refused.value.notice.params)


def test_good_labels_and_their_offset() -> None:
    labels, by = copper()
    offsets = checks.compare(labels, by)
    assert offsets.per_species.keys() == {29}
    mean = np.median([(label.energy - ours) / 4 for label, ours in zip(labels, by.energies, strict=True)])
    assert offsets.per_species[29] == pytest.approx(mean, abs=1e-3)
    assert offsets.per_species[29] == pytest.approx(OFFSET_EV, abs=0.05)
    assert abs(offsets.residuals).max() < 0.05


def test_offsets_of_two_elements_are_separated_by_compositions() -> None:
    labels = [
        Label(
            np.array(numbers),
            np.zeros((len(numbers), 3)),
            np.eye(3),
            2.0 * numbers.count(3) - 5.0 * numbers.count(9),
            np.zeros((len(numbers), 3)),
        )
        for numbers in ([3, 9], [3, 3, 9], [3, 9, 9], [3, 9, 9, 9])
    ]
    found = checks.fit_offsets(labels, np.zeros(4))
    assert found.per_species == pytest.approx({3: 2.0, 9: -5.0}, abs=1e-6)
    assert abs(found.residuals).max() < 1e-6


@pytest.mark.parametrize(
    ("change", "quantity", "likely"),
    [
        (scaled(forces=BOHR / HARTREE), "forces", "hartree_per_bohr"),
        (scaled(forces=2 * BOHR / HARTREE, energy=2 / HARTREE), "forces", "rydberg_per_bohr"),
        (scaled(forces=23.06), "forces", "kcal_per_mol_angstrom"),
        (scaled(energy=1 / HARTREE), "energy", "hartree"),
        (scaled(energy=96.485), "energy", "kj_per_mol"),
        (scaled(stress=160.2), "stress", "gpa"),
        (scaled(stress=1602), "stress", "kbar"),
    ],
)
def test_wrong_units(change: Change, quantity: str, likely: str) -> None:
    code, params = refusal(change)
    assert (code, params["quantity"], params["likely"]) == ("label_unit", quantity, likely)
    assert 1 <= params["frame"] <= 12


@pytest.mark.parametrize(
    ("change", "quantity"),
    [(scaled(forces=-1), "forces"), (scaled(stress=-1), "stress"), (scaled(energy=-1), "energy")],
)
def test_wrong_signs(change: Change, quantity: str) -> None:
    code, params = refusal(change)
    assert (code, params["quantity"]) == ("label_sign", quantity)


def test_one_frame_in_other_units_is_named() -> None:
    assert refusal(scaled(forces=-1), 7) == ("label_sign", {"frame": 7, "quantity": "forces"})
    code, params = refusal(scaled(forces=BOHR / HARTREE), 5)
    assert (code, params["frame"]) == ("label_unit", 5)


@pytest.mark.parametrize("error", [-1.0, -0.1, 0.1, 0.3])
def test_one_wrong_energy_is_named(error: float) -> None:
    code, params = refusal(shifted(error), 4)
    assert (code, params["frame"]) == ("label_energy_wrong", 4)


def test_mixed_levels_of_theory_are_refused() -> None:
    code, params = refusal(shifted(0.4), 2, 5, 9, 10, 11)
    assert code == "label_levels_mixed"
    assert (params["frame"], params["frames"], params["n_frames"]) == (2, [2, 5, 9, 10, 11], 5)


def test_frames_that_state_different_levels_are_refused() -> None:
    labels, _ = copper()
    checks.check_stated_levels(labels)
    with pytest.raises(Unreadable) as refused:
        checks.check_stated_levels(changed(labels, lambda one: replace(one, level="functional LDA"), 3))
    assert refused.value.notice.code == "label_levels_differ"
    assert refused.value.notice.params["frame"] == 3


def test_a_stiffer_potential_is_no_other_unit() -> None:
    labels, by = copper()
    assert STIFFNESS > 1
    soft = checks.Compared(by.energies / 2, [one / 2 for one in by.forces], [one / 2 for one in by.stresses])
    checks.compare(labels, soft)


def test_written_labels_are_read_as_they_were() -> None:
    labels, _ = copper(3)
    for before, after in zip(labels, extxyz.read(text_of(labels).decode()), strict=True):
        for name in ("numbers", "positions", "cell", "forces", "stress"):
            np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
        assert before.energy == after.energy


def test_a_virial_is_minus_the_stress_times_the_volume() -> None:
    labels, _ = copper(1)
    (label,) = labels
    assert label.stress is not None
    virial = " ".join(str(value) for value in (-label.stress * label.volume).ravel())
    text = text_of(labels).decode().replace('stress="', f'virial="{virial}" other="')
    (read,) = extxyz.read(text)
    np.testing.assert_allclose(read.stress, label.stress, atol=1e-14)


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("energy=", "kinetic=", "energy"),
        ("forces:R:3", "velo:R:3", "forces"),
        ("Lattice=", "Box=", "cell"),
        ('pbc="T T T"', 'pbc="T T F"', "periodicity"),
        ("Cu ", "Qq ", "elements"),
        ("Cu ", "Cu x ", "numbers"),
        (":pos:", ":place:", "positions"),
    ],
)
def test_what_a_frame_lacks_is_said_with_its_number(old: str, new: str, missing: str) -> None:
    labels, _ = copper(2)
    first, second = (text_of([label]).decode() for label in labels)
    with pytest.raises(Unreadable) as refused:
        extxyz.read(first + second.replace(old, new))
    assert refused.value.notice.code == "label_incomplete"
    assert dict(refused.value.notice.params) == {"frame": 2, "missing": missing}


def test_a_cut_file_and_numbers_that_are_none() -> None:
    labels, _ = copper(2)
    text = text_of(labels).decode()
    with pytest.raises(Unreadable) as cut:
        extxyz.read(text.rsplit("\n", 3)[0])
    assert dict(cut.value.notice.params) == {"frame": 2, "missing": "atoms"}
    with pytest.raises(Unreadable) as infinite:
        extxyz.read(text_of(changed(labels, lambda one: replace(one, energy=float("inf")), 2)).decode())
    assert (infinite.value.notice.code, infinite.value.notice.params["frame"]) == ("label_not_finite", 2)
    with pytest.raises(Unreadable, match="labels_missing"):
        extxyz.read("\n\n")


def test_a_count_of_atoms_is_no_request_for_memory() -> None:
    with pytest.raises(Unreadable, match="labels_too_large"):
        extxyz.read("9999999\nLattice\n")
