"""FHI-aims geometry.in. ASE's reader turns the file's `symmetry_…` lines into expressions; this one skips them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.reading import Lines, Reading, Species, TooManyAtoms, structure_from
from backend.structures.geometry import StructureData
from scattering.core.notices import Notice

MAX_LISTED: Final = 8
"""Nuclei that a notice names."""
# Keywords of geometry.in that say nothing about where atoms are (FHI-aims manual, chapter "geometry.in").
IGNORED = {
    "initial_moment",
    "initial_charge",
    "constrain_relaxation",
    "velocity",
    "symmetry_n_params",
    "symmetry_params",
    "symmetry_lv",
    "symmetry_frac",
    "symmetry_frac_change_threshold",
    "hessian_block",
    "hessian_block_lv",
    "hessian_block_lv_atoms",
    "hessian_file",
    "trust_radius",
    "homogeneous_field",
    "set_vacuum_level",
    "calculate_friction",
    "rt_tddft_initial_velocity",
    "magnetic_response",
    "magnetic_moment",
    "nuclear_spin",
}
UNSUPPORTED = {"empty", "pseudocore", "multipole"}


def read(text: str, max_atoms: int) -> Reading:
    """Read the lattice vectors and atoms of a geometry.in."""
    lines = Lines(text)
    species = Species()
    cell: list[list[float]] = []
    numbers: list[int] = []
    rows: list[list[float]] = []
    fractional: list[bool] = []
    isotopes: dict[int, int] = {}
    for line in lines:
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        keyword = words[0].lower()
        if keyword in ("atom", "atom_frac"):
            rows.append(lines.numbers(words[1:], 3, "position"))
            numbers.append(species.number(words[4] if len(words) > 4 else "", {"line": lines.number}))
            fractional.append(keyword == "atom_frac")
            if len(numbers) > max_atoms:
                raise TooManyAtoms(sum(row.lstrip().startswith("atom") for row in text.split("\n")), max_atoms)
        elif keyword == "isotope":
            isotopes[len(numbers)] = lines.count(words[1] if len(words) > 1 else "", "mass_number")
        elif keyword == "lattice_vector":
            cell.append(lines.numbers(words[1:], 3, "lattice_vector"))
        elif keyword in UNSUPPORTED:
            raise Unreadable(Notice("unsupported_keyword", {"line": lines.number, "keyword": keyword}))
        elif keyword not in IGNORED:
            named = {"keyword": keyword[:30], "format": "geometry.in"}
            raise Unreadable(Notice("unknown_keyword", {"line": lines.number, **named}))
    if not numbers:
        raise Unreadable(Notice("no_atoms"))
    if len(cell) != 3:
        raise Unreadable(Notice("no_unit_cell", {"format": "aims", "n_vectors": len(cell)}))

    lattice = np.array(cell)
    positions = np.array(rows)
    scaled = np.array(fractional)
    positions[scaled] = positions[scaled] @ lattice
    structure = structure_from(numbers, lattice, cartesian=positions, isotopes=species.isotopes)
    return Reading(structure, notices=_isotopes_left_out(structure, isotopes))


def _isotopes_left_out(structure: StructureData, isotopes: Mapping[int, int]) -> list[Notice]:
    """Return a notice if the file chooses nuclei for magnetic responses, as atom (from 1) → mass number.

    `isotope` overrides the nucleus of shieldings and J couplings (13C where carbon is natural), and not the mass, which
    is in control.in: FHI-aims manual, chapter "Magnetic response"; pyfhiaims, `geometry/atom.py`.
    """
    nuclei = [
        {"atom": atom, "nucleus": f"{number}{structure.symbols[atom - 1]}"} for atom, number in isotopes.items() if atom
    ]
    if not nuclei:
        return []
    return [Notice("isotopes_of_magnetic_response", {"nuclei": nuclei[:MAX_LISTED], "n_nuclei": len(nuclei)})]
