"""Cells of a supercell, and the wave vectors that fit it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cells_within(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one image of each cell in a supercell whose vectors are the rows of a matrix, shape (n_cells, 3)."""
    n_cells = round(abs(float(np.linalg.det(matrix))))
    to_place = np.rint(np.linalg.inv(matrix) * n_cells).astype(np.int64)
    found = {(0, 0, 0): (0, 0, 0)}
    queue = [(0, 0, 0)]
    for first, second, third in queue:
        for cell in ((first + 1, second, third), (first, second + 1, third), (first, second, third + 1)):
            place = tuple((np.array(cell) @ to_place % n_cells).tolist())
            if place not in found:
                found[place] = cell
                queue.append(cell)
    return np.array(list(found.values()))


def commensurate_wave_vectors(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the wave vectors whose waves fit a supercell, one image of each, Γ first.

    Parameters
    ----------
    matrix
        Shape (3, 3): supercell vectors (rows) in units of the cell vectors.

    Returns
    -------
    Shape (n_cells, 3), in reciprocal vectors of the cell.
    """
    return np.asarray(cells_within(matrix.T) @ np.linalg.inv(matrix).T)


def is_half(q: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether wave vectors, in reciprocal vectors, are halves of reciprocal lattice vectors, shape (n_q,)."""
    return np.asarray((np.abs(2 * q - np.rint(2 * q)) < 1e-14).all(axis=1))


def places_in_supercell(cells: NDArray[np.int64], matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number for each of some cells (n, 3), the same for all images of a cell in a supercell."""
    n_cells = round(abs(float(np.linalg.det(matrix))))
    places = np.rint(cells @ np.linalg.inv(matrix) * n_cells).astype(np.int64) % n_cells
    return np.asarray((places[:, 0] * n_cells + places[:, 1]) * n_cells + places[:, 2])
