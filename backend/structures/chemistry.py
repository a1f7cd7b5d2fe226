"""Description of a structure: formula, density, space group, and warnings."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from functools import reduce
from math import gcd
from typing import Any

import numpy as np
import scipy.constants
from ase.data import chemical_symbols, covalent_radii

from backend.kit.files.unreadable import Unreadable
from backend.structures.condition import find_disorder
from backend.structures.geometry import StructureData, bonds, closest_pair, pairs_within
from backend.structures.molecules import Molecules, find_molecules
from scattering.core.notices import Notice

SYMMETRY_TOLERANCE_ANGSTROM = 0.01
"""spglib's `symprec`: coordinates in papers are rounded to a few thousandths of an Å."""

MAX_ATOMS_FOR_SYMMETRY = 1500
"""spglib takes 3 s on so many atoms that have no symmetry, and four times as long on twice as many."""

SAME_SPOT_ANGSTROM = 0.5
"""No two nuclei come nearer: the shortest bond is that of H₂, 0.74 Å."""

CLOSE_CONTACT_SCALE = 0.7
"""A contact under so many times the sum of covalent radii is worth a warning (C–H at 0.75 Å, say)."""

MAX_NUMBER_DENSITY = 1.0
"""Atoms per Å³; hydrogen at 500 GPa has about 0.6, diamond 0.18."""

MIN_HEIGHT_ANGSTROM = 1.0
MAX_LENGTH_ANGSTROM = 1000.0


@dataclass(frozen=True)
class Description:
    """Description of a structure.

    Parameters
    ----------
    formula
        Of one molecule when the crystal is made of one kind of molecule, otherwise reduced: C6H6, MgO.
    formula_cell
        Everything in the cell: C24H24.
    density
        g/cm³.
    space_group, space_group_number
        spglib's, at `SYMMETRY_TOLERANCE_ANGSTROM`.
    notices
        What looks wrong.
    """

    formula: str
    formula_cell: str
    density: float
    space_group: str
    space_group_number: int
    notices: list[Notice]


def check(structure: StructureData) -> None:
    """Refuse what cannot be a crystal, before anything is computed that takes long on it.

    Raises
    ------
    Unreadable
        The cell is flat or huge, numbers are not finite, atoms sit on one spot.
    """
    if not (np.isfinite(structure.positions).all() and np.isfinite(structure.cell).all()):
        raise Unreadable(Notice("numbers_not_finite"))
    if not structure.numbers.size:
        raise Unreadable(Notice("no_atoms"))
    if np.abs(structure.numbers - 59).max() > 58:
        unknown = structure.numbers[np.abs(structure.numbers - 59) > 58][0]
        raise Unreadable(Notice("unusable_element_number", {"number": int(unknown)}))
    lengths = np.linalg.norm(structure.cell, axis=1)
    if lengths.max() > MAX_LENGTH_ANGSTROM:
        raise Unreadable(Notice("lattice_vector_too_long", {"length_angstrom": float(lengths.max())}))
    areas = np.linalg.norm(np.cross(np.roll(structure.cell, -1, axis=0), np.roll(structure.cell, -2, axis=0)), axis=1)
    heights = structure.volume / np.maximum(areas, np.finfo(float).tiny)
    if not lengths.min() > 0 or heights.min() < MIN_HEIGHT_ANGSTROM:
        raise Unreadable(Notice("cell_without_volume", {"volume_angstrom3": float(structure.volume)}))
    density = len(structure.numbers) / structure.volume
    if density > MAX_NUMBER_DENSITY:
        packed = {"n_atoms": len(structure.numbers), "volume_angstrom3": float(structure.volume)}
        raise Unreadable(Notice("cell_too_dense", packed))
    if np.abs(structure.positions).max() > 100 * MAX_LENGTH_ANGSTROM:
        raise Unreadable(Notice("atom_far_from_origin"))
    if closest := closest_pair(structure, SAME_SPOT_ANGSTROM):
        first, second, distance = closest
        pair = {"atoms": _names(structure, first, second), "distance_angstrom": distance}
        raise Unreadable(Notice("overlapping_atoms", pair))


def right_handed(structure: StructureData) -> tuple[StructureData, list[Notice]]:
    """The same crystal with right-handed lattice vectors.

    −a, −b, −c span the same lattice as a, b, c with the same lengths and angles; no atom moves.
    """
    if np.linalg.det(structure.cell) > 0:
        return structure, []
    return replace(structure, cell=-structure.cell), [Notice("lattice_vectors_reversed")]


def describe(structure: StructureData) -> Description:
    """Formula, density, symmetry and notices of a structure that passed `check`."""
    contacts = pairs_within(structure, CLOSE_CONTACT_SCALE * covalent_radii[structure.numbers])
    counts = Counter(structure.symbols)
    notices = []
    if len(contacts):
        at = int(np.argmin(contacts.length))
        names = _names(structure, int(contacts.first[at]), int(contacts.second[at]))
        closest = {"atoms": names, "distance_angstrom": float(contacts.length[at])}
        notices.append(Notice("close_atoms", {"n_pairs": len(contacts), **closest}))
    if not structure.pbc.all():
        axes = [axis for axis, periodic in zip("abc", structure.pbc, strict=True) if not periodic]
        notices.append(Notice("axes_not_periodic", {"axes": axes}))
    symbol, number = space_group(structure) if len(structure.numbers) <= MAX_ATOMS_FOR_SYMMETRY else ("P1", 1)
    if len(structure.numbers) > MAX_ATOMS_FOR_SYMMETRY:
        notices.append(Notice("space_group_not_determined", {"max_atoms": MAX_ATOMS_FOR_SYMMETRY}))
    molecules = find_molecules(len(structure.numbers), bonds(structure))
    if disorder := find_disorder(structure, molecules, number):
        notices.append(disorder)
    mass_g = structure.mass * scipy.constants.value("atomic mass constant") * 1e3
    return Description(
        formula=formula(structure, molecules),
        formula_cell=write_formula(counts),
        density=mass_g / (structure.volume * 1e-24),
        space_group=symbol,
        space_group_number=number,
        notices=notices,
    )


def _names(structure: StructureData, *atoms: int) -> list[str]:
    """Return the symbols of atoms with their numbers, from 1."""
    return [f"{structure.symbols[atom]}{atom + 1}" for atom in atoms]


def space_group(structure: StructureData) -> tuple[str, int]:
    """Short international symbol and number."""
    import spglib

    cell: Any = (structure.cell, structure.fractional, structure.numbers)
    with warnings.catch_warnings():
        # spglib is changing from None to exceptions; both mean that nothing was found.
        warnings.simplefilter("ignore")
        try:
            found = spglib.get_symmetry_dataset(cell, symprec=SYMMETRY_TOLERANCE_ANGSTROM)
        except Exception:
            found = None
    return ("P1", 1) if found is None else (found.international, int(found.number))


def formula(structure: StructureData, molecules: Molecules | None) -> str:
    """Formula of the molecule that the crystal is made of, or the reduced one when it is a network or several kinds."""
    if molecules is not None:
        symbols = np.array(structure.symbols)
        kinds = {tuple(sorted(Counter(symbols[molecule].tolist()).items())) for molecule in molecules.members}
        if len(kinds) == 1 and min(map(len, molecules.members)) > 1:
            return write_formula(Counter(dict(kinds.pop())))
    counts = Counter(structure.symbols)
    divisor = reduce(gcd, counts.values())
    return write_formula(Counter({symbol: count // divisor for symbol, count in counts.items()}))


def write_formula(counts: Counter[str]) -> str:
    """Return a formula: in Hill's order for organic matter, otherwise with the electropositive elements first.

    Source of the latter order: IUPAC 2005, table VI.
    """
    if {"C", "H"} <= counts.keys():
        symbols = ["C", "H", *sorted(counts.keys() - {"C", "H"})]
    else:
        symbols = sorted(counts, key=lambda symbol: _electronegativity_rank(chemical_symbols.index(symbol)))
    return "".join(symbol + (str(counts[symbol]) if counts[symbol] > 1 else "") for symbol in symbols)


def _electronegativity_rank(number: int) -> tuple[float, int]:
    """Place in IUPAC's sequence: by group, the heavier first; H between the groups of N and O."""
    if number == 1:
        return 15.5, 0
    start = max(z for z in (0, 2, 10, 18, 36, 54, 86) if z < number)
    place, length = number - start, {0: 2, 2: 8, 10: 8, 18: 18, 36: 18, 54: 32, 86: 32}[start]
    if place <= 2 and number != 2:
        group = place
    elif length == 32:
        # The lanthanides and actinides stand with group 3.
        group = 3 if place <= 17 else place - 14
    else:
        group = place + 18 - length
    return (0 if group == 18 else group), -number
