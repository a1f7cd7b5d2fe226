"""Phonon modes of a crystal on a grid of wave vectors whose waves fit small supercells."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from euphonic import ForceConstants
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.crystal.path import reciprocal
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import modes_at

MAX_GRID_WORK: Final = 5e7
"""Largest sum over the grid of (number of modes)³, the cost of diagonalisation: 0.2 s on two cores."""
MAX_POINTS: Final = 2048
"""Largest number of calculated wave vectors, for crystals with few atoms."""
DIVISIONS: Final = (1, 2, 4, 6, 8, 12)
"""Divisions in each direction. Waves on the boundary of the Brillouin zone are on a grid of an even number, and most
waves of these grids fit a small supercell."""


@dataclass(frozen=True, eq=False)
class ModeGrid:
    """Modes on a grid of wave vectors i/n with Γ, one wave vector of each pair ±q.

    Attributes
    ----------
    crystal
        The crystal.
    force_constants
        The same force constants for Euphonic.
    divisions
        Number of wave vectors of the whole grid along each reciprocal vector of the primitive cell.
    q
        Shape (n_q, 3). Wave vectors in reciprocal vectors of the primitive cell; Γ is the first.
    multiplicity
        Shape (n_q,). Number of wave vectors of the whole grid that each one represents: 1, or 2 with −q.
    energies
        Shape (n_q, n_modes), meV, ascending; imaginary ones are negative. At Γ those without a macroscopic field.
    eigenvectors
        Shape (n_q, n_modes, n_atoms, 3), complex. Normalised to 1, with phases from cell to cell.
    place
        Shape `divisions`. Index of the wave vector of each point of the whole grid.
    opposite
        Shape `divisions`. Whether the point is the opposite of that wave vector.
    """

    crystal: HarmonicCrystal
    force_constants: ForceConstants
    divisions: tuple[int, int, int]
    q: NDArray[np.float64]
    multiplicity: NDArray[np.int64]
    energies: NDArray[np.float64]
    eigenvectors: NDArray[np.complex128]
    place: NDArray[np.int64]
    opposite: NDArray[np.bool_]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Fraction of the whole grid that each wave vector represents, shape (n_q,)."""
        return np.asarray(self.multiplicity / self.multiplicity.sum())

    def fold(self, vectors: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Move scattering vectors to the nearest vectors of the grid, up to a reciprocal lattice vector.

        Parameters
        ----------
        vectors
            Shape (n, 3), Å⁻¹.

        Returns
        -------
        Index of the wave vector and the moved vector, shapes (n,) and (n, 3). A vector is returned as its opposite if
        only the modes of the opposite are stored.
        """
        divisions = np.array(self.divisions)
        steps = np.rint(vectors @ self.crystal.cell.T / (2 * np.pi) * divisions).astype(np.int64)
        at = tuple((steps % divisions).T)
        sign = np.where(self.opposite[at], -1, 1)[:, None]
        return self.place[at], sign * steps / divisions @ reciprocal(self.crystal.cell)


def grid_divisions(crystal: HarmonicCrystal) -> tuple[int, int, int]:
    """Return the divisions of the finest grid within the limits, as equally spaced as `DIVISIONS` permit."""
    lengths = np.linalg.norm(reciprocal(crystal.cell), axis=1)
    n_points = max(1, min(MAX_POINTS, int(MAX_GRID_WORK / (3 * crystal.n_atoms) ** 3)))
    chosen = np.ones(3, dtype=int)
    for spacing in np.geomspace(float(lengths.max()), float(lengths.min()) / DIVISIONS[-1], 200):
        nearest = np.abs(np.log(np.multiply.outer(lengths / spacing, 1 / np.array(DIVISIONS)))).argmin(axis=1)
        tried = np.array(DIVISIONS)[nearest]
        # Half of the grid is calculated, and the waves that are their own opposites
        if np.prod(tried) / 2 + np.prod(np.minimum(tried, 2)) / 2 > n_points:
            break
        chosen = tried
    return int(chosen[0]), int(chosen[1]), int(chosen[2])


def calculate_modes(
    fc: ForceConstants, q: NDArray[np.float64], directions: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Calculate modes at wave vectors (n_q, 3), in reciprocal vectors of the primitive cell; directions as `modes_at`.

    Returns
    -------
    Energies (n_q, n_modes), meV, and eigenvectors (n_q, n_modes, n_atoms, 3).
    """
    modes = modes_at(fc, q, directions=directions)
    return np.asarray(modes.frequencies.to("meV").magnitude), np.asarray(modes.eigenvectors)


def sample_grid(crystal: HarmonicCrystal, divisions: tuple[int, int, int] | None = None) -> ModeGrid:
    """Calculate the modes of a crystal on a grid; by default that of `grid_divisions`."""
    divisions = divisions or grid_divisions(crystal)
    place, opposite = np.full(divisions, -1), np.zeros(divisions, dtype=bool)
    kept: list[tuple[int, ...]] = []
    for point in product(*(range(n) for n in divisions)):
        if place[point] >= 0:
            continue
        other = tuple(-i % n for i, n in zip(point, divisions, strict=True))
        place[point] = place[other] = len(kept)
        opposite[other] = other != point
        kept.append(point)
    q = np.array(kept) / np.array(divisions)
    # Of equivalent wave vectors the one nearest to Γ
    q -= np.rint(q - 1e-9)
    fc = to_force_constants(crystal)
    energies, eigenvectors = calculate_modes(fc, q)
    return ModeGrid(
        crystal=crystal,
        force_constants=fc,
        divisions=divisions,
        q=q,
        multiplicity=np.bincount(place.ravel(), minlength=len(kept)),
        energies=energies,
        eigenvectors=eigenvectors,
        place=place,
        opposite=opposite,
    )
