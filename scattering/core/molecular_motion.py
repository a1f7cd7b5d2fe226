"""Displacements of atoms in molecules: in the axes of their molecule elsewhere, and without its motion as a whole.

Both are linear, and are matrices for the displacements of all atoms, (x, y, z) of one atom after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.spatial.transform import Rotation

FIXED_AXES_WEIGHT: Final = 1e-6
"""Å². Weight of fixed axes beside the atoms: of all rotations of a linear molecule, or of an atom, that fit the same
positions, the smallest is taken."""


def into_axes(
    molecules: Sequence[NDArray[np.int64]],
    positions: NDArray[np.float64],
    others: NDArray[np.float64],
    masses: NDArray[np.float64],
) -> csr_array:
    """Return the matrix that takes displacements in one crystal to another, whose molecules lie at other angles.

    The displacement of a molecule's centre of mass stays, and those of its atoms from there turn with the molecule.

    Parameters
    ----------
    molecules
        Indices of the atoms of each molecule.
    positions, others
        Shapes (n_atoms, 3), Å: sites of the atoms in both crystals, with molecules that no cell boundary divides.
    masses
        Shape (n_atoms,), u.
    """

    def block(atoms: NDArray[np.int64]) -> NDArray[np.float64]:
        centre = _centre(masses[atoms])
        here, there = (
            sites[atoms] - np.average(sites[atoms], axis=0, weights=masses[atoms]) for sites in (positions, others)
        )
        weights = np.concatenate([np.ones(len(atoms)), np.full(3, FIXED_AXES_WEIGHT)])
        turned, _ = Rotation.align_vectors(np.vstack([there, np.eye(3)]), np.vstack([here, np.eye(3)]), weights)
        return np.asarray(centre + np.kron(np.eye(len(atoms)), turned.as_matrix()) @ (np.eye(len(centre)) - centre))

    return _of_blocks(molecules, block)


def internal(
    molecules: Sequence[NDArray[np.int64]], positions: NDArray[np.float64], masses: NDArray[np.float64]
) -> csr_array:
    """Return the matrix that takes the translation and the rotation of each molecule out of displacements.

    Parameters
    ----------
    molecules, positions, masses
        As of `into_axes`.
    """

    def block(atoms: NDArray[np.int64]) -> NDArray[np.float64]:
        arms = positions[atoms] - np.average(positions[atoms], axis=0, weights=masses[atoms])
        moved = [np.tile(axis, (len(atoms), 1)) for axis in np.eye(3)]
        turned = [np.cross(axis, arms) for axis in np.eye(3)]
        rigid = np.stack([one.ravel() for one in (*moved, *turned)], axis=1)
        weighed = rigid * np.repeat(masses[atoms], 3)[:, None]
        return np.asarray(np.eye(len(rigid)) - rigid @ np.linalg.pinv(weighed.T @ rigid, rcond=1e-9) @ weighed.T)

    return _of_blocks(molecules, block)


def _centre(masses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that takes displacements to that of the centre of mass, for each atom."""
    return np.asarray(np.kron(np.tile(masses / masses.sum(), (len(masses), 1)), np.eye(3)))


def _of_blocks(
    molecules: Sequence[NDArray[np.int64]], block: Callable[[NDArray[np.int64]], NDArray[np.float64]]
) -> csr_array:
    """Put the matrices of all molecules into that of all atoms."""
    rows, columns, values = [], [], []
    for atoms in molecules:
        places = (3 * atoms[:, None] + np.arange(3)).ravel()
        rows.append(np.repeat(places, len(places)))
        columns.append(np.tile(places, len(places)))
        values.append(block(atoms).ravel())
    n = 3 * sum(map(len, molecules))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(coo_array(entries, shape=(n, n)))
