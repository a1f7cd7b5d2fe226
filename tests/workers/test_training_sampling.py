"""Structures to label, and labels from force constants: amplitudes, seeds, cells, and the forces they state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from scattering.simulate.harmonic_forces import harmonic_forces
from workers.engines.corrected_forces import nearest_distances
from workers.kit.failures import CannotPredict
from workers.training import delta_labels, sampling
from workers.training.sampling import Sample
from workers.training.supply import Order

from .test_corrected_dynamics import STIFFNESS, Quartic, copper, molecules, reference

SITES = bulk("Si", "diamond", 5.43, cubic=True).repeat(2)


def random(seed: int, n_samples: int = 40, scale: float | None = None) -> list[Sample]:
    def thermal(n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(scale=scale, size=(n, len(SITES), 3))

    rng = np.random.default_rng(seed)
    return sampling.sample(SITES, n_samples, rng, thermal=None if scale is None else thermal)


def test_rattles_have_their_amplitudes_and_strains_their_limit() -> None:
    samples = random(1)
    spreads = [float(one.displacements.std()) for one in samples]
    for number, amplitude in enumerate(sampling.RATTLES_ANGSTROM):
        assert spreads[2 * number] == pytest.approx(amplitude, rel=0.2)
    strains = np.array([one.strain for one in samples])
    np.testing.assert_array_equal(strains, strains.transpose(0, 2, 1))
    assert 0.01 < np.abs(strains).max() <= sampling.MAX_STRAIN
    for one in samples:
        np.testing.assert_allclose(one.displacements.mean(axis=0), 0, atol=1e-12)


def test_every_other_structure_is_thermal_and_half_of_these_are_not_strained() -> None:
    samples = random(1, scale=0.05)
    assert [float(one.displacements.std()) for one in samples[1::2]] == pytest.approx([0.05] * 20, rel=0.2)
    assert sum(not one.strain.any() for one in samples) == 10


def test_atoms_keep_their_distance() -> None:
    limit = sampling.MAX_DISPLACEMENT * nearest_distances(SITES).min()
    longest = [np.linalg.norm(one.displacements, axis=1).max() for one in random(1, scale=2.0)]
    assert max(longest) == pytest.approx(limit)


def test_a_seed_gives_the_same_structures_and_another_one_does_not() -> None:
    one, same, other = random(1, scale=0.05), random(1, scale=0.05), random(2, scale=0.05)
    for first, second in zip(one, same, strict=True):
        np.testing.assert_array_equal(first.of(SITES).positions, second.of(SITES).positions)
        np.testing.assert_array_equal(first.of(SITES).cell, second.of(SITES).cell)
    assert abs(one[0].displacements - other[0].displacements).max() > 1e-3


def test_a_strained_structure_keeps_its_reduced_coordinates() -> None:
    one = random(3)[0]
    strained, whole = one.strained(SITES), one.of(SITES)
    np.testing.assert_allclose(strained.get_scaled_positions(), SITES.get_scaled_positions(), atol=1e-12)
    np.testing.assert_allclose(strained.cell.array, SITES.cell.array @ (np.eye(3) + one.strain))
    np.testing.assert_allclose(whole.positions - strained.positions, one.displacements, atol=1e-12)


@pytest.mark.parametrize(
    ("unit", "supercell", "n"),
    [
        (bulk("Si", "diamond", 5.43, cubic=True), (2, 2, 2), 2),
        (bulk("NaCl", "rocksalt", 5.6), (3, 3, 3), 4),
    ],
)
def test_single_displaced_atoms_in_both_directions(unit: Atoms, supercell: tuple[int, ...], n: int) -> None:
    found = sampling.displaced(unit, supercell, limit=100)
    assert len(found) == n
    for plus, minus in zip(found[::2], found[1::2], strict=True):
        np.testing.assert_allclose(plus.displacements, -minus.displacements)
    moved = [int(np.flatnonzero(one.displacements.any(axis=1))[0]) for one in found]
    assert all((one.displacements.any(axis=1)).sum() == 1 for one in found)
    lengths = [float(np.linalg.norm(one.displacements)) for one in found]
    assert lengths == pytest.approx([sampling.DISPLACEMENT_ANGSTROM] * n)
    # One atom of each element, in the first cell
    assert {unit.repeat(supercell).symbols[one] for one in moved} == set(unit.symbols)
    assert max(moved) < len(unit)


def test_of_many_single_displacements_some_pairs_are_kept() -> None:
    unit = bulk("Si", "diamond", 5.43, cubic=True)
    unit.rattle(0.1, seed=1)
    every, some = (sampling.displaced(unit, (1, 1, 1), limit=limit) for limit in (1000, 10))
    assert (len(every), len(some)) == (48, 10)
    np.testing.assert_allclose(some[0].displacements, -some[1].displacements)


def delta() -> tuple[delta_labels.Delta, Atoms]:
    made = delta_labels.correct(copper(), reference(), EMT(), [2, 2, 2])
    return made, made.sites


def test_small_displacements_have_the_forces_of_the_reference() -> None:
    made, sites = delta()
    moved = np.random.default_rng(1).normal(scale=1e-3, size=sites.positions.shape)
    expected = harmonic_forces(
        reference(), cell=sites.cell.array, positions=sites.positions, symbols=list(sites.symbols)
    ).forces(moved)
    plus, minus = (made.label(Sample(np.zeros((3, 3)), sign * moved)) for sign in (1, -1))
    found = (plus.forces - minus.forces) / 2
    np.testing.assert_allclose(found, expected, atol=2e-2 * np.abs(expected).max())
    # EMT itself is softer
    slope = float((found * expected).sum() / (expected * expected).sum())
    assert slope == pytest.approx(1.0, abs=0.01)
    assert STIFFNESS > 1.4


def test_the_energy_of_a_label_belongs_to_its_forces_and_the_stress_is_the_base_s() -> None:
    made, sites = delta()
    rng = np.random.default_rng(2)
    moved, direction = rng.normal(scale=0.08, size=(2, *sites.positions.shape))
    strain = sampling.random_strain(rng)
    step = 1e-4 * direction
    label = made.label(Sample(strain, moved))
    energies = [made.label(Sample(strain, moved + sign * step)).energy for sign in (1, -1)]
    assert (energies[0] - energies[1]) / 2 == pytest.approx(-np.sum(label.forces * step), rel=1e-4)
    base = Sample(strain, moved).of(made.base_sites)
    base.calc = EMT()
    assert label.stress is not None
    np.testing.assert_allclose(label.stress, base.get_stress(voigt=False), atol=1e-9)


def test_strain_alone_has_the_forces_and_the_energy_of_the_base() -> None:
    made, sites = delta()
    label = made.label(Sample(0.01 * np.eye(3), np.zeros_like(sites.positions)))
    wider = sites.copy()
    wider.set_cell(1.01 * sites.cell.array, scale_atoms=True)
    wider.calc = EMT()
    assert label.energy == pytest.approx(wider.get_potential_energy(), abs=1e-6)
    np.testing.assert_allclose(label.forces, 0, atol=1e-3)


@pytest.mark.parametrize("modes", ["all", "internal"])
def test_labels_of_molecules_are_the_forces_of_corrected_dynamics(modes: str) -> None:
    atoms, _, own, *_ = molecules(modes)
    correction = atoms.calc._correction
    made = delta_labels.Delta(correction, Quartic(own, correction.own_sites))
    moved = np.random.default_rng(3).normal(scale=0.05, size=atoms.positions.shape)
    label = made.label(Sample(np.zeros((3, 3)), moved))
    atoms.positions += moved
    np.testing.assert_allclose(label.forces, atoms.get_forces(), atol=1e-12)
    assert label.energy == pytest.approx(atoms.get_potential_energy())
    # A strain turns with no molecule
    assert (made.has_molecules, label.stress) == (True, None)


def test_structures_need_not_be_strained() -> None:
    rng = np.random.default_rng(1)
    assert not any(one.strain.any() for one in sampling.sample(SITES, 8, rng, thermal=None, strained=False))


def test_modes_inside_molecules_need_molecules() -> None:
    with pytest.raises(CannotPredict) as refused:
        delta_labels.correct(copper(), reference(), EMT(), [2, 2, 2], "internal")
    assert refused.value.notice.code == "crystal_without_molecules"


def test_labels_are_made_in_the_cell_of_the_reference(tmp_path) -> None:
    from backend.label_sets import extxyz
    from backend.phonon_files import harmonic_crystal_file
    from backend.trainings import files
    from backend.trainings.assignment import TrainingAssignment
    from backend.trainings.recipes import Recipe

    crystal = reference()
    wider = replace(crystal, cell=1.01 * crystal.cell, uploaded_cell=1.01 * crystal.uploaded_cell)
    wider = replace(wider, positions=1.01 * crystal.positions)
    harmonic_crystal_file.save(tmp_path / files.REFERENCE, wider)
    assignment = TrainingAssignment(None, None, None, ("Cu",), 300.0, Recipe(n_structures=6), "phonons")
    made = delta_labels.supply(Order(assignment, copper(), EMT(), tmp_path, lambda share: None))
    labels = extxyz.read(made.text)
    assert (len(labels), made.n_trained, made.is_foreign) == (8, 2, False)
    assert {label.n_atoms for label in labels} == {4 * 27}
    np.testing.assert_allclose(made.atoms.cell.array, 1.01 * copper().cell.array, atol=1e-6)
    np.testing.assert_allclose(labels[0].cell, 3 * made.atoms.cell.array, atol=1e-6)
    other = delta_labels.supply(Order(assignment, copper(), EMT(), tmp_path, lambda share: None))
    assert other.text == made.text
