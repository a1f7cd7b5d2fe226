"""Candidates for the ordered cell of a disordered crystal, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.cif_disorder import PartialSite
from backend.structures.formats.reading import TooManyAtoms, structure_from
from backend.structures.formats.symmetry import Operations
from backend.structures.geometry import StructureData
from backend.structures.ordering.crystal import Crystal, build_crystal
from backend.structures.ordering.ranking import Contacts, Coulomb, energies, find_charges
from backend.structures.ordering.search import Arrangement, TooComplex, find_arrangements, wanted_counts
from backend.structures.ordering.supercells import Supercell, distinct_supercells, reduced
from scattering.core.notices import Notice

MAX_CANDIDATES: Final = 24
MANY_ATOMS: Final = 200
MAX_LARGE_CANDIDATES: Final = 8
"""Most candidates that have many atoms, since symmetry takes long to find."""
MAX_CELLS: Final = 8
"""Most primitive cells in a supercell."""
MAX_POSSIBLE_ATOMS: Final = 800
"""Most atoms of a supercell, with all alternatives."""
MAX_SUPERCELLS: Final = 12
OCCUPANCY_TOLERANCE: Final = 0.05
"""A supercell is large enough if its occupancies differ no more from those of the file."""
MAX_LISTED: Final = 8
SAME_ENERGY: Final = 1e-6
"""Relative difference below which two energies are equal."""


@dataclass(frozen=True)
class Candidate:
    """An ordered cell.

    Attributes
    ----------
    structure
        Its atoms.
    n_cells
        Number of primitive cells of the disordered crystal in it.
    supercell
        Its lattice vectors, rows, in units of those of the file, (3, 3).
    n_equivalent
        Number of arrangements of the supercell that symmetry makes of this one.
    energy_ev
        Energy of the formal charges above that of the best candidate, eV an atom; None where charges are not known.
    chosen
        What is present: sites, their number of present and of possible positions, and the file's occupancy.
    """

    structure: StructureData
    n_cells: int
    supercell: list[list[float]]
    n_equivalent: int
    energy_ev: float | None
    chosen: list[dict[str, Any]]


@dataclass(frozen=True)
class Candidates:
    """The best candidates, and from how many they were chosen.

    Attributes
    ----------
    items
        The candidates, the best first, at most `MAX_CANDIDATES`.
    n_distinct
        Number of arrangements that symmetry distinguishes.
    rank_by
        "electrostatics", or "contacts" that are too short.
    complete
        Whether all arrangements of all supercells of this size were tried.
    occupancy_error
        Largest difference of an occupancy from the file's.
    """

    items: list[Candidate]
    n_distinct: int
    rank_by: str
    complete: bool
    occupancy_error: float


def find_candidates(
    sites: Sequence[PartialSite],
    operations: Operations,
    cell: NDArray[np.float64],
    max_atoms: int,
    n_cells: int | None = None,
) -> Candidates:
    """Return ordered cells of an asymmetric unit with partly occupied sites.

    Parameters
    ----------
    sites, operations, cell
        The asymmetric unit, its symmetry, and its lattice vectors in Å, rows.
    max_atoms
        Most atoms of an ordered cell.
    n_cells
        Number of primitive cells of the supercells; None for the smallest that has the occupancies.

    Raises
    ------
    Unreadable
        There are too many alternatives, or none that fits.
    """
    crystal = build_crystal(sites, operations, cell, MAX_POSSIBLE_ATOMS)
    size = n_cells or _smallest_size(crystal)
    wanted, error = wanted_counts(crystal, size)
    if size * len(crystal.site) > MAX_POSSIBLE_ATOMS:
        raise TooManyAtoms(size * len(crystal.site), MAX_POSSIBLE_ATOMS)
    supercells = distinct_supercells(crystal, size)
    complete = len(supercells) <= MAX_SUPERCELLS
    n_supercells = min(len(supercells), MAX_SUPERCELLS)
    found: list[tuple[Supercell, Arrangement]] = []
    too_complex = 0
    for supercell in supercells[:MAX_SUPERCELLS]:
        try:
            result = find_arrangements(supercell, wanted, n_supercells=n_supercells, keep_repeats=size == 1)
        except TooComplex:
            too_complex += 1
            complete = False
            continue
        complete = complete and result.complete
        found += [(supercell, one) for one in result.arrangements]
    if not found:
        raise Unreadable(Notice("too_disordered") if too_complex else Notice("no_ordered_cell"))
    charges = find_charges(sites, np.bincount(crystal.site, minlength=len(sites)).tolist())
    ranked = _rank(found, charges)
    n_atoms = int(_present(*ranked[0][:2]).sum())
    n_items = MAX_CANDIDATES if n_atoms <= MANY_ATOMS else MAX_LARGE_CANDIDATES
    items = [_candidate(supercell, one, energy, cell) for supercell, one, energy in ranked[:n_items]]
    if len(items[0].structure.numbers) > max_atoms:
        raise TooManyAtoms(len(items[0].structure.numbers), max_atoms)
    return Candidates(items, len(found), "contacts" if charges is None else "electrostatics", complete, error)


def _smallest_size(crystal: Crystal) -> int:
    """Return the number of primitive cells that have the occupancies of the file, or come nearest to them."""
    sizes = [size for size in range(1, MAX_CELLS + 1) if size == 1 or size * len(crystal.site) <= MAX_POSSIBLE_ATOMS]
    errors = {size: wanted_counts(crystal, size)[1] for size in sizes}
    enough = [size for size in sizes if errors[size] <= OCCUPANCY_TOLERANCE]
    return enough[0] if enough else min(sizes, key=lambda size: (round(errors[size], 6), size))


def _rank(
    found: Sequence[tuple[Supercell, Arrangement]], charges: list[float] | None
) -> list[tuple[Supercell, Arrangement, float | None]]:
    """Return the arrangements in the order of their energies; of equal ones, first those that more arrangements equal.

    The energies are in eV an atom above the first, or None where charges are not known.
    """
    crystal = found[0][0].crystal
    pairs = (Contacts if charges is None else Coulomb)(crystal)
    scored = []
    for supercell in dict.fromkeys(supercell.matrix for supercell, _ in found):
        those = [(one, arrangement) for one, arrangement in found if one.matrix == supercell]
        place = those[0][0]
        present = np.array([_present(place, arrangement) for _, arrangement in those], dtype=np.float64)
        amounts = present if charges is None else present * np.array(charges)[place.sites]
        values = energies(pairs.matrix(place), amounts) / np.maximum(present.sum(axis=1), 1)
        scored += [(value, one, arrangement) for value, (one, arrangement) in zip(values.tolist(), those, strict=True)]
    lowest = min(value for value, _, _ in scored)
    scale = SAME_ENERGY * max(1.0, abs(lowest))
    # Sorting is stable: equal ones stay in the order in which they were found
    scored.sort(key=lambda one: (round((one[0] - lowest) / scale), -one[2].n_equivalent))
    return [(one, arrangement, None if charges is None else value - lowest) for value, one, arrangement in scored]


def _present(supercell: Supercell, arrangement: Arrangement) -> NDArray[np.bool_]:
    """Return which of the possible atoms are present, shape (n_atoms,)."""
    present = np.zeros(len(supercell.sites), dtype=bool)
    present[supercell.fixed_atoms] = True
    for unit in np.flatnonzero(arrangement.present):
        present[supercell.unit_atoms[unit]] = True
    return present


def _candidate(
    supercell: Supercell, arrangement: Arrangement, energy_ev: float | None, file_cell: NDArray[np.float64]
) -> Candidate:
    present = _present(supercell, arrangement)
    crystal = supercell.crystal
    keeps_cell = crystal.centring == 1 and len(supercell.origins) == 1
    cell = file_cell if keeps_cell else reduced(supercell.cell)
    # In the order of the file's sites
    atoms = np.flatnonzero(present)
    positions = supercell.positions[atoms]
    fractional = np.linalg.solve(cell.T, positions.T).T
    sites = [crystal.sites[site] for site in supercell.sites[atoms]]
    structure = structure_from(
        [site.number for site in sites],
        cell,
        fractional=fractional - np.floor(fractional + 1e-9),
        isotopes=[site.isotope for site in sites],
    )
    matrix = np.round(np.linalg.solve(file_cell.T, cell.T).T, 4) + 0.0
    chosen = _chosen(supercell, present)
    return Candidate(structure, len(supercell.origins), matrix.tolist(), arrangement.n_equivalent, energy_ev, chosen)


def _chosen(supercell: Supercell, present: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return how many positions of the partly occupied sites are present; sites with equal numbers together."""
    rows: dict[tuple[Any, ...], list[str]] = {}
    sites = supercell.crystal.sites
    for index, site in enumerate(sites):
        if site.is_partial:
            own = supercell.sites == index
            group = (site.assembly, site.group) if site.group else ("site", str(index))
            key = (*group, round(site.occupancy, 3), int(present[own].sum()), int(own.sum()))
            rows.setdefault(key, []).append(site.label[:30])
    return [
        {"sites": labels[:MAX_LISTED], "n_present": n_present, "n_possible": n_possible, "occupancy": occupancy}
        for (*_, occupancy, n_present, n_possible), labels in list(rows.items())[:MAX_LISTED]
    ]
