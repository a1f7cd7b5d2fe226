"""A disordered crystal: all its possible atoms, units that occur as a whole, and pairs that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.chemistry import check
from backend.structures.formats.cif_disorder import PartialSite
from backend.structures.formats.expansion import distances
from backend.structures.formats.reading import structure_from
from backend.structures.formats.symmetry import Operations
from backend.structures.ordering.units import (
    Lattice,
    Placed,
    Unit,
    add,
    as_lattice,
    fill_places,
    find_clashes,
    find_units,
    turn,
)
from scattering.core.notices import Notice

MERGE_ANGSTROM: Final = 0.05
"""Images of a site nearer than this are one atom on a symmetry element."""
SYMMETRY_TOLERANCE_ANGSTROM: Final = 0.02


@dataclass(frozen=True)
class Crystal:
    """All possible atoms of a primitive cell.

    Attributes
    ----------
    cell
        Primitive lattice vectors in Å, rows, shape (3, 3).
    sites
        The sites of the file.
    site
        Index of the site of every atom, shape (n_atoms,).
    positions
        In units of the lattice vectors, shape (n_atoms, 3).
    units
        The units of the partly occupied sites.
    clashes
        Pairs of units that exclude each other: a unit, another one, and the latter's lattice translation.
    unit_maps
        For every operation of symmetry its rotation (3, 3), and the image of every unit.
    centring
        Number of primitive cells in the file's cell.
    """

    cell: NDArray[np.float64]
    sites: Sequence[PartialSite]
    site: NDArray[np.int64]
    positions: NDArray[np.float64]
    units: Sequence[Unit]
    clashes: Sequence[tuple[int, int, Lattice]]
    unit_maps: Sequence[tuple[NDArray[np.int64], Sequence[Placed]]]
    centring: int

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Atomic numbers, shape (n_atoms,)."""
        return np.array([site.number for site in self.sites], dtype=np.int64)[self.site]

    @property
    def fixed(self) -> list[int]:
        """The atoms of the fully occupied sites."""
        return [atom for atom, site in enumerate(self.site) if not self.sites[site].is_partial]

    def orbits(self) -> list[int]:
        """Return the number of the orbit of every unit: units that symmetry maps on each other."""
        orbit = list(range(len(self.units)))
        for _, images in self.unit_maps:
            for unit, (image, _) in enumerate(images):
                old, new = max(orbit[unit], orbit[image]), min(orbit[unit], orbit[image])
                if old != new:
                    orbit = [new if one == old else one for one in orbit]
        return orbit


def build_crystal(
    sites: Sequence[PartialSite], operations: Operations, cell: NDArray[np.float64], max_atoms: int
) -> Crystal:
    """Return the crystal of an asymmetric unit; rows of `cell` are lattice vectors in Å.

    Raises
    ------
    Unreadable
        There are more possible atoms than `max_atoms` in the file's cell, or too many near each other; or the fully
        occupied ones cannot be a crystal.
    """
    if len(sites) > max_atoms:
        raise Unreadable(Notice("too_disordered"))
    site, positions = _expand(sites, operations, cell, max_atoms)
    _check_fixed_atoms(sites, site, positions, cell)
    types = _types(sites)[site]
    symmetry = _symmetry(cell, positions, types, operations)
    primitive = _primitive_basis(cell, symmetry)
    to_primitive = np.asarray(np.linalg.inv(primitive), dtype=np.float64)
    lattice = primitive @ cell
    centring = round(1 / abs(np.linalg.det(primitive)))
    if centring > 1:
        site, positions = _distinct(site, positions @ to_primitive, lattice)
    rotations, translations = symmetry
    turned = np.rint(to_primitive.T @ rotations @ primitive.T).astype(np.int64)
    maps = list(_atom_maps(turned, translations @ to_primitive, positions, _types(sites)[site], lattice))
    own = Operations(to_primitive.T @ operations.rotation @ primitive.T, operations.translation @ to_primitive)
    units = find_units(sites, site, positions, own, lattice, to_primitive)
    unit_of = {atom: (index, shift) for index, unit in enumerate(units) for atom, shift in unit.atoms}
    unit_maps = [
        (rotation, images)
        for rotation, mapped in maps
        if (images := _map_units(units, unit_of, rotation, mapped)) is not None
    ]
    clashes = find_clashes(sites, site, positions, lattice, units, unit_of)
    return Crystal(lattice, sites, site, positions, fill_places(units, clashes), clashes, unit_maps, centring)


def _check_fixed_atoms(
    sites: Sequence[PartialSite],
    site: NDArray[np.int64],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
) -> None:
    """Refuse what no choice among the partly occupied sites could make a crystal, before symmetry is looked for."""
    fixed = [atom for atom, index in enumerate(site) if not sites[index].is_partial] or [0]
    check(structure_from([sites[site[atom]].number for atom in fixed], cell, fractional=positions[fixed]))


def _types(sites: Sequence[PartialSite]) -> NDArray[np.int64]:
    """Return a number for every site; sites of one element, isotope and occupancy have the same."""
    kinds = [(site.number, round(site.occupancy, 2), str(site.isotope)) for site in sites]
    known = {kind: index for index, kind in enumerate(sorted(set(kinds)), 1)}
    return np.array([known[kind] for kind in kinds], dtype=np.int64)


def _expand(
    sites: Sequence[PartialSite], operations: Operations, cell: NDArray[np.float64], max_atoms: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the site of every atom of the file's cell, and the fractional positions of the atoms.

    Raises
    ------
    Unreadable
        There are more atoms than `max_atoms`.
    """
    owners, points = [], []
    n_atoms = 0
    for index, site in enumerate(sites):
        images = operations.images(site.position)
        offsets = images - site.position
        offsets -= np.rint(offsets)
        own = np.linalg.norm(offsets @ cell, axis=1) < MERGE_ANGSTROM
        orbit = operations.images(site.position + offsets[own].mean(axis=0))
        owner, distinct = _distinct(np.full(len(orbit), index), orbit, cell)
        n_atoms += len(owner)
        if n_atoms > max_atoms:
            raise Unreadable(Notice("too_disordered"))
        owners.append(owner)
        points.append(distinct)
    return np.concatenate(owners), np.concatenate(points)


def _distinct(
    site: NDArray[np.int64], positions: NDArray[np.float64], cell: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Leave out the atoms of a site that lie where an earlier one does."""
    kept_sites, kept = [], []
    for index in np.unique(site):
        points = positions[site == index] % 1.0
        while len(points):
            kept_sites.append(index)
            kept.append(points[0])
            points = points[distances(points - points[0], cell) >= MERGE_ANGSTROM]
    return np.array(kept_sites, dtype=np.int64), np.array(kept).reshape(-1, 3)


def _symmetry(
    cell: NDArray[np.float64], positions: NDArray[np.float64], types: NDArray[np.int64], operations: Operations
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the operations of the crystal with all its possible atoms; those of the file if spglib finds none."""
    import spglib

    crystal: Any = (cell, positions, types)
    try:
        found: Any = spglib.get_symmetry(crystal, symprec=SYMMETRY_TOLERANCE_ANGSTROM)
    except Exception:
        found = None
    if found is None:
        return operations.rotation, operations.translation
    return found["rotations"].astype(np.float64), found["translations"]


def _primitive_basis(
    cell: NDArray[np.float64], symmetry: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the vectors of a primitive cell, rows, in units of the file's lattice vectors."""
    rotations, translations = symmetry
    centring = translations[np.all(rotations == np.eye(3), axis=(1, 2))] % 1.0
    centring = centring - np.rint(centring)
    if len(centring) < 2:
        return np.eye(3)
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    vectors = (centring[:, None] + shifts).reshape(-1, 3)
    lengths = np.linalg.norm(vectors @ cell, axis=1)
    order = np.lexsort((*np.round(vectors, 6).T, np.round(lengths, 4)))
    vectors = vectors[order][lengths[order] > MERGE_ANGSTROM][:60]
    volume = 1 / len(centring)
    for a in range(len(vectors)):
        for b in range(a + 1, len(vectors)):
            determinants = np.cross(vectors[a], vectors[b]) @ vectors.T
            fitting = np.flatnonzero(np.abs(np.abs(determinants) - volume) < 1e-3 * volume)
            if fitting.size:
                basis = vectors[[a, b, fitting[0]]]
                return np.asarray(basis if np.linalg.det(basis) > 0 else -basis)
    return np.eye(3)


def _atom_maps(
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    positions: NDArray[np.float64],
    types: NDArray[np.int64],
    cell: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.int64], list[Placed]]]:
    """Yield each operation that maps every atom on one of its type: the rotation, and the image of every atom."""
    seen = set()
    for rotation, translation in zip(rotations, translations, strict=True):
        key = (rotation.tobytes(), tuple(np.rint(translation % 1 * 1000).astype(int) % 1000))
        if key in seen:
            continue
        seen.add(key)
        images = positions @ rotation.T + translation
        offsets = images[:, None] - positions[None]
        shifts = np.rint(offsets)
        distance = np.linalg.norm((offsets - shifts) @ cell, axis=2)
        distance[types[:, None] != types[None]] = np.inf
        nearest = distance.argmin(axis=1)
        rows = np.arange(len(positions))
        if (distance[rows, nearest] < 5 * SYMMETRY_TOLERANCE_ANGSTROM).all() and len(set(nearest)) == len(nearest):
            yield rotation, [(int(atom), as_lattice(shifts[row, atom])) for row, atom in enumerate(nearest)]


def _map_units(
    units: Sequence[Unit], unit_of: dict[int, Placed], rotation: NDArray[np.int64], atoms: Sequence[Placed]
) -> list[Placed] | None:
    """Return the image of every unit; None if the operation breaks one."""
    images = []
    for unit in units:
        found = set()
        for atom, shift in unit.atoms:
            image, moved = atoms[atom]
            other, offset = unit_of[image]
            found.add((other, add(add(turn(rotation, shift), moved), offset, -1)))
        if len(found) != 1 or len(units[next(iter(found))[0]].atoms) != len(unit.atoms):
            return None
        images.append(found.pop())
    return images
