"""Inequivalent crystallographic sites: atoms of one element that symmetry does not relate."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import spglib
from ase.data import chemical_symbols
from numpy.typing import NDArray

MASS_DECIMALS: Final = 6
"""Decimals of masses in u that distinguish isotopes."""


def site_labels(
    *,
    cell: NDArray[np.float64],
    positions: NDArray[np.float64],
    numbers: NDArray[np.integer[Any]],
    kinds: NDArray[np.integer[Any]] | None = None,
    tolerance: float = 1e-2,
) -> list[str]:
    """Name the site of each atom: "H1", "H2", … in the order of the file; "H" if the element has only one site.

    Parameters
    ----------
    cell
        Shape (3, 3), Å. Cell vectors as rows.
    positions
        Shape (n_atoms, 3), Å.
    numbers
        Shape (n_atoms,). Atomic numbers.
    kinds
        Shape (n_atoms,). Atoms of one element and different kinds are never related: they are different isotopes. None:
        all atoms of an element are of one kind.
    tolerance
        Å. Two atoms are related if a symmetry operation brings one within this distance of the other.
    """
    types = distinct_types(numbers, kinds)
    dataset = spglib.get_symmetry_dataset(
        (cell.tolist(), (positions @ np.linalg.inv(cell)).tolist(), types.tolist()), symprec=tolerance
    )
    orbits = np.arange(len(numbers)) if dataset is None else dataset.crystallographic_orbits
    labels = [chemical_symbols[number] for number in numbers]
    for number in np.unique(numbers):
        atoms = np.flatnonzero(numbers == number)
        sites = list(dict.fromkeys(orbits[atoms].tolist()))
        if len(sites) > 1:
            for atom in atoms:
                labels[atom] += str(sites.index(orbits[atom]) + 1)
    return labels


def distinct_types(
    numbers: NDArray[np.integer[Any]], kinds: NDArray[np.integer[Any]] | None
) -> NDArray[np.integer[Any]]:
    """Return numbers that are the same only for atoms of one element and one kind, shape (n_atoms,)."""
    if kinds is None or not kinds.any():
        return numbers
    return np.asarray(np.unique(np.column_stack([numbers, kinds]), axis=0, return_inverse=True)[1].reshape(-1) + 1)


def types_by_mass(numbers: NDArray[np.integer[Any]], masses: NDArray[np.float64]) -> NDArray[np.integer[Any]]:
    """Return numbers that are the same only for atoms of one element and one mass (u), shape (n_atoms,)."""
    return distinct_types(numbers, np.unique(masses.round(MASS_DECIMALS), return_inverse=True)[1])
