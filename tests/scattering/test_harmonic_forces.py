"""Forces of force constants on a supercell: those of the matrix itself, for any supercell, with dipoles too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from scattering.core.crystal_sites import AtomsDiffer, place_in_crystal
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate.force_constants import to_force_constants, to_harmonic_crystal
from scattering.simulate.harmonic_forces import harmonic_forces
from scattering.simulate.interpolation import energies_at
from tests.phonons.crystals import nacl
from tests.scattering.crystals import LATTICE, springs

CELL = LATTICE * (np.ones((3, 3)) - np.eye(3)) / 2


def hydride(repeats: int = 4) -> HarmonicCrystal:
    """Rock salt of springs between neighbours, in a supercell of its primitive cell."""
    fc = springs(CELL, np.array([[0.0, 0, 0], [LATTICE / 2, 0, 0]]), ["Li", "H"], [6.94, 1.008], repeats=repeats)
    return to_harmonic_crystal(fc, uploaded_cell=LATTICE * np.eye(3), species=("Li", "H"), sites=("Li", "H"))


def supercell(crystal: HarmonicCrystal, matrix: np.ndarray, seed: int = 3) -> Atoms:
    """The crystal repeated, its atoms in any order and in any image."""
    rng = np.random.default_rng(seed)
    n_cells = round(abs(np.linalg.det(matrix)))
    cells = np.array(list(np.ndindex(12, 12, 12))) - 6
    place = np.rint(cells @ np.linalg.inv(matrix) * n_cells).astype(int) % n_cells
    _, first = np.unique(place, axis=0, return_index=True)
    positions = (cells[first] @ crystal.cell)[:, None] + crystal.positions
    atoms = Atoms(list(crystal.symbols) * n_cells, positions.reshape(-1, 3), cell=matrix @ crystal.cell, pbc=True)
    atoms.positions += rng.integers(-1, 2, size=(len(atoms), 3)) @ atoms.cell.array
    return atoms[rng.permutation(len(atoms))]


def on(crystal: HarmonicCrystal, atoms: Atoms):
    return harmonic_forces(crystal, cell=atoms.cell.array, positions=atoms.positions, symbols=list(atoms.symbols))


def matrix_forces(crystal: HarmonicCrystal, atoms: Atoms, displacements: np.ndarray) -> np.ndarray:
    """−Φu by the sum over all pairs of atoms of the supercell of the force constants."""
    cells = (atoms.positions[:, None] - crystal.positions) @ np.linalg.inv(crystal.cell)
    matches = (np.abs(cells - np.rint(cells)) < 1e-6).all(axis=2)
    atom = matches.argmax(axis=1)
    cell = np.rint(cells[np.arange(len(atom)), atom])
    n_cells = len(crystal.cell_origins)
    to_place = np.linalg.inv(crystal.supercell_matrix) * n_cells
    number = {
        tuple(one): index for index, one in enumerate(np.rint(crystal.cell_origins @ to_place).astype(int) % n_cells)
    }
    forces = np.zeros_like(displacements)
    for i in range(len(atoms)):
        for j in range(len(atoms)):
            apart = tuple(np.rint((cell[j] - cell[i]) @ to_place).astype(int) % n_cells)
            a, b = 3 * atom[i], 3 * atom[j]
            forces[i] -= crystal.force_constants[number[apart]][a : a + 3, b : b + 3] @ displacements[j]
    return forces


@pytest.mark.parametrize("crystal", [hydride(), nacl()], ids=["springs", "dipoles"])
def test_forces_on_their_own_supercell_are_those_of_the_matrix(crystal: HarmonicCrystal) -> None:
    atoms = supercell(crystal, np.asarray(crystal.supercell_matrix))
    displacements = np.random.default_rng(1).normal(scale=0.1, size=(len(atoms), 3))
    expected = matrix_forces(crystal, atoms, displacements)
    found = on(crystal, atoms).forces(displacements)
    # The acoustic sum rule is imposed on what DFT gives
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("matrix", [np.diag([4, 5, 6]), np.array([[4, 1, 0], [0, 4, 0], [-1, 0, 5]])])
def test_forces_of_springs_do_not_depend_on_the_supercell(matrix: np.ndarray) -> None:
    atoms = supercell(hydride(), matrix)
    displacements = np.random.default_rng(1).normal(scale=0.1, size=(len(atoms), 3))
    found = on(hydride(4), atoms).forces(displacements)
    np.testing.assert_allclose(found, on(hydride(5), atoms).forces(displacements), atol=1e-9)


def test_a_shift_of_the_crystal_has_no_force_and_forces_add_to_zero() -> None:
    atoms = supercell(nacl(), np.diag([3, 2, 2]))
    forces = on(nacl(), atoms)
    np.testing.assert_allclose(forces.forces(np.tile([0.1, -0.2, 0.3], (len(atoms), 1))), 0, atol=1e-6)
    displacements = np.random.default_rng(1).normal(scale=0.1, size=(len(atoms), 3))
    np.testing.assert_allclose(forces.forces(displacements).sum(axis=0), 0, atol=1e-6)


def test_forces_are_the_gradient_of_a_quadratic_energy() -> None:
    atoms = supercell(nacl(), np.diag([2, 3, 1]))
    forces = on(nacl(), atoms)
    one, other = np.random.default_rng(1).normal(scale=0.1, size=(2, len(atoms), 3))
    assert np.sum(one * forces.forces(other)) == pytest.approx(np.sum(other * forces.forces(one)), rel=1e-9)


def test_energies_are_those_at_the_wave_vectors_of_the_supercell() -> None:
    crystal = nacl()
    atoms = supercell(crystal, np.diag([2, 1, 1]))
    found = on(crystal, atoms).energies_mev(crystal.masses)
    expected = energies_at(to_force_constants(crystal), np.array([[0, 0, 0], [0.5, 0, 0]]))
    np.testing.assert_allclose(found[:, 3:], expected[:, 3:], rtol=1e-6)


def test_other_atoms_are_refused() -> None:
    crystal = hydride()
    atoms = supercell(crystal, np.diag([2, 2, 2]))
    for wrong in (atoms[1:], Atoms(["H"] * len(atoms), atoms.positions, cell=atoms.cell)):
        with pytest.raises(AtomsDiffer):
            on(crystal, wrong)
    swollen = atoms.copy()
    swollen.set_cell(1.1 * atoms.cell.array, scale_atoms=True)
    with pytest.raises(AtomsDiffer):
        on(crystal, swollen)
    moved = atoms.copy()
    moved.positions[0] += 0.3
    with pytest.raises(AtomsDiffer):
        on(crystal, moved)


def test_atoms_of_the_uploaded_cell_are_found_in_a_relaxed_crystal() -> None:
    crystal = hydride()
    relaxed = replace(
        crystal,
        cell=1.02 * crystal.cell,
        uploaded_cell=1.02 * crystal.uploaded_cell,
        positions=1.02 * crystal.positions + [[0.05, 0, 0], [0, 0, 0.1]],
    )
    atoms = supercell(crystal, np.asarray(crystal.repeats))
    places = place_in_crystal(relaxed, atoms.cell.array, atoms.positions, list(atoms.symbols))
    shift = places - 1.02 * atoms.positions
    expected = np.where((np.array(list(atoms.symbols)) == "Li")[:, None], [0.05, 0, 0], [0, 0, 0.1])
    np.testing.assert_allclose(shift, expected, atol=1e-9)
    with pytest.raises(AtomsDiffer):
        place_in_crystal(relaxed, atoms.cell.array, atoms.positions[:-1], list(atoms.symbols)[:-1])
