"""The unit cell whose repetition is the box of a trajectory, from the mean positions of its atoms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scattering.crystal.path import SYMMETRY_TOLERANCE

MAX_DEVIATION_ANGSTROM: Final = 0.15
"""Root mean square distance up to which atoms are images of each other: our choice. The mean position of an atom over
some picoseconds scatters by less than 0.1 Å in a crystal; displacements of a superstructure are often larger."""
MIN_LENGTH_ANGSTROM: Final = 1.5
"""Shortest vector of a unit cell: our choice. No element has atoms at smaller distances that repeat."""
TOLERANCE_RATIO: Final = 8.0
"""Tolerance of symmetry over the error of a mean position. Boxes of Si, NaCl, GaAs and Mg with random errors, 20 of
each, all have their full symmetry with 6."""


class NotRepeated(ValueError):
    """The box is no repetition of such a unit cell."""


@dataclass(frozen=True, eq=False)
class UnitCell:
    """A cell, and its repeats along its own vectors in a box.

    Attributes
    ----------
    repeats
        Unit cells along each vector of the box.
    cell
        Shape (3, 3), Å, vectors as rows.
    positions
        Shape (n_atoms, 3), Å: means over the cells of the box.
    atoms
        Shape (n_atoms,): an atom of the box for each of these.
    deviation_angstrom
        Root mean square distance of the atoms of the box from the repeated unit cell.
    """

    repeats: tuple[int, int, int]
    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    atoms: NDArray[np.int64]
    deviation_angstrom: float

    @property
    def symmetry_tolerance(self) -> float:
        """Distance in Å within which positions are those of a symmetric crystal: more where they are uncertain."""
        error = self.deviation_angstrom / math.sqrt(math.prod(self.repeats))
        return max(SYMMETRY_TOLERANCE, TOLERANCE_RATIO * error)


def find_unit_cell(
    *, cell: NDArray[np.float64], positions: NDArray[np.float64], types: NDArray[np.integer[Any]]
) -> UnitCell:
    """Return the smallest cell whose vectors are whole fractions of those of a box, and which the box repeats.

    It is the box itself where no smaller cell repeats within `MAX_DEVIATION_ANGSTROM`.

    Parameters
    ----------
    cell, positions, types
        The box: shapes (3, 3) and (n_atoms, 3) in Å, and (n_atoms,). Atoms of different types are not images.
    """
    box = _Box(cell, positions, types)
    found = [box.images_of_shortest(axis) for axis in range(3)]
    try:
        return box.average([n for n, _ in found], [images for _, images in found])
    except NotRepeated:
        return box.itself()


def unit_cell_of(
    repeats: Sequence[int],
    *,
    cell: NDArray[np.float64],
    positions: NDArray[np.float64],
    types: NDArray[np.integer[Any]],
) -> UnitCell:
    """Return the unit cell of stated repeats; the other parameters are those of `find_unit_cell`.

    Raises
    ------
    NotRepeated
        The atoms of one cell are not those of another one.
    """
    box = _Box(cell, positions, types)
    return box.average(repeats, [box.images(axis, n)[0] for axis, n in enumerate(repeats)])


class _Box:
    def __init__(
        self, cell: NDArray[np.float64], positions: NDArray[np.float64], types: NDArray[np.integer[Any]]
    ) -> None:
        self._cell = cell
        self._scaled = positions @ np.linalg.inv(cell)
        self._kinds = [np.flatnonzero(types == one) for one in np.unique(types)]
        # Just below 1, a place that is folded is rounded to 1, which the tree refuses
        self._trees = [cKDTree(_folded(self._scaled[kind]), boxsize=1) for kind in self._kinds]

    def images_of_shortest(self, axis: int) -> tuple[int, NDArray[np.int64]]:
        """Return the largest number of cells along a vector, and the image of each atom in the next cell."""
        for n in self._possible(axis):
            try:
                images, deviation = self.images(axis, n)
            except NotRepeated:
                continue
            if deviation <= MAX_DEVIATION_ANGSTROM:
                return n, images
        return 1, np.arange(len(self._scaled))

    def _possible(self, axis: int) -> Iterator[int]:
        # A translation moves every atom: its order divides the number of atoms of each type
        count = reduce(math.gcd, (len(kind) for kind in self._kinds))
        most = min(count, int(np.linalg.norm(self._cell[axis]) / MIN_LENGTH_ANGSTROM))
        return (n for n in range(most, 1, -1) if count % n == 0)

    def images(self, axis: int, n: int) -> tuple[NDArray[np.int64], float]:
        """Return the image of each atom in the next of n cells along a vector, and their rms distance from it in Å.

        Raises
        ------
        NotRepeated
            Two atoms have the same image.
        """
        shift = np.zeros(3)
        shift[axis] = 1 / n
        images = np.empty(len(self._scaled), dtype=np.int64)
        for kind, tree in zip(self._kinds, self._trees, strict=True):
            nearest = tree.query(_folded(self._scaled[kind] + shift))[1]
            if len(np.unique(nearest)) < len(kind):
                raise NotRepeated
            images[kind] = kind[nearest]
        apart = self._scaled[images] - self._scaled - shift
        return images, _root_mean_square((apart - np.rint(apart)) @ self._cell)

    def average(self, repeats: Sequence[int], images: Sequence[NDArray[np.int64]]) -> UnitCell:
        """Return the unit cell of repeats, with the mean positions of all atoms that are images of each other.

        Raises
        ------
        NotRepeated
            They do not form whole cells.
        """
        n_cells, n_atoms = math.prod(repeats), len(self._scaled)
        shifts = np.stack(np.meshgrid(*(np.arange(n) / n for n in repeats), indexing="ij"), axis=-1).reshape(-1, 3)
        is_free = np.ones(n_atoms, dtype=bool)
        first, places, squares = list[int](), list[NDArray[np.float64]](), 0.0
        for atom in range(n_atoms):
            if not is_free[atom]:
                continue
            orbit = _orbit(atom, repeats, images)
            if len(np.unique(orbit)) < n_cells or not is_free[orbit].all():
                raise NotRepeated
            is_free[orbit] = False
            apart = self._scaled[orbit] - shifts - self._scaled[atom]
            apart -= np.rint(apart)
            first.append(atom)
            places.append(self._scaled[atom] + apart.mean(axis=0))
            squares += float((((apart - apart.mean(axis=0)) @ self._cell) ** 2).sum())
        return UnitCell(
            (int(repeats[0]), int(repeats[1]), int(repeats[2])),
            self._cell / np.array(repeats)[:, np.newaxis],
            np.array(places) @ self._cell,
            np.array(first),
            math.sqrt(squares / n_atoms),
        )

    def itself(self) -> UnitCell:
        """Return the box."""
        return UnitCell((1, 1, 1), self._cell, self._scaled @ self._cell, np.arange(len(self._scaled)), 0.0)


def _orbit(atom: int, repeats: Sequence[int], images: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the images of an atom in all cells, the last axis first."""
    orbit = np.array([atom])
    for n, next_image in zip(repeats, images, strict=True):
        rows = [orbit]
        for _ in range(n - 1):
            rows.append(next_image[rows[-1]])
        orbit = np.stack(rows, axis=-1).ravel()
    return orbit


def _folded(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    folded = scaled % 1.0
    folded[folded >= 1.0] = 0.0
    return folded


def _root_mean_square(vectors: NDArray[np.float64]) -> float:
    return float(np.sqrt((vectors**2).sum(axis=1).mean()))
