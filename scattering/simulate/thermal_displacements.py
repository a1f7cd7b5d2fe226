"""Random displacements of the atoms of a supercell in thermal equilibrium, in the harmonic approximation.

Each mode has a normal distribution of amplitudes with the variance ħ/(2ω) coth(ħω/2kT), that of a quantum oscillator.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.simulate.harmonic_forces import HarmonicForces

MIN_ENERGY_MEV: Final = 0.5
"""Modes below are translations, whose amplitude would be infinite, and are left at rest."""


def thermal_displacements(
    forces: HarmonicForces,
    masses: NDArray[np.float64],
    *,
    temperature_k: float,
    n_samples: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw displacements of all atoms of a supercell.

    Parameters
    ----------
    forces
        Force constants on the supercell. Imaginary modes have the amplitudes of real ones with the same |ω|.
    masses
        Shape (n_atoms,), u, of the primitive cell.
    temperature_k
        Temperature; 0 gives the zero-point motion.
    rng
        Source of random numbers.

    Returns
    -------
    Shape (n_samples, n_supercell, 3), Å, in the order of the atoms of the supercell.
    """
    n_cells, n_atoms = forces.order.shape
    scale = np.sqrt(np.repeat(masses, 3))
    squares, vectors = np.linalg.eigh(forces.stiffness / (scale[:, None] * scale))
    energies = np.sqrt(np.abs(squares) * 1e3 * 2 * RECOIL_MEV_A2_AMU)
    moving = energies > MIN_ENERGY_MEV
    energies = np.where(moving, energies, 1.0)
    occupation = 1.0 if temperature_k == 0 else 1 / np.tanh(energies / (2 * BOLTZMANN_MEV_PER_K * temperature_k))
    amplitudes = np.where(moving, np.sqrt(n_cells * RECOIL_MEV_A2_AMU / energies * occupation), 0.0)
    is_own_opposite = np.isclose(forces.weights * n_cells, 1.0)
    displacements = np.empty((n_samples, n_cells * n_atoms, 3))
    for sample in displacements:
        real, imaginary = rng.normal(size=(2, *energies.shape))
        # A wave that is its own complex conjugate has a real amplitude
        normal = np.where(is_own_opposite[:, None], real, (real + 1j * imaginary) / np.sqrt(2))
        waves = np.einsum("qim,qm->qi", vectors, amplitudes * normal) / scale
        moved = (forces.phases.T @ (waves * forces.weights[:, None])).real
        sample[forces.order] = moved.reshape(n_cells, n_atoms, 3)
    return displacements
