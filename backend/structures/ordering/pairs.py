"""Pairs of possible atoms near each other, counted before they are listed: a dense file has no end of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

MAX_IMAGES: Final = 200_000
"""Most atoms, with the images of all of them around the cell, among which pairs are counted."""


def list_pairs(
    cell: NDArray[np.float64], points: NDArray[np.float64], reach: float | NDArray[np.float64], most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the pairs of atoms of a crystal within a distance, in both directions.

    Parameters
    ----------
    cell, points
        Lattice vectors, rows, shape (3, 3), and positions, shape (n_atoms, 3), in Å.
    reach
        The distance in Å; or a radius for each atom, shape (n_atoms,), whose sum is the distance of a pair.
    most
        Most pairs within the largest distance.

    Returns
    -------
    tuple
        The first and the second atoms, shape (n_pairs,), the lattice translations of the second, shape (n_pairs, 3),
        and the distances in Å, shape (n_pairs,).

    Raises
    ------
    Unreadable
        There are more pairs.
    """
    from ase.neighborlist import primitive_neighbor_list

    if not len(points):
        empty: Any = np.zeros(0, dtype=np.int64)
        return empty, empty, np.zeros((0, 3), dtype=np.int64), np.zeros(0)
    if count_pairs(cell, points, 2 * float(reach.max()) if isinstance(reach, np.ndarray) else reach) > most:
        raise Unreadable(Notice("too_disordered"))
    i, j, shift, distance = primitive_neighbor_list("ijSd", (True,) * 3, cell, points, reach)
    return i, j, shift, distance


def count_pairs(cell: NDArray[np.float64], points: NDArray[np.float64], reach: float) -> int:
    """Return the number of pairs within a distance; see `list_pairs`.

    Raises
    ------
    Unreadable
        There are too many atoms around the cell to count.
    """
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    margin = reach / heights
    n_images = [2 * int(np.ceil(one)) + 1 for one in np.minimum(margin, MAX_IMAGES)]
    if len(points) * n_images[0] * n_images[1] * n_images[2] > MAX_IMAGES:
        raise Unreadable(Notice("too_disordered"))
    inside = np.linalg.solve(cell.T, points.T).T % 1.0
    shifts = np.stack(np.meshgrid(*(np.arange(n) - n // 2 for n in n_images), indexing="ij"), -1).reshape(-1, 3)
    images = (inside[None] + shifts[:, None]).reshape(-1, 3)
    images = images[((images >= -margin) & (images <= 1 + margin)).all(axis=1)]
    near = cKDTree(inside @ cell).count_neighbors(cKDTree(images @ cell), reach)
    return int(near) - len(points)
