"""Bonds that a simulation holds rigid: their stretching modes are missing in a trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray

from scattering.core.isotopes import parts
from scattering.core.notices import Notice

MAX_ATOMS: Final = 16
"""Atoms of each species that are looked at."""
MAX_FRAMES: Final = 512
"""Frames that are looked at."""
BOND_FACTOR: Final = 1.3
"""Longest bond, relative to the sum of the covalent radii."""
RIGID_ANGSTROM: Final = 1e-3
"""Standard deviation of the length of a rigid bond; that of C–H is 0.005 Å at 10 K and 0.03 Å at 300 K."""
ROUNDING_FACTOR: Final = 1.5
"""Largest standard deviation of a rigid length by rounding, relative to the expected one."""


class BondSampler:
    """The lengths of the shortest bond of some atoms of each species.

    Parameters
    ----------
    nuclei
        Nucleus of each atom.
    scaled, cell
        Positions of the first frame in units of the cell vectors, shape (n_atoms, 3), and these vectors, Å.
    """

    def __init__(self, nuclei: Sequence[str], scaled: NDArray[np.float64], cell: NDArray[np.float64]) -> None:
        names = np.array(nuclei)
        radii = np.array([covalent_radii[atomic_numbers[parts(one)[1]]] for one in nuclei])
        chosen = [atom for name in sorted(set(nuclei)) for atom in np.flatnonzero(names == name)[:MAX_ATOMS]]
        pairs = [(atom, _nearest(atom, scaled, cell, radii)) for atom in chosen]
        self._pairs = np.array([pair for pair in pairs if pair[1] >= 0], dtype=int).reshape(-1, 2)
        self._names = names[self._pairs[:, 0]]
        self._lengths = list[NDArray[np.float64]]()

    def add(self, scaled: NDArray[np.float64], cell: NDArray[np.float64]) -> None:
        """Add a frame."""
        if len(self._lengths) < MAX_FRAMES and len(self._pairs):
            vectors = scaled[self._pairs[:, 0]] - scaled[self._pairs[:, 1]]
            self._lengths.append(np.linalg.norm((vectors - np.rint(vectors)) @ cell, axis=1))

    def notices(self, rounding_angstrom: float) -> list[Notice]:
        """Return a notice of the species with rigid bonds, if there are any."""
        if not self._lengths:
            return []
        spread = np.std(self._lengths, axis=0)
        by_rounding = ROUNDING_FACTOR * rounding_angstrom / np.sqrt(6)
        rigid = spread < max(RIGID_ANGSTROM, by_rounding)
        found = [name for name in dict.fromkeys(self._names.tolist()) if rigid[self._names == name].any()]
        return [Notice("rigid_bonds", {"species": found})] if found else []


def _nearest(atom: int, scaled: NDArray[np.float64], cell: NDArray[np.float64], radii: NDArray[np.float64]) -> int:
    """Return the atom that is bonded to an atom at the shortest relative distance; -1 if none is."""
    vectors = scaled - scaled[atom]
    distances = np.linalg.norm((vectors - np.rint(vectors)) @ cell, axis=1) / (radii + radii[atom])
    distances[atom] = np.inf
    nearest = int(np.argmin(distances))
    return nearest if distances[nearest] < BOND_FACTOR else -1
