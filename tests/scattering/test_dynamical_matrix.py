"""The dynamical matrix against Euphonic's interpolation, with and without dipoles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from euphonic import Crystal, ForceConstants, ureg

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.simulate import dipoles
from scattering.simulate.dynamical_matrix import DynamicalMatrix
from scattering.simulate.force_constants import to_force_constants
from scattering.simulate.interpolation import energies_at, modes_at
from tests.phonons.crystals import nacl, nacl_euphonic
from tests.scattering.test_dipoles import oblique

Q = np.random.default_rng(7).uniform(-1, 1, size=(40, 3))


def many_atoms() -> ForceConstants:
    """A slanted cell of 20 atoms with random springs between all images of near pairs, in a slanted supercell."""
    rng = np.random.default_rng(11)
    n_atoms, matrix = 20, np.array([[2, 0, 0], [-1, 1, 0], [0, 0, 1]])
    cells = np.array([[0, 0, 0], [1, 0, 0]])
    blocks = rng.normal(size=(2, n_atoms, 3, n_atoms, 3))
    constants = (blocks + blocks.transpose(0, 1, 4, 3, 2)).reshape(2, 3 * n_atoms, 3 * n_atoms)
    # Φ(R) = Φ(−R) transposed; −R is R in this supercell
    constants = constants + constants.transpose(0, 2, 1)
    # Nearly the acoustic sum rule
    total = constants.sum(axis=0).reshape(n_atoms, 3, n_atoms, 3).sum(axis=2)
    for atom in range(n_atoms):
        place = slice(3 * atom, 3 * atom + 3)
        constants[0, place, place] -= total[atom] - 0.01 * np.eye(3)
    cell = np.array([[6.0, 0.3, 0], [1.0, 7.0, 0], [0.5, 1.5, 8.0]])
    crystal = Crystal(
        cell * ureg("angstrom"),
        rng.random((n_atoms, 3)),
        np.array(["Na"] * n_atoms),
        np.full(n_atoms, 23.0) * ureg("amu"),
    )
    return ForceConstants(crystal, constants * ureg("eV/angstrom**2"), matrix, cells)


def euphonic_energies(fc: ForceConstants, q: np.ndarray) -> np.ndarray:
    modes = fc.calculate_qpoint_frequencies(q, asr="reciprocal", splitting=False, insert_gamma=False, reduce_qpts=False)
    return modes.frequencies.to("meV").magnitude


@pytest.mark.parametrize(
    "fc",
    [nacl_euphonic(), to_force_constants(replace(nacl(), dipoles=None)), many_atoms()],
    ids=["dipoles", "none", "many atoms"],
)
def test_energies_are_those_of_euphonic(fc: ForceConstants) -> None:
    np.testing.assert_allclose(energies_at(fc, Q), euphonic_energies(fc, Q), atol=1e-7)
    np.testing.assert_allclose(modes_at(fc, Q).frequencies.to("meV").magnitude, euphonic_energies(fc, Q), atol=1e-7)


def test_eigenvectors_are_those_of_euphonic() -> None:
    fc = many_atoms()
    found = modes_at(fc, Q).eigenvectors.reshape(len(Q), 60, 60)
    expected = fc.calculate_qpoint_phonon_modes(Q, asr="reciprocal", insert_gamma=False, reduce_qpts=False)
    # No two modes have one energy: the same but for a phase
    overlap = np.abs(np.einsum("qmi,qmi->qm", found.conj(), expected.eigenvectors.reshape(found.shape)))
    np.testing.assert_allclose(overlap, 1, atol=1e-6)


def test_halves_of_reciprocal_vectors_have_real_matrices() -> None:
    halves = np.array([[0.0, 0, 0], [0.5, 0, -0.5], [1.5, 1, 0.5]])
    made = DynamicalMatrix(nacl_euphonic(), sum_rule=True)
    real, near = made.at(halves), made.at(halves + 1e-9)
    assert real.dtype == np.float64
    # 1e-9 of the slope of an acoustic mode
    np.testing.assert_allclose(np.triu(near[1:]), np.triu(real[1:]), atol=1e-7)
    np.testing.assert_allclose(
        energies_at(nacl_euphonic(), halves[1:]), euphonic_energies(nacl_euphonic(), halves[1:]), atol=1e-7
    )


@pytest.mark.parametrize("crystal", [nacl(), oblique()], ids=["cubic", "oblique"])
def test_the_parts_of_an_ewald_sum_make_the_same_whole(
    crystal: HarmonicCrystal, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = dipoles.dipole_force_constants(crystal)
    monkeypatch.setattr(dipoles, "LEAST_BALANCE", 60.0)
    other = dipoles.dipole_force_constants(crystal)
    np.testing.assert_allclose(other, whole, atol=2e-9)
    monkeypatch.setattr(dipoles, "CHUNK_BYTES", 2000)
    np.testing.assert_allclose(dipoles.dipole_force_constants(crystal), other, atol=1e-13)


def test_directions_of_approach_share_the_matrix_at_gamma() -> None:
    made, directions = DynamicalMatrix(nacl_euphonic(), sum_rule=True), np.eye(3)
    together = made.at(np.zeros((3, 3)), directions=directions)
    for matrix, direction in zip(together, directions, strict=True):
        np.testing.assert_array_equal(made.at(np.zeros((1, 3)), directions=direction[None])[0], matrix)


def test_threads_do_not_change_the_modes() -> None:
    fc = many_atoms()
    one, several = modes_at(fc, Q, n_threads=1), modes_at(fc, Q, n_threads=3)
    np.testing.assert_allclose(several.frequencies.magnitude, one.frequencies.magnitude, atol=1e-12)
