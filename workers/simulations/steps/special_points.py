"""Phonons at Γ and at the special points of the zone boundary, for comparison with measurements."""

from __future__ import annotations

from ase import Atoms
from euphonic import ForceConstants

from scattering.core.errors import InvalidOptions
from scattering.crystal.path import brillouin_zone
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
    try:
        zone = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atom_types(atoms))
    except InvalidOptions:
        return {}
    return special_points.special_phonons(found, zone, max_atoms=max_atoms)
