"""What a reader makes of a CIF, in numbers that do not depend on the order of the atoms or the choice of the origin.

The script of the other environment imports this module too: it needs only NumPy, SciPy and spglib.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import numpy as np
import spglib
from numpy.typing import NDArray
from scipy.spatial import cKDTree

SYMMETRY_TOLERANCE_ANGSTROM: Final = 0.01
REACH_ANGSTROM: Final = 4.0
"""Distances between atoms are compared up to here."""


def record(cell: NDArray[np.float64], symbols: Sequence[str], fractional: NDArray[np.float64]) -> dict[str, Any]:
    """Return composition, lattice, space group and shortest distances of a crystal.

    Parameters
    ----------
    cell
        Lattice vectors in Å, rows, shape (3, 3).
    symbols
        Elements of the atoms; D and T count as H.
    fractional
        Positions of the atoms in units of the lattice vectors, shape (n_atoms, 3).

    Returns
    -------
    dict
        `atoms` (element → number in the cell), `lengths` in Å, `angles` in degrees, `space_group` (number; 0 where
        spglib finds none), `distances` (pair of elements → shortest distance in Å within `REACH_ANGSTROM`).
    """
    elements = ["H" if symbol in ("D", "T") else symbol for symbol in symbols]
    lengths = np.linalg.norm(cell, axis=1)
    cosines = [cell[a] @ cell[b] / (lengths[a] * lengths[b]) for a, b in ((1, 2), (0, 2), (0, 1))]
    return {
        "atoms": dict(sorted(Counter(elements).items())),
        "lengths": lengths.tolist(),
        "angles": np.degrees(np.arccos(cosines)).tolist(),
        "space_group": _space_group(cell, elements, fractional),
        "distances": _shortest_distances(cell, elements, fractional),
    }


def _space_group(cell: NDArray[np.float64], elements: Sequence[str], fractional: NDArray[np.float64]) -> int:
    kinds = {symbol: index for index, symbol in enumerate(sorted(set(elements)))}
    crystal: Any = (cell, fractional, [kinds[symbol] for symbol in elements])
    try:
        found: Any = spglib.get_symmetry_dataset(crystal, symprec=SYMMETRY_TOLERANCE_ANGSTROM)
    except Exception:  # spglib raises one of its own where atoms coincide
        found = None
    return 0 if found is None else int(found.number)


def _shortest_distances(
    cell: NDArray[np.float64], elements: Sequence[str], fractional: NDArray[np.float64]
) -> dict[str, float]:
    heights = 1 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    reach = [range(-n, n + 1) for n in np.ceil(REACH_ANGSTROM / heights).astype(int)]
    inside = fractional % 1.0
    images = np.array(list(product(*reach)))
    points = (inside[None] + images[:, None]).reshape(-1, 3)
    near = ((points > -REACH_ANGSTROM / heights) & (points < 1 + REACH_ANGSTROM / heights)).all(axis=1)
    names = np.tile(np.array(elements), len(images))[near]
    owner = np.tile(np.arange(len(inside)), len(images))[near]
    home = np.repeat((images == 0).all(axis=1), len(inside))[near]
    found: dict[str, float] = {}
    species = sorted(set(elements))
    for first in species:
        atoms = inside[[name == first for name in elements]] @ cell
        own = np.flatnonzero([name == first for name in elements])
        for second in species:
            if second < first:
                continue
            chosen = np.flatnonzero(names == second)
            tree = cKDTree(points[near][chosen] @ cell)
            k = min(2, len(chosen))
            distance, at = tree.query(atoms, k=k, distance_upper_bound=REACH_ANGSTROM)
            distance, at = distance.reshape(len(atoms), -1), at.reshape(len(atoms), -1)
            at = np.where(np.isfinite(distance), at, 0)
            itself = home[chosen][at] & (owner[chosen][at] == own[:, None])
            shortest = np.where(itself, np.inf, distance).min()
            if np.isfinite(shortest):
                found[f"{first}-{second}"] = float(shortest)
    return found
