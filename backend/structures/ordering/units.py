"""Units of a disordered crystal: atoms that are present or absent together, and the units that exclude each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray

from backend.kit.files.unreadable import Unreadable
from backend.structures.formats.cif_disorder import PartialSite
from backend.structures.formats.expansion import Site
from backend.structures.formats.symmetry import Operations
from backend.structures.ordering.pairs import list_pairs
from scattering.core.notices import Notice

BOND_SCALE: Final = 1.2
"""Longest bond, in sums of covalent radii."""
CLASH_SCALE: Final = 0.75
"""Two atoms nearer than this, in sums of covalent radii, are alternatives of each other."""
TERMINAL_SCALE: Final = {1: 1.95, 8: 1.2, 9: 1.2, 17: 1.2, 35: 1.2, 53: 1.2}
"""The same for two atoms of an element that hardly bonds to itself: alternatives of a methyl group's hydrogen are 0.9 Å
apart, those of an oxygen up to 1.5 Å."""
NONMETALS: Final = frozenset({1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 33, 34, 35, 52, 53})
SAME_OCCUPANCY: Final = 0.02
"""Occupancies of the atoms of one molecule differ by less."""
GROUP_CLASH_ANGSTROM: Final = 2.0
"""Groups of atoms that the file numbers without an assembly are alternatives if they come so near."""
MAX_PAIRS: Final = 40_000
MAX_COUNTED_PAIRS: Final = 400_000
"""Most pairs within the bond of the two largest atoms."""
FULL_SHARE: Final = 0.05
"""Occupancies of alternatives whose sum is so near to 1 fill their place."""

Lattice = tuple[int, int, int]
Placed = tuple[int, Lattice]
"""An atom or a unit of the primitive cell, and the lattice translation of its image."""


@dataclass(frozen=True)
class Unit:
    """Atoms that are present or absent together.

    Attributes
    ----------
    atoms
        The atoms and their lattice translations.
    occupancy
        Fraction of the cells in which it is present.
    composition
        Atomic number → number of atoms, sorted.
    """

    atoms: tuple[Placed, ...]
    occupancy: float
    composition: tuple[tuple[int, int], ...]


def as_lattice(shift: NDArray[Any]) -> Lattice:
    return (int(shift[0]), int(shift[1]), int(shift[2]))


def add(first: Lattice, second: Lattice, sign: int = 1) -> Lattice:
    """Return the sum of two lattice translations, or their difference."""
    return (first[0] + sign * second[0], first[1] + sign * second[1], first[2] + sign * second[2])


def turn(rotation: NDArray[np.int64], shift: Lattice) -> Lattice:
    """Return the image of a lattice translation."""
    return as_lattice(rotation @ np.array(shift))


def find_units(
    sites: Sequence[PartialSite],
    site: NDArray[np.int64],
    positions: NDArray[np.float64],
    operations: Operations,
    cell: NDArray[np.float64],
    to_primitive: NDArray[np.float64],
) -> list[Unit]:
    """Join the atoms of a group of the file, and bonded atoms of one occupancy, to units."""
    partial = [atom for atom, index in enumerate(site) if sites[index].is_partial]
    joined = _Joined(partial)
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, one in enumerate(sites):
        if one.is_partial and one.group:
            groups.setdefault((one.assembly, one.group, "" if one.assembly else f"{one.occupancy:.2f}"), []).append(
                index
            )
    for members in groups.values():
        for rotation, translation in zip(operations.rotation, operations.translation, strict=True):
            placed = [
                _nearest(rotation @ (sites[index].position @ to_primitive) + translation, index, site, positions, cell)
                for index in members
            ]
            for other in placed[1:]:
                joined.join(placed[0], other)
    _join_bonded(joined, sites, site, positions, cell, partial)
    units = []
    for atoms in joined.sets():
        numbers = Counter(int(sites[site[atom]].number) for atom, _ in atoms)
        occupancy = float(np.mean([sites[site[atom]].occupancy for atom, _ in atoms]))
        units.append(Unit(tuple(atoms), occupancy, tuple(sorted(numbers.items()))))
    return units


def _join_bonded(
    joined: _Joined,
    sites: Sequence[PartialSite],
    site: NDArray[np.int64],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    partial: Sequence[int],
) -> None:
    """Join the atoms of a molecule that has one occupancy, such as water; not where alternatives would be joined."""
    pairs = neighbours(cell, positions, [sites[index].number for index in site], partial)
    bonds, clashes = [], []
    for first, second, shift, distance in pairs:
        one, other = sites[site[first]], sites[site[second]]
        if _too_near(one, other, distance):
            clashes.append((first, second))
        elif (
            {one.number, other.number} <= NONMETALS
            and (one.group, one.assembly) == (other.group, other.assembly)
            and not one.group.startswith("-")
            and abs(one.occupancy - other.occupancy) < SAME_OCCUPANCY
            and _is_bond(one, other, distance)
        ):
            bonds.append((first, second, shift))
    molecules = _Joined(partial)
    for first, second, shift in bonds:
        molecules.join((first, (0, 0, 0)), (second, shift))
    names = {atom: index for index, atoms in enumerate(molecules.sets()) for atom, _ in atoms}
    mixed = {names[first] for first, second in clashes if names[first] == names[second]}
    for first, second, shift in bonds:
        if names[first] not in mixed:
            joined.join((first, (0, 0, 0)), (second, shift))


def _nearest(
    point: NDArray[np.float64],
    index: int,
    site: NDArray[np.int64],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
) -> Placed:
    """Return the atom of a site that lies at a point, with its lattice translation."""
    atoms = np.flatnonzero(site == index)
    offsets = point - positions[atoms]
    shifts = np.rint(offsets)
    at = int(np.linalg.norm((offsets - shifts) @ cell, axis=1).argmin())
    return int(atoms[at]), as_lattice(shifts[at])


class _Joined:
    """Sets of atoms that belong together, with the lattice translation of each atom to the first one of its set."""

    def __init__(self, atoms: Sequence[int]) -> None:
        self._set = {atom: atom for atom in atoms}
        self._shift: dict[int, Lattice] = dict.fromkeys(atoms, (0, 0, 0))

    def join(self, first: Placed, second: Placed) -> None:
        """Put two atoms in one set. What is joined to its own image already stays as it is."""
        (a, shift_a), (b, shift_b) = first, second
        if self._set[a] == self._set[b]:
            return
        # Images of whole sets: b's set moves so that b lies at its place beside a
        moved = add(add(shift_b, self._shift[b], -1), add(shift_a, self._shift[a], -1), -1)
        old, new = self._set[b], self._set[a]
        for atom in [one for one, name in self._set.items() if name == old]:
            self._set[atom] = new
            self._shift[atom] = add(self._shift[atom], moved)

    def sets(self) -> list[list[Placed]]:
        """Return the sets, the first atom of each in the cell."""
        found: dict[int, list[Placed]] = {}
        for atom, name in self._set.items():
            found.setdefault(name, []).append((atom, self._shift[atom]))
        return [[(atom, add(shift, atoms[0][1], -1)) for atom, shift in atoms] for atoms in found.values()]


def neighbours(
    cell: NDArray[np.float64], positions: NDArray[np.float64], numbers: Sequence[int], atoms: Sequence[int]
) -> list[tuple[int, int, Lattice, float]]:
    """Return the pairs of these atoms within a bond or an exclusion: first, second, the latter's translation, Å."""
    chosen = np.asarray(atoms, dtype=np.int64)
    radii = np.array(
        [max(covalent_radii[numbers[atom]] * BOND_SCALE, 0.61, GROUP_CLASH_ANGSTROM / 2) for atom in atoms]
    )
    i, j, shift, length = list_pairs(cell, positions[chosen] @ cell, radii, MAX_COUNTED_PAIRS)
    if len(i) > MAX_PAIRS:
        raise Unreadable(Notice("too_disordered"))
    return [
        (int(chosen[a]), int(chosen[b]), as_lattice(vector), float(distance))
        for a, b, vector, distance in zip(i, j, shift, length, strict=True)
    ]


def _too_near(first: Site, second: Site, distance: float) -> bool:
    """Whether two atoms cannot be present together."""
    scale = TERMINAL_SCALE.get(first.number, CLASH_SCALE) if first.number == second.number else CLASH_SCALE
    return bool(distance < scale * (covalent_radii[first.number] + covalent_radii[second.number]))


def _is_bond(first: Site, second: Site, distance: float) -> bool:
    return bool(distance < BOND_SCALE * (covalent_radii[first.number] + covalent_radii[second.number]))


def find_clashes(
    sites: Sequence[PartialSite],
    site: NDArray[np.int64],
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    units: Sequence[Unit],
    unit_of: dict[int, Placed],
) -> list[tuple[int, int, Lattice]]:
    """Return the pairs of units that exclude each other, in both directions."""
    found = set()
    numbers = [sites[index].number for index in site]
    for first, second, shift, distance in neighbours(cell, positions, numbers, sorted(unit_of)):
        (a, shift_a), (b, shift_b) = unit_of[first], unit_of[second]
        moved = add(add(shift, shift_b, -1), shift_a)
        if (a, (0, 0, 0)) == (b, moved):
            continue
        one, other = sites[site[first]], sites[site[second]]
        if units[a].occupancy + units[b].occupancy > 1 + FULL_SHARE:
            continue
        if _too_near(one, other, distance) or _are_alternatives(one, other, distance):
            found.add((a, b, moved))
    return sorted(found | {(b, a, (-x, -y, -z)) for a, b, (x, y, z) in found})


def _are_alternatives(first: PartialSite, second: PartialSite, distance: float) -> bool:
    """Whether the file's groups say that two atoms at a distance in Å are never present together."""
    if not first.group or not second.group or first.assembly != second.assembly:
        return False
    if first.group == second.group:
        # Groups with a minus sign lie on a symmetry element, and exclude their own images
        return first.group.startswith("-") and _is_bond(first, second, distance)
    return distance < GROUP_CLASH_ANGSTROM


def fill_places(units: Sequence[Unit], clashes: Sequence[tuple[int, int, Lattice]]) -> list[Unit]:
    """Return the units with occupancies that fill their place, where refined ones almost do."""
    sums = [unit.occupancy for unit in units]
    for first, second, _ in clashes:
        sums[first] += units[second].occupancy
    return [
        Unit(unit.atoms, unit.occupancy / total, unit.composition) if abs(total - 1) < FULL_SHARE else unit
        for unit, total in zip(units, sums, strict=True)
    ]
