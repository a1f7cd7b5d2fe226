"""Rules that exact force constants obey; how far calculated ones break them tells of their quality."""

from __future__ import annotations

import numpy as np

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import places_in_supercell


def acoustic_sum_error(crystal: HarmonicCrystal) -> float:
    """Return the largest force on an atom when the whole crystal is shifted, over the one when it is shifted alone.

    Σ_Rκ' Φ_ab(0κ, Rκ') = 0: a shift of the crystal has no force (the acoustic sum rule).
    """
    n_atoms = crystal.n_atoms
    total = crystal.force_constants.sum(axis=0).reshape(n_atoms, 3, n_atoms, 3).sum(axis=2)
    return float(np.abs(total).max()) / _scale(crystal)


def asymmetry(crystal: HarmonicCrystal) -> float:
    """Return the largest difference between Φ_ab(0κ, Rκ') and Φ_ba(0κ', −Rκ), over the largest Φ_aa(0κ, 0κ)."""
    places = places_in_supercell(crystal.cell_origins, crystal.supercell_matrix)
    opposite = places_in_supercell(-crystal.cell_origins, crystal.supercell_matrix)
    order = np.argsort(places)
    images = order[np.searchsorted(places[order], opposite)]
    mirrored = crystal.force_constants[images].transpose(0, 2, 1)
    return float(np.abs(crystal.force_constants - mirrored).max()) / _scale(crystal)


def _scale(crystal: HarmonicCrystal) -> float:
    """Return the largest force constant of an atom with itself, eV/Å²."""
    origin = np.flatnonzero((crystal.cell_origins == 0).all(axis=1))
    own = crystal.force_constants[origin[0] if len(origin) else 0]
    return max(float(np.abs(np.diagonal(own)).max()), 1e-12)
