"""Phonon dispersion along the usual path of a lattice, and densities of states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.sites import types_by_mass
from scattering.crystal.path import approach_directions, brillouin_zone, reciprocal, sample, segments
from scattering.modes.grid import MAX_GRID_WORK, ModeGrid, sample_grid
from scattering.simulate.interpolation import energies_at

MAX_PATH_WORK: Final = 3e8
"""Largest sum over the path of (number of modes)³: 0.3 s on two cores."""
PATH_POINTS: Final = (60, 400)
"""Smallest and largest number of wave vectors along a path."""
MAX_DENSE_POINTS: Final = 8000
"""Largest number of wave vectors of a density of states."""
DOS_POINTS: Final = 400
RELATIVE_DOS_FWHM: Final = 0.015
"""Width of the lines of a density of states, over the highest energy."""
DOS_MARGIN: Final = 2.0
"""Range of a density of states beyond the outermost modes, in its widths."""


@dataclass(frozen=True, eq=False)
class Dispersion:
    """Phonon energies along a path.

    Attributes
    ----------
    distance
        Shape (n,), Å⁻¹ along the path, not descending.
    q_rlu
        Shape (n, 3), in reciprocal vectors of the uploaded cell; None if only the distance is known.
    directions_rlu
        Shape (n, 3), in the same vectors: directions in which wave vectors at Γ are approached.
    energies
        Shape (n, n_modes), meV, ascending; imaginary ones are negative.
    ticks
        Distance and name of the special points.
    """

    distance: NDArray[np.float64]
    q_rlu: NDArray[np.float64] | None
    directions_rlu: NDArray[np.float64] | None
    energies: NDArray[np.float64]
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, eq=False)
class DensityOfStates:
    """Densities of states in modes of the primitive cell per meV.

    Attributes
    ----------
    energies
        Shape (n,), meV; negative where modes are imaginary.
    by_atom
        Shape (n_atoms, n): the density weighted with |e_i|² of each atom. Its integral is 3 for each atom.
    symbols
        Chemical symbol of each atom.
    fwhm_mev
        Width of the Gaussian that each mode is drawn as.
    """

    energies: NDArray[np.float64]
    by_atom: NDArray[np.float64]
    symbols: tuple[str, ...]
    fwhm_mev: float

    @property
    def total(self) -> NDArray[np.float64]:
        """Sum over the atoms, shape (n,). Its integral is the number of modes."""
        return np.asarray(self.by_atom.sum(axis=0))

    @property
    def by_element(self) -> Mapping[str, NDArray[np.float64]]:
        """Element → sum over its atoms, shape (n,)."""
        symbols = np.array(self.symbols)
        return {one: self.by_atom[symbols == one].sum(axis=0) for one in sorted(set(self.symbols))}

    def weighted(self, weights: NDArray[np.float64]) -> DensityOfStates:
        """Return the density with a factor for each atom, shape (n_atoms,)."""
        return replace(self, by_atom=weights[:, None] * self.by_atom)


def disperse(grid: ModeGrid) -> Dispersion:
    """Calculate the energies along the usual path of a lattice.

    Γ is there twice where the path turns; a crystal with Born charges has the energies of each direction.

    Raises
    ------
    InvalidOptions
        The symmetry of the structure was not found.
    """
    crystal = grid.crystal
    numbers = np.array([atomic_numbers[symbol] for symbol in crystal.symbols])
    types = types_by_mass(numbers, crystal.masses)
    zone = brillouin_zone(cell=crystal.cell, positions=crystal.positions, numbers=types)
    lines = segments(zone, zone.path)
    metric = reciprocal(crystal.cell)
    length = sum(float(np.linalg.norm((line.end - line.start) @ metric)) for line in lines)
    n_points = int(np.clip(MAX_PATH_WORK / (3 * crystal.n_atoms) ** 3, *PATH_POINTS))
    path = sample(lines, crystal.cell, spacing=length / n_points, split_gamma=True)
    directions = approach_directions(path.wave_vectors, path.distance, crystal.cell)
    return Dispersion(
        distance=path.distance,
        q_rlu=path.wave_vectors @ crystal.repeats.T,
        directions_rlu=directions @ crystal.repeats.T,
        energies=energies_at(grid.force_constants, path.wave_vectors, directions=directions),
        ticks=path.ticks,
    )


def dense_grid(grid: ModeGrid) -> ModeGrid:
    """Return a grid with twice the divisions, if it has at most `MAX_DENSE_POINTS` wave vectors, or the same grid."""
    doubled = (2 * grid.divisions[0], 2 * grid.divisions[1], 2 * grid.divisions[2])
    n_points = doubled[0] * doubled[1] * doubled[2] / 2
    if n_points > min(MAX_DENSE_POINTS, MAX_GRID_WORK / (3 * grid.crystal.n_atoms) ** 3):
        return grid
    return sample_grid(grid.crystal, doubled)


def density_of_states(grid: ModeGrid) -> DensityOfStates:
    """Return the densities of states of the modes of a grid, as Gaussians."""
    energies, crystal = grid.energies, grid.crystal
    fwhm = RELATIVE_DOS_FWHM * max(float(energies.max()), 1.0)
    low = min(0.0, float(energies.min()) - DOS_MARGIN * fwhm) if energies.min() < -fwhm / 2 else 0.0
    axis = np.linspace(low, float(energies.max()) + DOS_MARGIN * fwhm, DOS_POINTS)
    kinetic = (np.abs(grid.eigenvectors) ** 2).sum(axis=-1)
    # Modes in fine bins first, since there may be a hundred thousand of them
    step = (axis[1] - axis[0]) / 4
    n_bins = 4 * (DOS_POINTS - 1) + 1
    place = np.clip(np.rint((energies - low) / step).astype(int), 0, n_bins - 1).ravel()
    centres = low + step * np.arange(n_bins)
    sigma = fwhm / FWHM_PER_SIGMA
    shape = np.exp(-(((axis[:, None] - centres) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))

    def density(of_modes: NDArray[np.float64]) -> NDArray[np.float64]:
        weights = of_modes * grid.shares[:, None]
        return np.asarray(shape @ np.bincount(place, weights=weights.ravel(), minlength=n_bins))

    by_atom = np.array([density(kinetic[..., atom]) for atom in range(crystal.n_atoms)])
    return DensityOfStates(axis, by_atom, crystal.symbols, fwhm)


def stored_dispersion(
    distance: NDArray[np.float64], energies: NDArray[np.float64], ticks: tuple[tuple[float, str], ...]
) -> Dispersion:
    """Return the dispersion of partials along a path that have no force constants."""
    return Dispersion(distance, None, None, energies, ticks)
