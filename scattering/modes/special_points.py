"""Phonons at Γ and at the special points of the zone boundary, and their range, for tables and for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase.data import atomic_numbers
from euphonic import ForceConstants
from numpy.typing import NDArray

from scattering.core.errors import InvalidOptions
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.sites import types_by_mass
from scattering.crystal.path import BrillouinZone, brillouin_zone, reciprocal
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at
from scattering.simulate.phonons import stability_of, zone_grid

MAX_ATOMS: Final = 8
"""Largest primitive cell. Larger cells have many close branches, which are not tabulated."""
DIRECTIONS: Final = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
"""Directions in which Γ is approached, r.l.u. of the uploaded cell."""
SUMMARY_POINTS: Final = 4000
"""Wave vectors of a summary, for a crystal of one atom per cell; as `sample_zone`."""
LARGE_CELL_POINTS: Final = 20
"""Wave vectors of such a summary, below which it takes Γ and the middles of the faces, edges and corners of a parallel
cell of the reciprocal lattice instead. Modes hardly disperse in so small a zone, and real matrices, of these points
alone, take a quarter of the time."""


@dataclass(frozen=True)
class PhononSummary:
    """The phonons of a crystal in a few numbers.

    Attributes
    ----------
    special_phonons_mev
        Special point → energies of all modes, ascending; negative if imaginary. At Γ without a macroscopic field.
        Empty for large cells, or if no symmetry was found.
    gamma_lo_mev
        Direction such as "[1,0,0]", r.l.u. of the uploaded cell → highest energy at Γ when it is approached from there.
        Empty for a large cell without Born charges.
    lowest_energy_mev, highest_energy_mev
        Range of the energies over the Brillouin zone.
    imaginary_fraction
        Fraction of all modes that are imaginary.
    """

    special_phonons_mev: Mapping[str, list[float]]
    gamma_lo_mev: Mapping[str, float]
    lowest_energy_mev: float
    highest_energy_mev: float
    imaginary_fraction: float


def summarise_phonons(crystal: HarmonicCrystal) -> PhononSummary:
    """Calculate the phonons of a crystal at special points, and their range."""
    fc = to_force_constants(crystal)
    numbers = np.array([atomic_numbers[symbol] for symbol in crystal.symbols])
    try:
        zone = brillouin_zone(
            cell=crystal.cell, positions=crystal.positions, numbers=types_by_mass(numbers, crystal.masses)
        )
    except InvalidOptions:
        zone = None
    found = stability_of(energies_at(fc, _summary_points(fc)))
    # In a large cell without dipoles it says nothing new, and takes as long as the rest
    needed = crystal.dipoles is not None or crystal.n_atoms <= MAX_ATOMS
    at_gamma = highest_at_gamma(fc, crystal.repeats) if needed else {}
    return PhononSummary(
        special_phonons_mev={} if zone is None else special_phonons(fc, zone),
        gamma_lo_mev=at_gamma,
        lowest_energy_mev=found.lowest_mev,
        highest_energy_mev=max([found.highest_mev, *at_gamma.values()]),
        imaginary_fraction=found.imaginary_fraction,
    )


def _summary_points(fc: ForceConstants) -> NDArray[np.float64]:
    """Return the wave vectors of a summary in reciprocal vectors, shape (n, 3)."""
    if LARGE_CELL_POINTS * fc.crystal.n_atoms > SUMMARY_POINTS:
        return np.array(list(np.ndindex(2, 2, 2))) / 2
    return zone_grid(fc.crystal, n_points=SUMMARY_POINTS).points


def special_phonons(fc: ForceConstants, zone: BrillouinZone, *, max_atoms: int = MAX_ATOMS) -> dict[str, list[float]]:
    """Return the energies of all modes at each special point, ascending, in meV; negative if imaginary.

    Parameters
    ----------
    fc
        Force constants of the primitive cell, in the orientation of the zone.
    zone
        Special points of the crystal.
    max_atoms
        Of the largest primitive cell.

    Returns
    -------
    Special point → energies, at Γ without a macroscopic field; empty for more than `max_atoms` atoms.
    """
    if fc.crystal.n_atoms > max_atoms:
        return {}
    energies = np.sort(energies_at(fc, wave_vectors(fc, zone)), axis=1).round(3)
    return dict(zip(zone.points, energies.tolist(), strict=True))


def wave_vectors(fc: ForceConstants, zone: BrillouinZone) -> NDArray[np.float64]:
    """Return the special points, shape (n_points, 3), in reciprocal vectors of the primitive cell."""
    primitive = fc.crystal.cell_vectors.to("angstrom").magnitude
    vectors = np.array([zone.repeats @ point for point in zone.points.values()]) @ reciprocal(zone.cell)
    return np.asarray(vectors @ primitive.T / (2 * np.pi))


def highest_at_gamma(fc: ForceConstants, repeats: NDArray[np.int64]) -> dict[str, float]:
    """Return the highest energy at Γ in meV for each of the `DIRECTIONS`: of an LO mode, in most polar crystals.

    Parameters
    ----------
    fc
        Force constants of the primitive cell.
    repeats
        Shape (3, 3): vectors of the uploaded cell (rows) in units of the primitive ones.
    """
    directions = np.array(DIRECTIONS) @ np.linalg.inv(repeats).T
    energies = energies_at(fc, np.zeros((len(DIRECTIONS), 3)), directions=directions)
    names = ("[{},{},{}]".format(*one) for one in DIRECTIONS)
    return dict(zip(names, energies.max(axis=1).round(3).tolist(), strict=True))
