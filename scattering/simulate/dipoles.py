"""Force constants between the dipoles of displaced atoms, which reach beyond every supercell.

Displaced supercells give total force constants. Those of short range are interpolated, and the dipoles are added at
each wave vector. Quantum ESPRESSO's `q2r` writes force constants without the smooth part of the dipoles.

References
----------
X. Gonze and C. Lee, Phys. Rev. B 55 (1997) 10355, Eqs. 71–78.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Final

import numpy as np
from euphonic import ForceConstants, ureg
from numpy.typing import NDArray
from scipy import constants, special

from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import commensurate_wave_vectors, is_half, places_in_supercell

COULOMB_EV_A: Final[float] = constants.e / (4 * np.pi * constants.epsilon_0) * 1e10
"""e²/4πε₀ in eV Å."""
RIGID_ION_CUTOFF: Final = 14.0
"""Largest G·ε∞·G/4α of the sums of Quantum ESPRESSO."""
EWALD_CUTOFF: Final = 22.0
"""Largest G·ε∞·G/4λ², and largest λ²d·ε∞⁻¹·d, of an Ewald sum: beyond, all terms are 3e-10 of the largest ones."""
LEAST_BALANCE: Final = 6.0
"""Smallest λ³V√det ε∞⁻¹ of an Ewald sum: fewer vectors G have more pairs of atoms beside them."""
MAX_PAIRS: Final = 3 * 10**5
"""Pairs of atoms in real space. Sums over G, products of matrices, are larger in a large cell instead."""
CHUNK_BYTES: Final = 2**24
"""Memory of the waves that are summed together."""
_DIELECTRIC_UNIT: Final = "e**2/(bohr*hartree)"
"""Unit of Euphonic in which a dielectric tensor is relative to vacuum."""


class DipoleSum:
    """Force constants between dipoles as an Ewald sum: `blocks` between pairs of atoms, and `smooth` waves.

    At Γ there is no macroscopic field. The part of an atom with itself makes the sum over all atoms 0 there, so that a
    shift of the crystal has no force.

    Parameters
    ----------
    cell
        Shape (3, 3), Å.
    positions
        Shape (n_atoms, 3), Å.
    dipoles
        Born charges of the atoms, and dielectric tensor.

    Attributes
    ----------
    pairs
        Shape (n_pairs, 2): atom in the cell at the origin, and atom in another cell, the first one not after the other.
    cells
        Shape (n_pairs, 3): the other cell, in cell vectors.
    blocks
        Shape (n_pairs, 3, 3), eV/Å²: the force constants of the pairs in real space, and of each atom with itself.
    """

    def __init__(self, cell: NDArray[np.float64], positions: NDArray[np.float64], dipoles: DipoleResponse) -> None:
        self._cell, self._positions, self._dipoles = cell, positions, dipoles
        self._volume, n_atoms = abs(float(np.linalg.det(cell))), len(positions)
        # Lengths of the metric ε∞⁻¹ in which the sum is as in vacuum
        metric_volume = self._volume / np.sqrt(np.linalg.det(dipoles.dielectric))
        sphere = 4 / 3 * np.pi * EWALD_CUTOFF**1.5
        balance = max(LEAST_BALANCE, sphere * n_atoms**2 / MAX_PAIRS)
        self._alpha = float((balance / metric_volume) ** (2 / 3))
        self.pairs, self.cells, self.blocks = self._real_space()
        between = _summed(self.pairs[:, 0] * n_atoms + self.pairs[:, 1], self.blocks, n_atoms**2)
        between = between.reshape(n_atoms, n_atoms, 3, 3)
        # Those of an atom with its own images are there in both directions
        total = between.sum(axis=1) + np.triu(between.transpose(2, 3, 0, 1), 1).sum(axis=2).transpose(2, 1, 0)
        total += self.smooth(np.zeros((1, 3)))[0].reshape(n_atoms, 3, n_atoms, 3).real.sum(axis=2)
        own = np.arange(n_atoms)
        self.pairs = np.concatenate([self.pairs, np.stack([own, own], axis=1)])
        self.cells = np.concatenate([self.cells, np.zeros((n_atoms, 3), dtype=np.int64)])
        self.blocks = np.concatenate([self.blocks, -(total + total.transpose(0, 2, 1)) / 2])

    def smooth(self, q: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the part in reciprocal space at wave vectors, shape (n_q, n_modes, n_modes), eV/Å²."""
        lattice, phases = self._lattice
        near, n_modes = _near(q) @ self._reciprocal, 3 * len(self._positions)
        charges = self._dipoles.born_charges.reshape(n_modes, 3).T
        shifts = np.exp(1j * near @ self._positions.T)
        weight = 4 * np.pi * COULOMB_EV_A / self._volume
        result = np.zeros((len(q), n_modes, n_modes), dtype=np.complex128)
        step = max(1, CHUNK_BYTES // (16 * n_modes * len(lattice)))
        for start in range(0, len(q), step):
            chosen = slice(start, start + step)
            wave = lattice + near[chosen, None]
            square = np.einsum("qkb,qkb->qk", wave @ self._dipoles.dielectric, wave)
            polarised = (wave * np.sqrt(weight * _gaussian_weight(square, self._alpha))[..., None]) @ charges
            # Row K of F: K·Z* exp(iK·r) of each atom. The sum over K is Fᵀ F*, of which real products are faster
            phase = np.repeat(phases * shifts[chosen, None], 3, axis=2)
            cosine, sine = polarised * phase.real, polarised * phase.imag
            both = np.concatenate([cosine, sine], axis=1)
            result.real[chosen] = both.transpose(0, 2, 1) @ both
            if not is_half(q[chosen]).all():
                crossed = sine.transpose(0, 2, 1) @ cosine
                result.imag[chosen] = crossed - crossed.transpose(0, 2, 1)
        return result

    @cached_property
    def _reciprocal(self) -> NDArray[np.float64]:
        return np.asarray(2 * np.pi * np.linalg.inv(self._cell).T)

    @cached_property
    def _lattice(self) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        """Vectors G in Å⁻¹ that count at some wave vector next to Γ, and their phases exp(iG·r) at the atoms."""
        root = np.linalg.cholesky(self._dipoles.dielectric)
        corners = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        reach = np.sqrt(4 * self._alpha * EWALD_CUTOFF)
        reach += np.linalg.norm(corners @ self._reciprocal @ root, axis=1).max()
        lattice = _lattice_within(self._reciprocal @ root, reach) @ self._reciprocal
        return lattice, np.exp(1j * lattice @ self._positions.T)

    def _real_space(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return pairs of atoms, the cells of the second ones, and their force constants."""
        dielectric = self._dipoles.dielectric
        inverse, reach = np.linalg.inv(dielectric), np.sqrt(EWALD_CUTOFF / self._alpha)
        root = np.linalg.cholesky(inverse)
        one, other = np.triu_indices(len(self._positions))
        apart = self._positions[one] - self._positions[other]
        metric = apart @ root
        found = []
        for cell in _lattice_within(self._cell @ root, reach + np.linalg.norm(metric, axis=1).max()):
            distance = ((metric - cell @ self._cell @ root) ** 2).sum(axis=1)
            near = np.flatnonzero((distance < reach**2) & (distance > 0))
            found.append((near, np.broadcast_to(cell, (len(near), 3))))
        place, of = (np.concatenate(parts) for parts in zip(*found, strict=True))
        first, second, away = one[place], other[place], apart[place] - of @ self._cell
        scaled = away @ inverse
        length = np.sqrt(np.einsum("na,na->n", scaled, away) * self._alpha)
        # Gonze and Lee (1997), Eq. 74
        gauss, rest = 2 * np.exp(-(length**2)) / (np.sqrt(np.pi) * length**2), special.erfc(length) / length**3
        along = self._alpha * (3 * rest / length**2 + gauss * (3 / length**2 + 2))
        tensor = (rest + gauss)[:, None, None] * inverse
        tensor -= along[:, None, None] * scaled[:, :, None] * scaled[:, None]
        tensor *= COULOMB_EV_A * self._alpha**1.5 / np.sqrt(np.linalg.det(dielectric))
        charges = self._dipoles.born_charges
        blocks = charges[first] @ tensor @ charges[second].transpose(0, 2, 1)
        return np.stack([first, second], axis=1), of, blocks


def _lattice_within(vectors: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    """Return the points of a lattice, in its vectors (rows), up to a distance from the origin."""
    ends = np.floor(reach * np.linalg.norm(np.linalg.inv(vectors), axis=0)).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(-end, end + 1) for end in ends), indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(grid[np.linalg.norm(grid @ vectors, axis=1) <= reach])


def _gaussian_weight(square: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return exp(−K·ε∞·K/4α)/(K·ε∞·K) of K·ε∞·K in Å⁻²; 0 at Γ."""
    away = square > 1e-24 * alpha
    return np.where(away, np.exp(-square / (4 * alpha)) / np.where(away, square, 1.0), 0.0)


def dipole_force_constants(crystal: HarmonicCrystal) -> NDArray[np.float64]:
    """Return the force constants between dipoles in a supercell without a macroscopic field, by an Ewald sum.

    The part of an atom with itself makes the sum over all atoms 0, so that a shift of the crystal has no force.

    Parameters
    ----------
    crystal
        A crystal with Born charges; its force constants are not used.

    Returns
    -------
    As `HarmonicCrystal.force_constants`.
    """
    q = commensurate_wave_vectors(crystal.supercell_matrix)
    total = DipoleSum(crystal.cell, crystal.positions, _dipoles(crystal))
    result = _to_real_space(total.smooth(q), q, crystal.cell_origins)
    # All images of a pair of atoms have one place in the supercell
    n_atoms, n_cells = crystal.n_atoms, len(crystal.cell_origins)
    matrix, places = crystal.supercell_matrix, places_in_supercell(crystal.cell_origins, crystal.supercell_matrix)
    order = np.argsort(places)
    apart = total.pairs[:, 0] < total.pairs[:, 1]
    for pairs, cells, blocks in (
        (total.pairs, total.cells, total.blocks),
        (total.pairs[apart, ::-1], -total.cells[apart], total.blocks[apart].transpose(0, 2, 1)),
    ):
        number = order[np.searchsorted(places[order], places_in_supercell(cells, matrix))]
        index = (number * n_atoms + pairs[:, 0]) * n_atoms + pairs[:, 1]
        summed = _summed(index, blocks, n_cells * n_atoms**2).reshape(n_cells, n_atoms, n_atoms, 3, 3)
        result += summed.transpose(0, 1, 3, 2, 4).reshape(result.shape)
    return np.asarray(result)


def _summed(index: NDArray[np.int64], blocks: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return sums of 3 × 3 blocks of the same index, shape (length, 3, 3)."""
    flat = blocks.reshape(-1, 9)
    sums = [np.bincount(index, weights=one, minlength=length) for one in flat.T]
    return np.stack(sums, axis=1).astype(np.float64, copy=False).reshape(-1, 3, 3)


def rigid_ion_force_constants(crystal: HarmonicCrystal, alpha: float) -> NDArray[np.float64]:
    """Return the force constants that Quantum ESPRESSO's `q2r` subtracts: the smooth part of the dipoles.

    Σ_G K_a K_b/(K·ε∞·K) exp(−K·ε∞·K/4α) with K = q + G at the wave vectors that fit the supercell, and a part of each
    atom with itself that makes the sum over all atoms 0.

    Parameters
    ----------
    crystal
        A crystal with Born charges; its force constants are not used.
    alpha
        Parameter of the Ewald sum in Å⁻²: the number of the file times (2π/a)², with its lattice parameter a in Å.

    Returns
    -------
    As `HarmonicCrystal.force_constants`.

    References
    ----------
    `rgd_blk` in rigid.f90 of Quantum ESPRESSO.
    """
    dipoles, q = _dipoles(crystal), commensurate_wave_vectors(crystal.supercell_matrix)
    reciprocal = 2 * np.pi * np.linalg.inv(crystal.cell).T
    # |K|² is at most K·ε∞·K over the smallest eigenvalue
    longest = np.sqrt(4 * alpha * RIGID_ION_CUTOFF / np.linalg.eigvalsh(dipoles.dielectric).min())
    ends = np.ceil(longest * np.linalg.norm(crystal.cell, axis=1) / (2 * np.pi)).astype(int) + 1
    grid = np.stack(np.meshgrid(*(np.arange(-end, end + 1) for end in ends), indexing="ij"), axis=-1).reshape(-1, 3)
    # Images of the wave vectors near Γ, for which the range of G is enough
    dynamical = np.array([_rigid_ion_part(crystal, dipoles, (grid + one) @ reciprocal, alpha) for one in _near(q)])
    atoms = dynamical[0].reshape(crystal.n_atoms, 3, crystal.n_atoms, 3).real.sum(axis=2)
    for atom, part in enumerate((atoms + atoms.transpose(0, 2, 1)) / 2):
        place = slice(3 * atom, 3 * atom + 3)
        dynamical[:, place, place] -= part
    return _to_real_space(dynamical, _near(q), crystal.cell_origins)


def add_rigid_ion_part(crystal: HarmonicCrystal, alpha: float) -> HarmonicCrystal:
    """Return a crystal with total force constants, from those that `q2r` writes with the flag T.

    `q2r` writes ∂²E/∂u(a in cell R)∂u(b in cell 0): the transposed element of `HarmonicCrystal.force_constants`.
    """
    return replace(crystal, force_constants=crystal.force_constants + rigid_ion_force_constants(crystal, alpha))


def euphonic_dipoles(dipoles: DipoleResponse | None) -> dict[str, object]:
    """Return Born charges and dielectric tensor as arguments of Euphonic's `ForceConstants`."""
    if dipoles is None:
        return {}
    return {"born": dipoles.born_charges * ureg("e"), "dielectric": dipoles.dielectric * ureg(_DIELECTRIC_UNIT)}


def from_euphonic_dipoles(fc: ForceConstants) -> DipoleResponse | None:
    """Return the Born charges and the dielectric tensor of Euphonic's force constants; None if they have none."""
    if fc.born is None:
        return None
    return DipoleResponse(
        np.asarray(fc.born.to("e").magnitude, dtype=float),
        np.asarray(fc.dielectric.to(_DIELECTRIC_UNIT).magnitude, dtype=float),
    )


def _dipoles(crystal: HarmonicCrystal) -> DipoleResponse:
    if crystal.dipoles is None:
        raise ValueError("the crystal has no Born charges")
    return crystal.dipoles


def _near(q: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(q - np.rint(q))


def _rigid_ion_part(
    crystal: HarmonicCrystal, dipoles: DipoleResponse, vectors: NDArray[np.float64], alpha: float
) -> NDArray[np.complex128]:
    """Return the sum over K = q + G, shape (n_modes, n_modes), eV/Å²."""
    square = np.einsum("ka,ab,kb->k", vectors, dipoles.dielectric, vectors)
    counted = (square > 1e-12 * alpha) & (square < 4 * alpha * RIGID_ION_CUTOFF)
    vectors, square = vectors[counted], square[counted]
    weight = 4 * np.pi * COULOMB_EV_A / abs(np.linalg.det(crystal.cell)) * np.exp(-square / (4 * alpha)) / square
    polarisation = np.einsum("nab,kb->kna", dipoles.born_charges, vectors)
    phased = polarisation * np.exp(1j * vectors @ crystal.positions.T)[..., None] * np.sqrt(weight)[:, None, None]
    flat = phased.reshape(len(vectors), -1)
    return np.asarray(flat.T @ flat.conj())


def _to_real_space(
    dynamical: NDArray[np.complex128], q: NDArray[np.float64], cell_origins: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return force constants (n_cells, …) from Σ_R Φ(R) exp(2πi q·R) at the wave vectors that fit the supercell."""
    phases = np.exp(-2j * np.pi * (cell_origins @ q.T)) / len(q)
    return np.asarray(np.tensordot(phases, dynamical, axes=1).real)
