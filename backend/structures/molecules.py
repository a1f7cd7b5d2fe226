"""Molecules of a structure: atoms that bonds join, where bonds do not go on from cell to cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.structures.geometry import Bonds
from scattering.core.networks import find_networks


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
    networks = find_networks(n_atoms, bonded.first, bonded.second, bonded.shift)
    if any(one.dimension for one in networks):
        return None
    image = np.zeros((n_atoms, 3), dtype=np.int64)
    for one in networks:
        image[one.members] = one.image
    return Molecules([one.members for one in networks], image)
