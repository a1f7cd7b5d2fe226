"""Strain a crystal to the mean cell of a run at constant pressure, without rotation and with its symmetry."""

from __future__ import annotations

from typing import Final

import numpy as np
import spglib
from ase import Atoms
from numpy.typing import NDArray

SYMMETRY_TOLERANCE: Final = 1e-2
"""Å. As for crystallographic sites: measured structures are symmetric to about this."""


def find_point_group(sites: Atoms) -> NDArray[np.float64]:
    """Return the rotations, with and without inversion, of the point group of a crystal.

    They belong to the crystal, not to the supercell: silicon in 2 × 2 × 3 cells is cubic.

    Returns
    -------
    Shape (n, 3, 3), Cartesian, for columns. Without symmetry, the identity.
    """
    structure = (sites.cell.array.tolist(), sites.get_scaled_positions().tolist(), sites.numbers.tolist())
    primitive = spglib.standardize_cell(structure, to_primitive=True, no_idealize=True, symprec=SYMMETRY_TOLERANCE)
    if primitive is None or (symmetry := spglib.get_symmetry(primitive, symprec=SYMMETRY_TOLERANCE)) is None:
        return np.eye(3)[None]
    columns = np.asarray(primitive[0]).T
    return np.asarray(columns @ np.unique(symmetry["rotations"], axis=0) @ np.linalg.inv(columns))


def symmetrise(tensor: NDArray[np.float64], rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of a tensor, shape (3, 3), that is invariant under a group: the mean of R T Rᵀ."""
    return np.asarray(np.einsum("nij,jk,nlk->il", rotations, tensor, rotations) / len(rotations))


def is_isotropic(rotations: NDArray[np.float64]) -> bool:
    """Tell whether a crystal with this point group expands equally in all directions, as cubic crystals do."""
    # The six components differ. Only a group that averages all of them makes the tensor a multiple of the identity
    tensor = np.array([[1.0, 0.5, 0.25], [0.5, 2.0, 0.125], [0.25, 0.125, 4.0]])
    return bool(np.allclose(symmetrise(tensor, rotations), np.trace(tensor) / 3 * np.eye(3), atol=1e-2))


def strain_to(sites: Atoms, cell: NDArray[np.float64], rotations: NDArray[np.float64] | None = None) -> Atoms:
    """Return sites strained to a mean cell, with their symmetry and orientation.

    Parameters
    ----------
    sites
        Atoms at rest; not changed.
    cell
        Mean cell in any orientation, shape (3, 3), Å: h = h₀ F. The rotation in F is left out. Of the stretch
        U = (F Fᵀ)^½, the part that breaks the symmetry is left out, because it is noise.
    rotations
        Result of `find_point_group`, if it is already known.
    """
    rotations = find_point_group(sites) if rotations is None else rotations
    gradient = np.linalg.solve(sites.cell.array, cell)
    squares, axes = np.linalg.eigh(gradient @ gradient.T)
    stretch = symmetrise((axes * np.sqrt(squares)) @ axes.T, rotations)
    strained: Atoms = sites.copy()
    strained.set_cell(sites.cell.array @ stretch, scale_atoms=True)
    return strained
