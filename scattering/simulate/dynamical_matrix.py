"""The dynamical matrix at any wave vector, from force constants of a supercell and the dipoles beyond it."""

from __future__ import annotations

from typing import Final

import numpy as np
from euphonic import ForceConstants, ureg
from numpy.typing import NDArray
from scipy import sparse

from scattering.core.supercells import is_half
from scattering.simulate.dipoles import COULOMB_EV_A, DipoleSum, from_euphonic_dipoles

SHELLS: Final = 2
"""Supercells on each side in which images of an atom are looked for."""
BOUNDARY_TOLERANCE: Final = 1e-3
"""Distances to the boundary of the Wigner–Seitz cell, in its size, up to which an image counts as on the boundary."""
ACOUSTIC_OVERLAP: Final = 0.5
"""Overlap with the three shifts of the crystal above which a mode counts as acoustic."""


class DynamicalMatrix:
    """The dynamical matrix of a crystal, as Euphonic interpolates it.

    D(q) = Σ_R Φ(R) exp(2πi q·R) over the cells R, with masses; Φ(R) are the force constants between atoms and the
    nearest images of others in the supercell. Images at equal distances share them. Dipoles are added by an Ewald sum.

    Only the upper triangle of the matrices is complete.

    Parameters
    ----------
    fc
        Force constants, of short range if they have Born charges.
    sum_rule
        Whether the acoustic modes at Γ are moved to energy 0, with the same correction at all wave vectors.

    References
    ----------
    Fair et al., J. Appl. Cryst. 55 (2022) 1689 (Euphonic); X. Gonze and C. Lee, Phys. Rev. B 55 (1997) 10355.
    """

    def __init__(self, fc: ForceConstants, *, sum_rule: bool) -> None:
        crystal = fc.crystal
        self.n_modes = 3 * crystal.n_atoms
        self._cell = crystal.cell_vectors.to("angstrom").magnitude
        masses = np.repeat(crystal.atom_mass.to("amu").magnitude, 3)
        self._weights = 1 / np.sqrt(masses[:, None] * masses)
        self._dipoles = from_euphonic_dipoles(fc)
        self._far = None if self._dipoles is None else DipoleSum(self._cell, crystal.atom_r @ self._cell, self._dipoles)
        self._near, self._cells = self._sum_over_cells(fc)
        self._correction = np.zeros((self.n_modes, self.n_modes))
        if sum_rule:
            self._correction = _acoustic_correction(self.without_masses(np.zeros((1, 3)))[0].real)

    def at(
        self, q: NDArray[np.float64], *, directions: NDArray[np.float64] | None = None
    ) -> NDArray[np.complex128] | NDArray[np.float64]:
        """Return the matrices at wave vectors, shape (n_q, n_modes, n_modes), eV/(Å² u).

        They are real if all of the wave vectors are halves of reciprocal lattice vectors.

        Parameters
        ----------
        q
            Shape (n_q, 3), in reciprocal vectors.
        directions
            Shape (n_q, 3), in the same vectors, from which Γ is approached; (0, 0, 0) for no direction.
        """
        if directions is None:
            matrices = self.without_masses(q)
        else:
            # Γ comes once for each direction
            distinct, place = np.unique(q, axis=0, return_inverse=True)
            matrices = self.without_masses(distinct)[place] + self._fields(directions)
        if is_half(q).all():
            return np.asarray(matrices.real * self._weights)
        return np.asarray(matrices * self._weights)

    def without_masses(self, q: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the matrices of `at` without masses and macroscopic fields, eV/Å²."""
        angles = 2 * np.pi * (self._cells @ q.T)
        flat = np.empty((len(q), self.n_modes**2), dtype=np.complex128)
        flat.real, flat.imag = (self._near @ np.cos(angles)).T, (self._near @ np.sin(angles)).T
        matrices = flat.reshape(len(q), self.n_modes, self.n_modes) + self._correction
        return matrices if self._far is None else matrices + self._far.smooth(q)

    def _fields(self, directions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the parts of the macroscopic fields of waves at Γ (Gonze and Lee, Eq. 60)."""
        if self._dipoles is None:
            return np.zeros((1, 1, 1))
        vectors = directions @ np.linalg.inv(self._cell).T
        charges = np.einsum("nab,qb->qna", self._dipoles.born_charges, vectors).reshape(len(vectors), -1)
        square = np.einsum("qa,ab,qb->q", vectors, self._dipoles.dielectric, vectors)
        factor = 4 * np.pi * COULOMB_EV_A / abs(np.linalg.det(self._cell)) / np.where(square > 0, square, np.inf)
        return np.asarray(factor[:, None, None] * charges[:, :, None] * charges[:, None])

    def _sum_over_cells(self, fc: ForceConstants) -> tuple[sparse.csr_array, NDArray[np.int64]]:
        """Return Φ(R) as a sparse matrix (element, cell R), and the cells R, in cell vectors."""
        cell_of, first, second, shift = _nearest_images(fc)
        constants = fc.force_constants.to("eV/angstrom**2").magnitude
        n_atoms = fc.crystal.n_atoms
        shares = np.bincount((cell_of * n_atoms + first) * n_atoms + second)
        upper = first <= second
        cell_of, first, second, shift = cell_of[upper], first[upper], second[upper], shift[upper]
        blocks = constants.reshape(-1, n_atoms, 3, n_atoms, 3)[cell_of, first, :, second]
        blocks = blocks / shares[(cell_of * n_atoms + first) * n_atoms + second][:, None, None]
        cells = fc.cell_origins[cell_of] + shift @ fc.sc_matrix
        if self._far is not None:
            pairs = self._far.pairs
            first, second = np.concatenate([first, pairs[:, 0]]), np.concatenate([second, pairs[:, 1]])
            blocks = np.concatenate([blocks, self._far.blocks])
            cells = np.concatenate([cells, self._far.cells])
        # As single numbers they are sorted much faster
        lowest, widths = cells.min(axis=0), np.ptp(cells, axis=0) + 1
        numbers, column = np.unique(np.ravel_multi_index((cells - lowest).T, widths), return_inverse=True)
        distinct = np.stack(np.unravel_index(numbers, widths), axis=1) + lowest
        inner = np.arange(3)
        row = (3 * first[:, None] + inner)[:, :, None] * self.n_modes + (3 * second[:, None] + inner)[:, None]
        columns = np.broadcast_to(column.reshape(-1, 1, 1), row.shape)
        values = blocks.ravel(), (row.ravel(), columns.ravel())
        return sparse.csr_array(values, shape=(self.n_modes**2, len(distinct))), distinct


def _nearest_images(
    fc: ForceConstants,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the images of atoms in the Wigner–Seitz cell of the supercell around the atoms of the first cell.

    Returns
    -------
    Number of the cell, atom in the first cell, atom in that cell, each of shape (n_images,), and the supercell of the
    image in supercell vectors, shape (n_images, 3).
    """
    cell, n_atoms = fc.crystal.cell_vectors.to("angstrom").magnitude, fc.crystal.n_atoms
    supercell = fc.sc_matrix @ cell
    positions = (fc.cell_origins[:, None] + fc.crystal.atom_r) @ cell
    apart = (positions[0, :, None] - positions[:, None]).reshape(-1, 3)
    nearest = np.array(list(np.ndindex(3, 3, 3))) - 1
    # One of each pair of opposite neighbours, in whose direction the boundary is half-way
    normals = nearest[14:] @ supercell
    normals = normals / np.einsum("na,na->n", normals, normals)[:, None]
    shifts = np.array(list(np.ndindex(*[2 * SHELLS + 1] * 3))) - SHELLS
    along, along_shifts = apart @ normals.T, shifts @ supercell @ normals.T
    found = []
    for shift, moved in zip(shifts, along_shifts, strict=True):
        inside = np.arange(len(apart))
        for normal, distance in enumerate(moved):
            inside = inside[np.abs(along[inside, normal] - distance) <= 0.5 + BOUNDARY_TOLERANCE]
        found.append((inside, np.broadcast_to(shift, (len(inside), 3))))
    pair, image = (np.concatenate(parts) for parts in zip(*found, strict=True))
    cells, first, second = np.unravel_index(pair, (len(fc.cell_origins), n_atoms, n_atoms))
    return cells, first, second, image


def _acoustic_correction(at_gamma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what moves the three modes at Γ that are nearest to shifts of the crystal to energy 0, without masses.

    References
    ----------
    CASTEP Phonons Guide, 2.3.4 (the acoustic sum rule in reciprocal space), as in Euphonic.
    """
    squares, vectors = np.linalg.eigh(at_gamma, UPLO="U")
    shifts = vectors.T.reshape(len(squares), -1, 3).sum(axis=1)
    overlap = np.einsum("na,na->n", shifts, shifts) / (len(squares) // 3)
    if (overlap > ACOUSTIC_OVERLAP).sum() < 3:
        return np.zeros_like(at_gamma)
    acoustic = np.argsort(overlap)[-3:]
    return np.asarray(-(vectors[:, acoustic] * squares[acoustic]) @ vectors[:, acoustic].T)


def energies_mev(squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return energies in meV of eigenvalues in eV/(Å² u); of negative ones negative energies."""
    unit = (1 * ureg("eV/angstrom**2/amu")).to("hartree/bohr**2/m_e").magnitude
    roots = np.sqrt(np.abs(squares * unit)) * np.sign(squares)
    return np.asarray((roots * ureg("hartree")).to("meV").magnitude)
