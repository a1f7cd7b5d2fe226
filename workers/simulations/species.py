"""Names of species in partials: elements, or their inequivalent sites."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from scattering.core.sites import distinct_types, site_labels


def species_labels(atoms: Atoms, *, resolve_sites: bool) -> list[str]:
    """Return the chemical symbols of the atoms, or their crystallographic sites.

    Tags of the atoms distinguish the isotopes of the file.
    """
    if resolve_sites:
        return site_labels(
            cell=atoms.cell.array, positions=atoms.positions, numbers=atoms.numbers, kinds=atoms.get_tags()
        )
    return [str(symbol) for symbol in atoms.get_chemical_symbols()]


def atom_types(atoms: Atoms) -> NDArray[np.integer[Any]]:
    """Return numbers that are the same only for atoms of one element and one tag, shape (n_atoms,)."""
    return distinct_types(atoms.numbers, atoms.get_tags())
