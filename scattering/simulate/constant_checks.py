"""Rules that exact force constants obey; how far calculated ones break them tells of their quality."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal


def acoustic_sum_error(crystal: HarmonicCrystal) -> float:
    """Return the largest force on an atom when the whole crystal is shifted, over the one when it is shifted alone.

    Σ_Rκ' Φ_ab(0κ, Rκ') = 0: a shift of the crystal has no force (the acoustic sum rule).
    """
    n_atoms = crystal.n_atoms
    total = crystal.force_constants.sum(axis=0).reshape(n_atoms, 3, n_atoms, 3).sum(axis=2)
    return float(np.abs(total).max()) / _scale(crystal)


def asymmetry(crystal: HarmonicCrystal) -> float:
    """Return the largest difference between Φ_ab(0κ, Rκ') and Φ_ba(0κ', −Rκ), over the largest Φ_aa(0κ, 0κ)."""
    matrix = crystal.supercell_matrix
    n_cells = len(crystal.cell_origins)
    opposite = [_places(-crystal.cell_origins, matrix, n_cells), _places(crystal.cell_origins, matrix, n_cells)]
    index = {tuple(place): number for number, place in enumerate(opposite[1].tolist())}
    images = np.array([index[tuple(place)] for place in opposite[0].tolist()])
    mirrored = crystal.force_constants[images].transpose(0, 2, 1)
    return float(np.abs(crystal.force_constants - mirrored).max()) / _scale(crystal)


def _places(cells: NDArray[np.int64], matrix: NDArray[np.int64], n_cells: int) -> NDArray[np.int64]:
    """Return the place of cells in the supercell, the same for all images of a cell."""
    return np.rint(cells @ np.linalg.inv(matrix) * n_cells).astype(np.int64) % n_cells


def _scale(crystal: HarmonicCrystal) -> float:
    """Return the largest force constant of an atom with itself, eV/Å²."""
    origin = np.flatnonzero((crystal.cell_origins == 0).all(axis=1))
    own = crystal.force_constants[origin[0] if len(origin) else 0]
    return max(float(np.abs(np.diagonal(own)).max()), 1e-12)
