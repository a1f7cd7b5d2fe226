"""What workers find out for trust: phonons at special points."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from euphonic import ForceConstants
from scipy import constants

from scattering import phonons
from workers.special_points import special_phonons

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
