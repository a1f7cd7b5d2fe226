"""Molecules of a structure: atoms that bonds join, where bonds do not go on from cell to cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.structures.geometry import Bonds


@dataclass(frozen=True)
class Molecules:
    """The molecules of a cell.

    Attributes
    ----------
    members
        Indices of the atoms of each molecule.
    image
        Lattice translation of every atom with which its molecule is whole, shape (n_atoms, 3), in cells.
    """

    members: list[NDArray[np.int64]]
    image: NDArray[np.int64]

    @property
    def of_atom(self) -> NDArray[np.int64]:
        """Index of the molecule of every atom, shape (n_atoms,)."""
        index = np.zeros(len(self.image), dtype=np.int64)
        for molecule, atoms in enumerate(self.members):
            index[atoms] = molecule
        return index


def find_molecules(n_atoms: int, bonded: Bonds) -> Molecules | None:
    """Return the molecules; None where bonds go on from cell to cell without end: a chain, a sheet or a framework."""
    neighbours: list[list[tuple[int, NDArray[np.int64]]]] = [[] for _ in range(n_atoms)]
    for first, second, shift in zip(bonded.first, bonded.second, bonded.shift, strict=True):
        neighbours[first].append((int(second), shift))
        neighbours[second].append((int(first), -shift))
    image: list[NDArray[np.int64] | None] = [None] * n_atoms
    molecules = []
    for start in range(n_atoms):
        if image[start] is not None:
            continue
        image[start] = np.zeros(3, dtype=np.int64)
        members, waiting = [start], [start]
        while waiting:
            atom = waiting.pop()
            here = image[atom]
            assert here is not None
            for other, shift in neighbours[atom]:
                there = image[other]
                if there is None:
                    image[other] = here + shift
                    members.append(other)
                    waiting.append(other)
                elif (there != here + shift).any():
                    return None
        molecules.append(np.array(members))
    return Molecules(molecules, np.array(image, dtype=np.int64).reshape(-1, 3))
