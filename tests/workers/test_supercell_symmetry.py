"""The quick symmetry of a supercell is phonopy's own."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from phonopy.structure.atoms import PhonopyAtoms
from phonopy.structure.symmetry import Symmetry

from workers.simulations.steps.supercell_symmetry import SupercellSymmetry

CELLS = {
    "conventional": bulk("Si", cubic=True).repeat(2),
    "two elements": bulk("NaCl", "rocksalt", a=5.64, cubic=True).repeat((2, 2, 1)),
    "hexagonal": bulk("Mg").repeat((3, 3, 2)),
    "no symmetry": Atoms("H2O", positions=[[0, 0, 0], [0.7, 0.1, 0.3], [1.9, 1.1, 0.4]], cell=[4, 5, 6], pbc=True),
}


@pytest.mark.parametrize("name", CELLS)
def test_all_that_phonopy_knows_of_a_supercell_is_the_same(name: str) -> None:
    atoms = CELLS[name]
    cell = PhonopyAtoms(numbers=atoms.numbers, cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions())
    quick, exact = SupercellSymmetry(cell, 1e-3), Symmetry(cell, 1e-3)
    assert vars(quick).keys() - {"_all_operations"} == vars(exact).keys()
    for kind in ("rotations", "translations"):
        np.testing.assert_array_equal(quick.symmetry_operations[kind], exact.symmetry_operations[kind])
    for found in (
        "atomic_permutations",
        "pointgroup_operations",
        "reciprocal_operations",
    ):
        np.testing.assert_array_equal(getattr(quick, found), getattr(exact, found))
    np.testing.assert_array_equal(quick.get_independent_atoms(), exact.get_independent_atoms())
    np.testing.assert_array_equal(quick.get_map_operations(), exact.get_map_operations())
    assert quick.pointgroup_symbol == exact.pointgroup_symbol
