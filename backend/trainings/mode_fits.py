"""The fit of a potential to the modes of its reference: for which crystals there is one, its supercell and its time."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.kit.http.errors import Unprocessable
from backend.structures.geometry import StructureData, bonds
from backend.structures.molecules import find_molecules
from backend.trainings.recipes import Recipe
from backend.trainings.references import MIN_HEIGHT_OF_POTENTIALS_ANGSTROM
from scattering.core.notices import Notice
from scattering.simulate.protocol import choose_supercell

FIELD: Final = "options.mode_steps"
MAX_ATOMS: Final = 200
"""Atoms of the supercell whose modes are all fitted."""
MAX_COUPLINGS: Final = 4000
"""Couplings of modes that a step fits; of more, the worst ones."""
COUPLINGS_PER_SQUARED_ATOM: Final = 0.58
"""1332 couplings of benzene, 48 atoms, are not zero by symmetry."""
SECONDS_PER_ATOM_OF_A_COUPLING: Final = 6.3e-4
"""40 s for a step of benzene on one busy core."""


def supercell(cell: NDArray[np.float64]) -> list[int]:
    """Return the repetitions of a cell, shape (3, 3), Å, whose modes are fitted."""
    return choose_supercell(cell, min_height=MIN_HEIGHT_OF_POTENTIALS_ANGSTROM)


def check(recipe: Recipe, structure: StructureData, *, has_force_constants: bool) -> None:
    """Check that the modes of a crystal can be fitted, if a recipe asks for it.

    Raises
    ------
    Unprocessable
        The crystal has no molecules, its supercell is too large, or its reference has no force constants.
    """
    if not recipe.mode_steps:
        return
    if find_molecules(len(structure.numbers), bonds(structure)) is None:
        raise Unprocessable.at(FIELD, Notice("mode_fit_without_molecules"))
    if not has_force_constants:
        raise Unprocessable.at(FIELD, Notice("mode_fit_without_force_constants"))
    n_atoms = fitted_atoms(structure)
    if n_atoms > MAX_ATOMS:
        raise Unprocessable.at(FIELD, Notice("mode_fit_too_large", {"n_atoms": n_atoms, "maximum": MAX_ATOMS}))


def fitted_atoms(structure: StructureData) -> int:
    """Return the number of atoms of the supercell whose modes are fitted."""
    return len(structure.numbers) * math.prod(supercell(structure.cell))


def seconds(recipe: Recipe, n_atoms: int) -> float:
    """Return the duration of the fit on one core, s; `n_atoms` are those of its supercell."""
    couplings = min(MAX_COUPLINGS, COUPLINGS_PER_SQUARED_ATOM * n_atoms**2)
    return recipe.mode_steps * couplings * n_atoms * SECONDS_PER_ATOM_OF_A_COUPLING
