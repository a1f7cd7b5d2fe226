"""Inequivalent crystallographic sites: atoms of one element that symmetry does not relate."""

from __future__ import annotations

from typing import Any

import numpy as np
import spglib
from ase.data import chemical_symbols
from numpy.typing import NDArray


def site_labels(
    *,
    cell: NDArray[np.float64],
    positions: NDArray[np.float64],
    numbers: NDArray[np.integer[Any]],
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
    tolerance
        Å. Two atoms are related if a symmetry operation brings one within this distance of the other.
    """
    dataset = spglib.get_symmetry_dataset(
        (cell.tolist(), (positions @ np.linalg.inv(cell)).tolist(), numbers.tolist()), symprec=tolerance
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
