"""A fast symmetry search for the supercell of phonopy.

A conventional cell of 8 atoms, repeated to 216, has 5184 operations. phonopy searches the permutation of the
atoms for each of them, which takes longer than all forces and phonons of such a crystal. Operations with the same
rotation differ by a lattice translation. The permutations of one operation for each rotation and those of the
translations therefore give all others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from phonopy import Phonopy
from phonopy.structure.cells import compute_all_sg_permutations
from phonopy.structure.symmetry import Symmetry


class QuickPhonopy(Phonopy):
    """Phonopy, with the symmetry of its supercell from `SupercellSymmetry`."""

    def _search_symmetry(self) -> None:
        self._symmetry = SupercellSymmetry(self._supercell, self._symprec)


class SupercellSymmetry(Symmetry):
    """The symmetry of a cell for phonopy, with composed instead of searched permutations of the atoms."""

    def _set_symmetry_dataset(self) -> None:
        super()._set_symmetry_dataset()
        # phonopy compares all operations to find the different rotations: one operation for each rotation is enough
        self._all_operations = self._symmetry_operations
        rotations, translations = self._all_operations["rotations"], self._all_operations["translations"]
        first = np.sort(np.unique(rotations.reshape(-1, 9), axis=0, return_index=True)[1])
        self._symmetry_operations = {"rotations": rotations[first], "translations": translations[first]}

    def _set_atomic_permutations(self) -> None:
        self._symmetry_operations = self._all_operations
        self._atomic_permutations = permutations(
            self._cell.scaled_positions,
            lattice=self._cell.cell,
            numbers=self._cell.numbers,
            rotations=self._all_operations["rotations"],
            translations=self._all_operations["translations"],
            tolerance=self._symprec,
        )


def permutations(
    positions: NDArray[np.float64],
    *,
    lattice: NDArray[np.float64],
    numbers: NDArray[np.int64],
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    tolerance: float,
) -> NDArray[np.int64]:
    """Return the atom to which each operation of a space group moves each atom.

    Parameters
    ----------
    positions
        Shape (n_atoms, 3), fractional.
    lattice
        Shape (3, 3), Å. Cell vectors as rows.
    numbers
        Shape (n_atoms,). Atoms of different numbers are not exchanged.
    rotations, translations
        Shapes (n_operations, 3, 3) and (n_operations, 3), fractional; with all translations of the lattice within the
        cell.
    tolerance
        Å.

    Returns
    -------
    Shape (n_operations, n_atoms).
    """
    columns = np.array(lattice.T, dtype=float, order="C")
    _, first, kind = np.unique(rotations.reshape(-1, 9), axis=0, return_index=True, return_inverse=True)
    pure = np.flatnonzero((rotations == np.eye(3, dtype=int)).all(axis=(1, 2)))
    chosen = np.concatenate([pure, first])
    found = compute_all_sg_permutations(positions, rotations[chosen], translations[chosen], columns, tolerance, numbers)
    shifting, turning = found[: len(pure)], found[len(pure) :]
    result = np.empty((len(rotations), len(positions)), dtype=np.int64)
    for index, one in enumerate(first):
        same = np.flatnonzero(kind.ravel() == index)
        apart = (translations[same] - translations[one])[:, None] - translations[pure]
        distances = np.linalg.norm((apart - np.rint(apart)) @ lattice, axis=2)
        result[same] = shifting[distances.argmin(axis=1)][:, turning[index]]
    return result
