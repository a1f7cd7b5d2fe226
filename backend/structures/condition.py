"""Cells that are no crystals: a liquid, a glass, or a molecule in vacuum.

The rules are our own. Order is measured by the strongest Bragg reflection, as a fraction of what it would be if all
atoms scattered in phase: near 1 for simple crystals, also at high temperature, and near 1/n for n atoms without order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from backend.structures.geometry import StructureData, pairs_within
from backend.structures.molecules import Molecules
from scattering.core.notices import Notice
from scattering.options.temperature import State

MIN_NUMBER_DENSITY: Final = 0.005
"""Atoms per Å³; crystals have at least 0.02, a molecule in a box of vacuum less."""
ISOLATED_ANGSTROM: Final = 5.0
"""Molecules that are farther apart do not feel each other: in crystals, atoms of neighbours are at most 4.4 Å apart."""
MIN_MOLECULES: Final = 16
MIN_ATOMS: Final = 50
"""Smaller cells cannot show disorder: low-symmetric crystals look the same."""
MAX_MOLECULAR_ORDER: Final = 0.45
MAX_ATOMIC_ORDER: Final = 0.3
MAX_Q_INV_ANGSTROM: Final = 4.0
MAX_REFLECTIONS: Final = 3000
N_NEIGHBOURS: Final = 8
SAME_DISTANCE_ANGSTROM: Final = 0.05
MAX_REPEATED: Final = 0.3
"""Largest fraction of atoms of a glass that have the surroundings of another atom."""
STATES: Final[dict[str, State]] = {
    "looks_liquid": "liquid",
    "looks_amorphous": "glass",
    "cell_mostly_empty": "molecule",
}
"""Code of a notice → state."""


def state_of(notices: Iterable[Notice]) -> State:
    """Return the state that the notices of a structure name."""
    return next((STATES[notice.code] for notice in notices if notice.code in STATES), "crystal")


def find_disorder(structure: StructureData, molecules: Molecules | None, space_group_number: int) -> Notice | None:
    """Return a notice if a cell is no crystal.

    Parameters
    ----------
    structure
        All atoms of the cell.
    molecules
        Its molecules; None if bonds go on without end.
    space_group_number
        1 where there is no symmetry, or it was not determined.
    """
    if len(structure.numbers) / structure.volume < MIN_NUMBER_DENSITY or _is_isolated(structure, molecules):
        return Notice("cell_mostly_empty")
    if space_group_number != 1:
        return None
    if molecules is not None and np.mean([len(atoms) for atoms in molecules.members]) > 1.5:
        return _find_liquid(structure, molecules)
    n_atoms = len(structure.numbers)
    if (
        n_atoms >= MIN_ATOMS
        and _order(structure.positions, structure.numbers.astype(float), structure.cell) < MAX_ATOMIC_ORDER
        and _repeated_fraction(structure) < MAX_REPEATED
    ):
        return Notice("looks_amorphous", {"n_atoms": n_atoms})
    return None


def _is_isolated(structure: StructureData, molecules: Molecules | None) -> bool:
    """Whether the cell has one molecule, far from its images."""
    if molecules is None or len(molecules.members) != 1 or len(structure.numbers) < 2:
        return False
    near = pairs_within(structure, np.full(len(structure.numbers), ISOLATED_ANGSTROM / 2))
    # A pair within the molecule as a whole goes from image to image of it without a translation
    moved = near.shift + molecules.image[near.first] - molecules.image[near.second]
    return not moved.any()


def _find_liquid(structure: StructureData, molecules: Molecules) -> Notice | None:
    whole = structure.positions + molecules.image @ structure.cell
    centres = np.array([whole[atoms].mean(axis=0) for atoms in molecules.members])
    if len(centres) < MIN_MOLECULES or _order(centres, np.ones(len(centres)), structure.cell) > MAX_MOLECULAR_ORDER:
        return None
    return Notice("looks_liquid", {"n_molecules": len(centres)})


def _order(positions: NDArray[np.float64], weights: NDArray[np.float64], cell: NDArray[np.float64]) -> float:
    """Return the intensity of the strongest reflection over that of all points in phase, 0 to 1."""
    reciprocal = 2 * np.pi * np.linalg.inv(cell).T
    most = np.minimum(np.ceil(MAX_Q_INV_ANGSTROM * np.linalg.norm(cell, axis=1) / (2 * np.pi)), 30).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), -1).reshape(-1, 3)
    # One of each pair of opposite reflections, without 0
    grid = grid[len(grid) // 2 + 1 :]
    waves = grid @ reciprocal
    q = np.linalg.norm(waves, axis=1)
    nearest = np.argsort(q, kind="stable")[:MAX_REFLECTIONS]
    waves = waves[nearest[q[nearest] < MAX_Q_INV_ANGSTROM]]
    if not len(waves):
        return 1.0
    phases = positions @ waves.T
    amplitude = (weights @ np.cos(phases)) ** 2 + (weights @ np.sin(phases)) ** 2
    return float(amplitude.max() / weights.sum() ** 2)


def _repeated_fraction(structure: StructureData) -> float:
    """Return the fraction of atoms whose nearest neighbours are as far as those of another atom of the element."""
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3)
    inside = structure.fractional % 1.0
    images = ((inside[None] + shifts[:, None]).reshape(-1, 3)) @ structure.cell
    distances = cKDTree(images).query(inside @ structure.cell, k=N_NEIGHBOURS + 1)[0][:, 1:]
    repeated = 0
    for number in np.unique(structure.numbers):
        own = distances[structure.numbers == number]
        twins = cKDTree(own).query_ball_point(own, SAME_DISTANCE_ANGSTROM, p=np.inf, return_length=True)
        repeated += int((np.asarray(twins) > 1).sum())
    return repeated / len(structure.numbers)
