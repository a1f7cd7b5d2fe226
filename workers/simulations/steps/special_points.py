"""Phonons at Γ and at the special points of the zone boundary, for comparison with measurements."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from euphonic import ForceConstants

from scattering.core.errors import InvalidOptions
from scattering.crystal.path import brillouin_zone, reciprocal
from workers.simulations.species import atom_types
from workers.simulations.steps.openmp import expect_two_openmps

MAX_ATOMS = 8
"""Largest primitive cell. Larger cells have many close branches, which are not tabulated."""


def special_phonons(found: ForceConstants, atoms: Atoms) -> dict[str, list[float]]:
    """Return the energies of all modes at each special point, ascending, in meV; negative if imaginary.

    Parameters
    ----------
    found
        Force constants of the primitive cell, in the orientation of the uploaded cell.
    atoms
        The uploaded cell.

    Returns
    -------
    Special point → energies; empty for large cells, or if no symmetry is found.
    """
    if found.crystal.n_atoms > MAX_ATOMS:
        return {}
    try:
        zone = brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atom_types(atoms))
    except InvalidOptions:
        return {}
    primitive = found.crystal.cell_vectors.to("angstrom").magnitude
    vectors = np.array([zone.repeats @ point for point in zone.points.values()]) @ reciprocal(atoms.cell.array)
    with expect_two_openmps():
        modes = found.calculate_qpoint_frequencies(
            vectors @ primitive.T / (2 * np.pi), asr="reciprocal", insert_gamma=False, reduce_qpts=False
        )
    energies = np.sort(modes.frequencies.to("meV").magnitude, axis=1).round(3)
    return dict(zip(zone.points, energies.tolist(), strict=True))
