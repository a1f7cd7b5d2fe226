"""The atoms of a repeated crystal as images of those of its primitive cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal


class AtomsDiffer(ValueError):
    """The atoms are not those of the crystal."""


@dataclass(frozen=True, eq=False)
class Images:
    """Images of the atoms of a primitive cell.

    Attributes
    ----------
    atom
        Shape (n,): index of the atom of the primitive cell.
    cell
        Shape (n, 3), whole numbers: the cell of the image, in primitive vectors.
    position
        Shape (n, 3), Å: the exact position of the image.
    """

    atom: NDArray[np.int64]
    cell: NDArray[np.int64]
    position: NDArray[np.float64]


def find_images(crystal: HarmonicCrystal, positions: NDArray[np.float64], symbols: Sequence[str]) -> Images:
    """Return for each position the nearest image of an atom of its element.

    Parameters
    ----------
    crystal
        Its force constants are not used.
    positions
        Shape (n, 3), Å, in the axes of the crystal.
    symbols
        Element of each position.

    Raises
    ------
    AtomsDiffer
        The crystal has no atom of an element.
    """
    unlike = np.array(symbols)[:, None] != np.array(crystal.symbols)
    if unlike.all(axis=1).any():
        raise AtomsDiffer(sorted(set(symbols) - set(crystal.symbols)))
    apart = (positions[:, None] - crystal.positions) @ np.linalg.inv(crystal.cell)
    cells = np.rint(apart)
    distances = np.linalg.norm((apart - cells) @ crystal.cell, axis=2)
    atom = np.where(unlike, np.inf, distances).argmin(axis=1)
    cell = cells[np.arange(len(atom)), atom]
    return Images(atom, cell.astype(np.int64), crystal.positions[atom] + cell @ crystal.cell)


def place_in_crystal(
    crystal: HarmonicCrystal, cell: NDArray[np.float64], positions: NDArray[np.float64], symbols: Sequence[str]
) -> NDArray[np.float64]:
    """Return the positions in a relaxed crystal of the atoms of the uploaded cell, in their order.

    Parameters
    ----------
    crystal
        The relaxed crystal.
    cell, positions, symbols
        The uploaded cell: shapes (3, 3) and (n, 3), Å, and n elements.

    Returns
    -------
    Shape (n, 3), Å, in the axes of the crystal.

    Raises
    ------
    AtomsDiffer
        The uploaded cell has other atoms, or two of them would be at one place.
    """
    strained = positions @ np.linalg.inv(cell) @ crystal.uploaded_cell
    images = find_images(crystal, strained, symbols)
    within = np.rint(images.cell @ np.linalg.inv(crystal.repeats) * crystal.n_repeats) % crystal.n_repeats
    places = {(int(atom), *map(int, place)) for atom, place in zip(images.atom, within, strict=True)}
    if len(positions) != crystal.n_repeats * crystal.n_atoms or len(places) != len(positions):
        raise AtomsDiffer(f"{len(positions)} atoms at {len(places)} places")
    return images.position
