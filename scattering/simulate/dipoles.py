"""Force constants between the dipoles of displaced atoms, which reach beyond every supercell.

Displaced supercells give total force constants. Euphonic interpolates the short-range ones, and adds the dipoles at
each wave vector (its `from_total_fc_with_dipole` subtracts them). Quantum ESPRESSO's `q2r` writes force constants
without the smooth part of the dipoles.

References
----------
X. Gonze and C. Lee, Phys. Rev. B 55 (1997) 10355, Eqs. 71–78.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from euphonic import Crystal, ForceConstants, ureg
from numpy.typing import NDArray
from scipy import constants

from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import commensurate_wave_vectors
from scattering.simulate.interpolation import stiffness_at

COULOMB_EV_A: Final[float] = constants.e / (4 * np.pi * constants.epsilon_0) * 1e10
"""e²/4πε₀ in eV Å."""
RIGID_ION_CUTOFF: Final = 14.0
"""Largest G·ε∞·G/4α of the sums of Quantum ESPRESSO."""
_DIELECTRIC_UNIT: Final = "e**2/(bohr*hartree)"
"""Unit of Euphonic in which a dielectric tensor is relative to vacuum."""


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
    # Euphonic's dipoles at the wave vectors that fit the supercell: their modes in a crystal of no other forces
    n_modes = 3 * crystal.n_atoms
    alone = ForceConstants(
        Crystal(
            crystal.cell * ureg("angstrom"),
            crystal.positions @ np.linalg.inv(crystal.cell),
            np.array(crystal.symbols),
            np.ones(crystal.n_atoms) * ureg("amu"),
        ),
        np.zeros((1, n_modes, n_modes)) * ureg("eV/angstrom**2"),
        np.eye(3, dtype=int),
        np.zeros((1, 3), dtype=int),
        **euphonic_dipoles(_dipoles(crystal)),
    )
    q = commensurate_wave_vectors(crystal.supercell_matrix)
    return _to_real_space(stiffness_at(alone, q, sum_rule=False), q, crystal.cell_origins)


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
