"""What workers find out for trust: phonons at special points."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from euphonic import ForceConstants
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from scipy import constants

from scattering.simulate import phonons
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.special_points import special_phonons

SPRING, MASS, LATTICE, REPEATS = 2.0, 50.0, 4.0, 4


def springs_between_neighbours(cell: np.ndarray) -> ForceConstants:
    """A face-centred cubic crystal of central springs (eV/Å²) between nearest neighbours."""
    origins = np.array(list(itertools.product(range(REPEATS), repeat=3)))
    places, box = origins @ cell, REPEATS * cell
    blocks = np.zeros((1, len(places), 3, 3))
    for number, place in enumerate(places):
        fractional = place @ np.linalg.inv(box)
        bond = (fractional - np.round(fractional)) @ box
        if 0 < np.linalg.norm(bond) < 1.1 * LATTICE / math.sqrt(2):
            block = SPRING * np.outer(bond, bond) / (bond @ bond)
            blocks[0, number] -= block
            blocks[0, 0] += block
    return phonons.force_constants(
        cell=cell,
        positions=np.zeros((1, 3)),
        symbols=["Cu"],
        masses=np.array([MASS]),
        supercell_matrix=REPEATS * np.eye(3, dtype=int),
        supercell_positions=places,
        unit_atom=np.zeros(len(places), dtype=int),
        constants=blocks,
    )


@pytest.mark.parametrize("cubic", [True, False])
def test_springs_have_the_energies_that_theory_gives_them(cubic: bool) -> None:
    """Mω² at X is 4k and 8k, at L 2k and 8k, at Γ 0; whichever cell was uploaded."""
    primitive: Atoms = bulk("Cu", a=LATTICE)
    found = special_phonons(
        springs_between_neighbours(primitive.cell.array), bulk("Cu", a=LATTICE, cubic=True) if cubic else primitive
    )
    unit = constants.hbar * math.sqrt(SPRING * constants.e / 1e-20 / (MASS * constants.atomic_mass)) / constants.e * 1e3
    assert found["Γ"] == pytest.approx([0, 0, 0], abs=0.02)
    assert found["X"] == pytest.approx([2 * unit, 2 * unit, math.sqrt(8) * unit], rel=1e-4)
    assert found["L"] == pytest.approx([math.sqrt(2) * unit] * 2 + [math.sqrt(8) * unit], rel=1e-4)


def test_where_no_symmetry_is_found_there_are_no_special_points() -> None:
    fc = springs_between_neighbours(bulk("Cu", a=LATTICE).cell.array)
    assert special_phonons(fc, Atoms("Cu2", [[0, 0, 0], [0, 0, 0]], cell=np.eye(3), pbc=True)) == {}


def by_phonopy(atoms: Atoms) -> list[float]:
    """Energies at X in meV, ascending, with phonopy from beginning to end."""
    unit = PhonopyAtoms(
        symbols=list(atoms.symbols), cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions()
    )
    phonopy = Phonopy(unit, np.diag([2, 2, 2]), primitive_matrix="F", log_level=0)
    phonopy.generate_displacements(distance=0.01)
    forces = []
    for cell in phonopy.supercells_with_displacements:
        moved = Atoms(cell.symbols, scaled_positions=cell.scaled_positions, cell=cell.cell, pbc=True, calculator=EMT())
        forces.append(moved.get_forces())
    phonopy.forces = np.array(forces)
    phonopy.produce_force_constants()
    phonopy.symmetrize_force_constants()
    thz = np.sort(phonopy.run_qpoints([[0.5, 0.0, 0.5]]).frequencies[0])
    return list(thz * constants.h * 1e12 / constants.e * 1e3)


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5, 6, 7], [7, 0, 5, 2, 3, 4, 1, 6], [1, 3, 5, 7, 0, 2, 4, 6]])
def test_phonons_do_not_depend_on_the_order_in_which_a_file_lists_its_atoms(order: list[int]) -> None:
    """The atoms that phonopy takes for the primitive cell's may lie in different cells of the uploaded one."""
    crystal: Atoms = bulk("CuAl", "zincblende", a=5.4, cubic=True)[order]
    found = displace(crystal, EMT(), labels=list(crystal.symbols), supercell=[2, 2, 2], distance=0.01)
    assert special_phonons(found.force_constants, crystal)["X"] == pytest.approx(by_phonopy(crystal), abs=0.05)
