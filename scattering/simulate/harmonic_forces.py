"""Harmonic forces on the displaced atoms of a supercell, from the force constants of another supercell.

Force constants are interpolated to the wave vectors that fit the supercell of the atoms. Their waves are all
displacements of this supercell. The forces are therefore exact for force constants within half of their own supercell,
and hold the dipoles of a crystal with Born charges, whatever the two supercells are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.core.crystal_sites import AtomsDiffer, find_images
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import commensurate_wave_vectors
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import stiffness_at

MAX_SITE_DISTANCE = 0.1
"""Å. Largest distance of an atom of the supercell from its site in the crystal."""


@dataclass(frozen=True, eq=False)
class HarmonicForces:
    """Force constants on a supercell, as waves.

    Attributes
    ----------
    order
        Shape (n_cells, n_atoms): index in the supercell of each atom of each primitive cell.
    phases
        Shape (n_q, n_cells): exp(2πi q·R) of the cells, at one of each pair of wave vectors ±q.
    stiffness
        Shape (n_q, 3 n_atoms, 3 n_atoms), eV/Å²: Σ_R Φ(R) exp(2πi q·R).
    weights
        Shape (n_q,): number of wave vectors of each pair, 1 or 2, over the number of cells.
    """

    order: NDArray[np.int64]
    phases: NDArray[np.complex128]
    stiffness: NDArray[np.complex128]
    weights: NDArray[np.float64]

    def forces(self, displacements: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the forces −Φu in eV/Å on displacements in Å, shapes (n_supercell, 3)."""
        n_cells, n_atoms = self.order.shape
        waves = self.phases.conj() @ displacements[self.order].reshape(n_cells, 3 * n_atoms)
        pulled = np.matmul(self.stiffness, waves[:, :, None])[:, :, 0] * self.weights[:, None]
        forces = np.empty_like(displacements)
        # The other wave vector of a pair adds the complex conjugate
        forces[self.order] = -(self.phases.T @ pulled).real.reshape(n_cells, n_atoms, 3)
        return forces

    def energies_mev(self, masses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mode energies at the wave vectors, shape (n_q, n_modes), meV; imaginary ones are negative.

        Parameters
        ----------
        masses
            Shape (n_atoms,), u, of the primitive cell.
        """
        scale = np.sqrt(np.repeat(masses, 3))
        squares = np.linalg.eigvalsh(self.stiffness / (scale[:, None] * scale)) * 1e3 * 2 * RECOIL_MEV_A2_AMU
        return np.asarray(np.sign(squares) * np.sqrt(np.abs(squares)))


def harmonic_forces(
    crystal: HarmonicCrystal, *, cell: NDArray[np.float64], positions: NDArray[np.float64], symbols: Sequence[str]
) -> HarmonicForces:
    """Put the force constants of a crystal on a supercell.

    Parameters
    ----------
    crystal
        Crystal with its force constants.
    cell, positions, symbols
        The supercell at rest: shapes (3, 3) and (n, 3), Å, in the axes of the crystal, and n elements.

    Raises
    ------
    AtomsDiffer
        The supercell is no repetition of the crystal.
    """
    exact = cell @ np.linalg.inv(crystal.cell)
    matrix = np.rint(exact).astype(np.int64)
    n_cells = round(abs(float(np.linalg.det(matrix))))
    images = find_images(crystal, positions, symbols)
    if np.linalg.norm((exact - matrix) @ crystal.cell, axis=1).max() > MAX_SITE_DISTANCE or not n_cells:
        raise AtomsDiffer("the cell is no multiple of the primitive cell")
    if np.linalg.norm(positions - images.position, axis=1).max() > MAX_SITE_DISTANCE:
        raise AtomsDiffer("atoms are far from the sites of the crystal")
    order, cells = _order(images.atom, images.cell, matrix, crystal.n_atoms)
    q = commensurate_wave_vectors(matrix)
    kept, weights = _one_of_each_pair(q)
    return HarmonicForces(
        order,
        np.exp(2j * np.pi * (q[kept] @ cells.T)),
        stiffness_at(to_force_constants(crystal), q[kept]),
        weights / n_cells,
    )


def _order(
    atom: NDArray[np.int64], cell: NDArray[np.int64], matrix: NDArray[np.int64], n_atoms: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the supercell's atoms by cell and atom of the primitive cell, and each cell, shape (n_cells, 3)."""
    n_cells = round(abs(float(np.linalg.det(matrix))))
    # The images of a cell in other supercells have one place
    place = np.rint(cell @ np.linalg.inv(matrix) * n_cells).astype(np.int64) % n_cells
    _, first, number = np.unique(place, axis=0, return_index=True, return_inverse=True)
    order = np.full((n_cells, n_atoms), -1)
    if len(first) == n_cells:
        order[number.ravel(), atom] = np.arange(len(atom))
    if len(atom) != order.size or (order < 0).any():
        raise AtomsDiffer(f"{len(atom)} atoms in {n_cells} cells of {n_atoms}")
    return order, cell[first]


def _one_of_each_pair(q: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the first wave vector of each pair ±q (up to a reciprocal lattice vector), and the size of each pair."""
    keys = {tuple(np.round(one - np.floor(one + 1e-9), 6)): number for number, one in enumerate(q)}
    opposite = np.array([keys[tuple(np.round(one - np.floor(one + 1e-9), 6))] for one in -q])
    kept = np.flatnonzero(opposite >= np.arange(len(q)))
    return kept, np.where(opposite[kept] == kept, 1.0, 2.0)
