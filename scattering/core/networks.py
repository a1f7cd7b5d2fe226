"""Networks of bonds in a periodic cell: molecules, chains, sheets and frameworks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class Network:
    """Atoms that bonds join.

    Attributes
    ----------
    members
        Indices of its atoms in the cell, shape (n_atoms,), the smallest first.
    image
        Lattice translation of each of them in cells, shape (n_atoms, 3), with which bonds join them without leaving out
        an atom. A molecule is whole with it.
    dimension
        Number of independent directions in which bonds go on from cell to cell: 0 for a molecule, 1 for a chain, 2 for
        a sheet, 3 for a framework.
    """

    members: NDArray[np.int64]
    image: NDArray[np.int64]
    dimension: int

    @property
    def n_atoms(self) -> int:
        """Number of its atoms in the cell."""
        return len(self.members)


def find_networks(n_atoms: int, first: ArrayLike, second: ArrayLike, shift: ArrayLike) -> list[Network]:
    """Return the networks of a periodic cell, by their smallest atom.

    Parameters
    ----------
    n_atoms
        In the cell.
    first, second
        Indices of the atoms of each bond, shape (n_bonds,).
    shift
        Lattice translation of the second atom of each bond in cells, shape (n_bonds, 3).
    """
    neighbours: list[list[tuple[int, NDArray[np.int64]]]] = [[] for _ in range(n_atoms)]
    bonds = zip(np.asarray(first).tolist(), np.asarray(second).tolist(), np.asarray(shift, dtype=np.int64), strict=True)
    for one, other, by in bonds:
        neighbours[one].append((other, by))
        neighbours[other].append((one, -by))
    image: dict[int, NDArray[np.int64]] = {}
    networks = []
    for start in range(n_atoms):
        if start in image:
            continue
        image[start] = np.zeros(3, dtype=np.int64)
        # Bonds that reach an atom in two cells go on without end
        members, waiting, cycles = [start], [start], [np.zeros(3, dtype=np.int64)]
        while waiting:
            atom = waiting.pop()
            for other, by in neighbours[atom]:
                there = image[atom] + by
                if other not in image:
                    image[other] = there
                    members.append(other)
                    waiting.append(other)
                elif (there != image[other]).any():
                    cycles.append(there - image[other])
        dimension = int(np.linalg.matrix_rank(np.unique(cycles, axis=0)))
        networks.append(Network(np.array(members), np.array([image[atom] for atom in members]), dimension))
    return networks
