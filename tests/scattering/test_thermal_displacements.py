"""Thermal displacements have the covariance of the normal modes of the whole supercell."""

from __future__ import annotations

import numpy as np
import pytest

from scattering.core.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.simulate.harmonic_forces import HarmonicForces
from scattering.simulate.thermal_displacements import thermal_displacements

from .test_harmonic_forces import hydride, on, supercell

MATRIX = np.array([[2, 1, 0], [0, 2, 0], [-1, 0, 3]])


def covariance_of_normal_modes(forces: HarmonicForces, masses: np.ndarray, temperature_k: float) -> np.ndarray:
    """<uuᵀ> from the eigenvalues of the real matrix of the supercell."""
    n = 3 * len(masses)
    matrix = np.column_stack([-forces.forces(unit.reshape(-1, 3)).ravel() for unit in np.eye(n)])
    scale = np.sqrt(np.repeat(masses, 3))
    squares, vectors = np.linalg.eigh(matrix / (scale[:, None] * scale))
    energies = np.sqrt(np.maximum(squares, 0) * 1e3 * 2 * RECOIL_MEV_A2_AMU)
    kept = energies > 0.5
    assert (~kept).sum() == 3
    energies, vectors = energies[kept], vectors[:, kept] / scale[:, None]
    variances = RECOIL_MEV_A2_AMU / energies
    if temperature_k:
        variances /= np.tanh(energies / (2 * BOLTZMANN_MEV_PER_K * temperature_k))
    return (vectors * variances) @ vectors.T


@pytest.mark.parametrize("temperature_k", [0.0, 400.0])
def test_the_covariance_is_that_of_all_normal_modes(temperature_k: float) -> None:
    crystal = hydride()
    atoms = supercell(crystal, MATRIX)
    forces = on(crystal, atoms)
    masses = np.where(atoms.symbols == "Li", 6.94, 1.008)
    expected = covariance_of_normal_modes(forces, masses, temperature_k)
    found = thermal_displacements(
        forces, crystal.masses, temperature_k=temperature_k, n_samples=20_000, rng=np.random.default_rng(4)
    ).reshape(20_000, -1)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=4 * np.sqrt(expected.max() / len(found)))
    np.testing.assert_allclose(found.T @ found / len(found), expected, atol=5 * expected.max() / np.sqrt(len(found)))
    assert expected.max() > 1e-3


def test_the_same_seed_gives_the_same_displacements() -> None:
    crystal = hydride()
    forces = on(crystal, supercell(crystal, MATRIX))
    one, other, third = (
        thermal_displacements(forces, crystal.masses, temperature_k=300, n_samples=2, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, other)
    assert abs(one - third).max() > 0.01
