"""Supercells of a disordered crystal: one of each kind that symmetry distinguishes, and the units in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.structures.ordering.crystal import Crystal
from backend.structures.ordering.units import Lattice, Placed, add, turn

Matrix = tuple[Lattice, Lattice, Lattice]


@dataclass(frozen=True)
class Supercell:
    """A supercell with all its units.

    Attributes
    ----------
    crystal
        The crystal.
    matrix
        Vectors of the supercell, rows, in primitive lattice vectors: a lower triangle (Hermite's normal form).
    """

    crystal: Crystal
    matrix: Matrix

    @property
    def cell(self) -> NDArray[np.float64]:
        """Lattice vectors in Å, rows, shape (3, 3)."""
        return np.array(self.matrix) @ self.crystal.cell

    @cached_property
    def origins(self) -> list[Lattice]:
        """Lattice translations of the primitive cells in the supercell."""
        (a, _, _), (_, b, _), (_, _, c) = self.matrix
        return [(x, y, z) for x in range(a) for y in range(b) for z in range(c)]

    def index(self, placed: Placed) -> int:
        """Return the index in the supercell of an atom or a unit with its translation."""
        number, shift = placed
        return number * len(self.origins) + self._place[self.reduce(shift)]

    @cached_property
    def _place(self) -> dict[Lattice, int]:
        return {origin: index for index, origin in enumerate(self.origins)}

    def reduce(self, shift: Lattice) -> Lattice:
        """Return the translation into the supercell that differs by one of its own translations."""
        for axis in (2, 1, 0):
            row = self.matrix[axis]
            times = shift[axis] // row[axis]
            shift = (shift[0] - times * row[0], shift[1] - times * row[1], shift[2] - times * row[2])
        return shift

    def places(self, shifts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the indices in `origins` of lattice translations, shape (n, 3): see `reduce`."""
        rest = np.array(shifts)
        for axis in (2, 1, 0):
            rest -= rest[:, axis, None] // self.matrix[axis][axis] * np.array(self.matrix[axis])
        (_, b, c) = (self.matrix[axis][axis] for axis in range(3))
        return np.asarray((rest[:, 0] * b + rest[:, 1]) * c + rest[:, 2])

    @property
    def n_units(self) -> int:
        """Number of units in the supercell; those of one primitive unit follow each other."""
        return len(self.crystal.units) * len(self.origins)

    def placed_units(self) -> list[Placed]:
        """Return the units in the order of their indices."""
        return [(unit, origin) for unit in range(len(self.crystal.units)) for origin in self.origins]

    @cached_property
    def unit_atoms(self) -> list[list[int]]:
        """Indices of the atoms of every unit."""
        return [
            [self.index((atom, add(shift, origin))) for atom, shift in self.crystal.units[number].atoms]
            for number, origin in self.placed_units()
        ]

    @cached_property
    def fixed_atoms(self) -> list[int]:
        """Indices of the fully occupied atoms."""
        return [self.index((atom, origin)) for atom in self.crystal.fixed for origin in self.origins]

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """Site of every possible atom, shape (n_atoms,)."""
        return np.repeat(self.crystal.site, len(self.origins))

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Positions of all possible atoms in Å, shape (n_atoms, 3)."""
        points = self.crystal.positions[:, None] + np.array(self.origins)[None]
        return np.asarray(points.reshape(-1, 3) @ self.crystal.cell)

    def clashes(self) -> list[set[int]]:
        """Return for every unit the units that it excludes; one that excludes itself cannot be present."""
        found: list[set[int]] = [set() for _ in range(self.n_units)]
        for first, second, shift in self.crystal.clashes:
            for origin in self.origins:
                found[self.index((first, origin))].add(self.index((second, add(shift, origin))))
        return found

    def permutations(self) -> NDArray[np.int64]:
        """Return the image of every unit under every operation of the supercell, shape (n_operations, n_units).

        The translations of the primitive lattice come first.
        """
        units = self.placed_units()
        rows = [[self.index((unit, add(origin, moved))) for unit, origin in units] for moved in self.origins]
        translations = np.array(rows, dtype=np.int64).reshape(len(self.origins), -1)
        identity = np.eye(3, dtype=np.int64)
        found = [translations]
        for rotation, images in self.crystal.unit_maps:
            if not all(self.reduce(turn(rotation, row)) == (0, 0, 0) for row in self.matrix):
                continue
            mapped = np.array(
                [self.index((images[unit][0], add(turn(rotation, origin), images[unit][1]))) for unit, origin in units],
                dtype=np.int64,
            )
            if (rotation == identity).all() and any((mapped == row).all() for row in translations):
                continue
            found.append(translations[:, mapped])
        return np.concatenate(found)


def distinct_supercells(crystal: Crystal, size: int) -> list[Supercell]:
    """Return the supercells of so many primitive cells that symmetry distinguishes, the most compact first."""
    rotations = {rotation.tobytes(): rotation for rotation, _ in crystal.unit_maps}.values()
    seen: set[Matrix] = set()
    found = []
    for matrix in _hermite_forms(size):
        if matrix in seen:
            continue
        seen |= {_hermite(np.array(matrix) @ rotation.T) for rotation in rotations}
        found.append(Supercell(crystal, matrix))
    return sorted(found, key=lambda one: (round(_girth(one.cell), 3), one.matrix))


def reduced(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shortest vectors that span a lattice (rows, Å), right-handed; those of the cell if they are."""
    import spglib

    found = spglib.niggli_reduce(cell)
    if found is None or np.linalg.norm(found, axis=1).sum() > np.linalg.norm(cell, axis=1).sum() - 1e-6:
        return cell
    return np.asarray(found if np.linalg.det(found) > 0 else -found)


def _girth(cell: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(reduced(cell), axis=1).sum())


def _hermite_forms(size: int) -> Iterator[Matrix]:
    """Yield all sublattices of an index, as lower triangles."""
    for a in range(1, size + 1):
        for b in range(1, size // a + 1):
            if size % (a * b) == 0:
                c = size // (a * b)
                yield from (((a, 0, 0), (x, b, 0), (y, z, c)) for x in range(a) for y in range(a) for z in range(b))


def _hermite(matrix: NDArray[np.int64]) -> Matrix:
    """Return the lower triangle that spans the same lattice as three rows of whole numbers."""
    rows: list[list[int]] = [[int(value) for value in row] for row in matrix]
    done: list[list[int]] = []
    for axis in (2, 1, 0):
        while sum(row[axis] != 0 for row in rows) > 1:
            pivot = min((row for row in rows if row[axis]), key=lambda row: abs(row[axis]))
            rows = [
                row if row is pivot else [x - row[axis] // pivot[axis] * y for x, y in zip(row, pivot, strict=True)]
                for row in rows
            ]
        pivot = next(row for row in rows if row[axis])
        rows.remove(pivot)
        done.insert(0, pivot if pivot[axis] > 0 else [-value for value in pivot])
    for low in (1, 2):
        for axis in range(low - 1, -1, -1):
            times = done[low][axis] // done[axis][axis]
            done[low] = [x - times * y for x, y in zip(done[low], done[axis], strict=True)]
    return _matrix(done)


def _matrix(rows: Sequence[Sequence[int]]) -> Matrix:
    first, second, third = ((row[0], row[1], row[2]) for row in rows)
    return (first, second, third)
