"""The motion of the atoms in one mode, in a cell that holds a whole wave."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import cells_within
from scattering.crystal.path import reciprocal

MAX_SHOWN_ATOMS: Final = 500
"""Largest number of atoms of a supercell that is shown."""
MAX_DENOMINATOR: Final = 24
"""Largest number of cells along an axis that a wave can need."""
FRACTION_TOLERANCE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Motion:
    """Atoms in a shown cell and their motion r + A Re(u exp(−iωt)).

    Attributes
    ----------
    lattice
        Shape (3, 3), Å. Vectors of the shown cell as rows.
    repeats
        Uploaded cells along each of its vectors.
    whole_period
        Whether the motion repeats from one shown cell to the next.
    atoms
        Shape (n,): index of the atom of the primitive cell of each shown atom.
    positions
        Shape (n, 3), Å. Inside the shown cell.
    displacements
        Shape (n, 3), complex. The largest amplitude of an atom is 1; the phase from cell to cell is included.
    wave_vector
        Shape (3,), Å⁻¹.
    """

    lattice: NDArray[np.float64]
    repeats: tuple[int, int, int]
    whole_period: bool
    atoms: NDArray[np.int64]
    positions: NDArray[np.float64]
    displacements: NDArray[np.complex128]
    wave_vector: NDArray[np.float64]

    def moved(self, shifts: NDArray[np.int64]) -> Motion:
        """Return the motion with atoms shown in other images: shifts (n, 3) in vectors of the shown cell."""
        return self.images(np.arange(len(self.atoms)), shifts)

    def images(self, chosen: NDArray[np.int64], shifts: NDArray[np.int64]) -> Motion:
        """Return the motion of images of some atoms: indices (m,), and shifts (m, 3) in vectors of the shown cell."""
        vectors = shifts @ self.lattice
        phases = np.exp(1j * vectors @ self.wave_vector)
        return replace(
            self,
            atoms=self.atoms[chosen],
            positions=self.positions[chosen] + vectors,
            displacements=self.displacements[chosen] * phases[:, None],
        )


def wave_repeats(crystal: HarmonicCrystal, q: NDArray[np.float64]) -> tuple[int, int, int] | None:
    """Return the uploaded cells along each vector in which a wave fits; None if there are too many.

    Parameters
    ----------
    q
        Shape (3,), in reciprocal vectors of the primitive cell.
    """
    found = []
    for part in (crystal.repeats @ q).tolist():
        fraction = Fraction(part).limit_denominator(MAX_DENOMINATOR)
        if abs(float(fraction) - part) > FRACTION_TOLERANCE:
            return None
        found.append(fraction.denominator)
    return found[0], found[1], found[2]


def motion(crystal: HarmonicCrystal, q: NDArray[np.float64], eigenvector: NDArray[np.complex128]) -> Motion:
    """Return the motion of the atoms in a mode.

    The shown cell is the smallest supercell of the uploaded cell that holds a whole wave. If it would have more than
    `MAX_SHOWN_ATOMS` atoms, it is the uploaded cell, in which the motion differs from that in its neighbours.

    Parameters
    ----------
    crystal
        The crystal.
    q
        Shape (3,), in reciprocal vectors of the primitive cell.
    eigenvector
        Shape (n_atoms, 3), complex, as in `ModeGrid`.
    """
    fitting = wave_repeats(crystal, q)
    n_atoms = crystal.n_atoms * crystal.n_repeats
    whole = fitting is not None and math.prod(fitting) * n_atoms <= max(MAX_SHOWN_ATOMS, n_atoms)
    repeats = fitting if fitting is not None and whole else (1, 1, 1)
    matrix = np.diag(repeats) @ crystal.repeats
    cells = cells_within(matrix)
    lattice = matrix @ crystal.cell
    # Each atom of each cell, moved into the shown cell by whole vectors of it
    fractional = (crystal.positions[None] + (cells @ crystal.cell)[:, None]) @ np.linalg.inv(lattice)
    shift = -np.floor(fractional + FRACTION_TOLERANCE).astype(np.int64)
    origins = cells[:, None] + shift @ matrix
    amplitude = eigenvector / np.sqrt(crystal.masses)[:, None]
    moving = amplitude * np.exp(2j * np.pi * (origins @ q))[..., None]
    return Motion(
        lattice=lattice,
        repeats=repeats,
        whole_period=whole,
        atoms=np.tile(np.arange(crystal.n_atoms), len(cells)),
        positions=(fractional + shift).reshape(-1, 3) @ lattice,
        displacements=_normalised(moving.reshape(-1, 3)),
        wave_vector=q @ reciprocal(crystal.cell),
    )


def _normalised(moving: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return displacements whose largest amplitude is 1 and whose real part is as large as possible."""
    phase = np.exp(-0.5j * np.angle((moving**2).sum()))
    largest = float(np.linalg.norm(moving, axis=1).max())
    return np.asarray(moving * phase / largest) if largest > 0 else moving
