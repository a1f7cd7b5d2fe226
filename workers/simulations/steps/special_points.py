"""Phonons at Γ and at the special points of the zone boundary, for comparison with measurements."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from euphonic import ForceConstants
from numpy.typing import NDArray

from scattering.core.errors import InvalidOptions
from scattering.crystal.path import BrillouinZone, brillouin_zone
from scattering.modes import special_points
from workers.simulations.species import atom_types


def special_phonons(
    found: ForceConstants, atoms: Atoms, *, max_atoms: int = special_points.MAX_ATOMS
) -> dict[str, list[float]]:
    """Return the energies at each special point as `special_points.special_phonons`; empty without a symmetry.

    Parameters
    ----------
    found
        Force constants of the primitive cell, in the orientation of the uploaded cell.
    atoms
        The uploaded cell.
    max_atoms
        Of the largest primitive cell.
    """
    zone = _zone(atoms)
    return {} if zone is None else special_points.special_phonons(found, zone, max_atoms=max_atoms)


def special_vectors(found: ForceConstants, atoms: Atoms) -> dict[str, NDArray[np.float64]]:
    """Return the wave vector of each of these points, in reciprocal vectors of the primitive cell."""
    zone = _zone(atoms)
    if zone is None or found.crystal.n_atoms > special_points.MAX_ATOMS:
        return {}
    return dict(zip(zone.points, special_points.wave_vectors(found, zone), strict=True))


def _zone(atoms: Atoms) -> BrillouinZone | None:
    try:
        return brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atom_types(atoms))
    except InvalidOptions:
        return None
