"""From the cell of a run at constant pressure to that of its crystal: no rotation, and the symmetry that it has."""

from __future__ import annotations

from typing import Final

import numpy as np
import spglib
from ase import Atoms
from numpy.typing import NDArray

SYMMETRY_TOLERANCE: Final = 1e-2
"""Å. As for crystallographic sites: a measured structure is symmetric to about that."""


def point_group(sites: Atoms) -> NDArray[np.float64]:
    """Rotations, with and without inversion, that a crystal's properties are invariant under.

    Those of the crystal, not of the box that it is simulated in: silicon in 2 × 2 × 3 cells is as cubic as ever.

    Returns
    -------
    Shape (n, 3, 3), Cartesian, for columns; the identity alone where no symmetry is found.
    """
    structure = (sites.cell.array.tolist(), sites.get_scaled_positions().tolist(), sites.numbers.tolist())
    primitive = spglib.standardize_cell(structure, to_primitive=True, no_idealize=True, symprec=SYMMETRY_TOLERANCE)
    if primitive is None or (found := spglib.get_symmetry(primitive, symprec=SYMMETRY_TOLERANCE)) is None:
        return np.eye(3)[None]
    columns = np.asarray(primitive[0]).T
    return np.asarray(columns @ np.unique(found["rotations"], axis=0) @ np.linalg.inv(columns))


def symmetrise(tensor: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep of a tensor of rank two, shape (3, 3), what is invariant under a group: the mean of R T Rᵀ."""
    return np.asarray(np.einsum("nij,jk,nlk->il", rotations, tensor, rotations) / len(rotations))


def is_isotropic(rotations: NDArray[np.float64]) -> bool:
    """Does a crystal of this point group expand alike in all directions, as cubic ones do?"""
    # Of its six components no two are alike, so that only a group that averages them all makes it a multiple of one
    tensor = np.array([[1.0, 0.5, 0.25], [0.5, 2.0, 0.125], [0.25, 0.125, 4.0]])
    return bool(np.allclose(symmetrise(tensor, rotations), np.trace(tensor) / 3 * np.eye(3), atol=1e-2))


def scaled_to(sites: Atoms, cell: NDArray[np.float64], rotations: NDArray[np.float64] | None = None) -> Atoms:
    """Strain sites as a mean cell is strained, keeping the crystal's symmetry and its orientation.

    Parameters
    ----------
    sites
        At rest; left as they are.
    cell
        Shape (3, 3), Å. What the sites' cell was on average, in any orientation: h = h₀ F. Of F the rotation is left
        out, and of its stretch U = (F Fᵀ)^½ what the symmetry forbids, which is noise.
    rotations
        As `point_group` returns them, for whoever has them already.
    """
    rotations = point_group(sites) if rotations is None else rotations
    gradient = np.linalg.solve(sites.cell.array, cell)
    squares, axes = np.linalg.eigh(gradient @ gradient.T)
    stretch = symmetrise((axes * np.sqrt(squares)) @ axes.T, rotations)
    strained: Atoms = sites.copy()
    strained.set_cell(sites.cell.array @ stretch, scale_atoms=True)
    return strained
