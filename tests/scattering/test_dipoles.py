"""Force constants between dipoles: as Euphonic's Ewald sum, and as Quantum ESPRESSO takes them out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from euphonic import ForceConstants, QpointPhononModes, ureg

from scattering.core.constants import RECOIL_MEV_A2_AMU
from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.supercells import commensurate_wave_vectors
from scattering.simulate.dipoles import COULOMB_EV_A, dipole_force_constants, rigid_ion_force_constants
from scattering.simulate.force_constants import to_force_constants, to_harmonic_crystal
from scattering.simulate.interpolation import modes_at
from tests.phonons.crystals import nacl, nacl_euphonic, nacl_q2r

PH_X_MEV = 4.562975 * 4.135667696
"""ph.x: the optic modes at Γ of the calculation that `q2r` read, 4.562975 THz."""
GAMMA, X, L = [0.0, 0, 0], [0.5, 0.5, 0], [0.5, 0.5, 0.5]


def energies(crystal: HarmonicCrystal, *points: list[float], asr: str | None = "reciprocal") -> np.ndarray:
    """Energies without a direction at Γ, meV."""
    modes = to_force_constants(crystal).calculate_qpoint_frequencies(
        np.array(points), asr=asr, splitting=False, insert_gamma=False, reduce_qpts=False
    )
    return modes.frequencies.to("meV").magnitude


def stiffness(modes: QpointPhononModes, crystal: HarmonicCrystal, at: int = 0) -> np.ndarray:
    """The matrix of force constants at one wave vector of which modes are the solution, eV/Å²."""
    energies = modes.frequencies.to("meV").magnitude[at]
    squares = energies * np.abs(energies) / (2 * RECOIL_MEV_A2_AMU) / 1e3
    vectors = modes.eigenvectors[at].reshape(len(energies), -1) * np.sqrt(np.repeat(crystal.masses, 3))
    return np.einsum("ni,n,nj->ij", vectors, squares, vectors.conj())


def oblique() -> HarmonicCrystal:
    """A crystal of low symmetry in a slanted supercell, with unlike tensors of charge."""
    rng = np.random.default_rng(5)
    charges = rng.normal(size=(3, 3, 3))
    charges -= charges.mean(axis=0)
    skew = rng.normal(size=(3, 3))
    cell = np.array([[4.0, 0, 0], [1.0, 5.0, 0], [0.5, 1.5, 6.0]])
    matrix = np.array([[2, 0, 0], [1, 2, 0], [0, 1, 1]])
    cells = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [2, 1, 0]])
    return HarmonicCrystal(
        cell=cell,
        uploaded_cell=cell,
        positions=np.array([[0.0, 0, 0], [1.6, 1.9, 0.4], [-2.5, 3.1, 8.0]]),
        masses=np.array([6.94, 28.085, 15.999]),
        species=("Li", "Si", "O"),
        sites=("Li", "Si", "O"),
        supercell_matrix=matrix,
        cell_origins=cells,
        force_constants=np.zeros((4, 9, 9)),
        dipoles=DipoleResponse(charges, 3 * np.eye(3) + 0.2 * (skew + skew.T)),
    )


@pytest.mark.parametrize("crystal", [nacl(), oblique()], ids=["NaCl", "oblique"])
def test_dipoles_are_those_that_euphonic_subtracts(crystal: HarmonicCrystal) -> None:
    fc = to_force_constants(replace(crystal, dipoles=None))
    charges, dielectric = crystal.dipoles.born_charges, crystal.dipoles.dielectric
    short = ForceConstants.from_total_fc_with_dipole(
        fc.crystal,
        fc.force_constants,
        fc.sc_matrix,
        fc.cell_origins,
        charges * ureg("e"),
        dielectric * ureg("e**2/(bohr*hartree)"),
    )
    expected = (fc.force_constants - short.force_constants).to("eV/angstrom**2").magnitude
    found = dipole_force_constants(crystal)
    assert np.abs(expected).max() > 0.3
    np.testing.assert_allclose(found, expected, atol=1e-10)
    # A shift of the whole crystal has no force
    n_atoms = crystal.n_atoms
    sums = found.reshape(-1, n_atoms, 3, n_atoms, 3).sum(axis=(0, 3))
    np.testing.assert_allclose(sums + sums.transpose(0, 2, 1), 0, atol=1e-10)


def test_energies_are_those_of_euphonic_on_the_same_file() -> None:
    fc, q = nacl_euphonic(), np.random.default_rng(0).random((30, 3))
    expected = fc.calculate_qpoint_frequencies(q, asr=None).frequencies.to("meV").magnitude
    np.testing.assert_allclose(energies(nacl(), *q.tolist(), asr=None), expected, atol=1e-6)


def test_stored_force_constants_are_total_ones() -> None:
    without = energies(replace(nacl(), dipoles=None), GAMMA, X, L)
    # Of Euphonic on the file without Born charges
    np.testing.assert_allclose(without[0], [0, 0, 0, 20.88, 20.88, 20.88], atol=2e-3)
    np.testing.assert_allclose(without[1], [10.177, 10.177, 16.854, 21.829, 21.829, 23.067], atol=2e-3)
    np.testing.assert_allclose(without[2], [14.389, 14.389, 17.099, 17.099, 21.139, 26.935], atol=2e-3)
    # Waves that fit the supercell need no dipoles beyond it
    np.testing.assert_allclose(energies(nacl(), GAMMA, X, L), without, atol=1e-6)
    nearby = [0.02, 0.02, 0]
    assert energies(nacl(), nearby).max() == pytest.approx(32.36, abs=0.05)
    assert energies(replace(nacl(), dipoles=None), nearby).max() < 21.5


def test_going_through_euphonic_changes_nothing() -> None:
    for crystal in (nacl(), oblique()):
        again = to_harmonic_crystal(
            to_force_constants(crystal),
            uploaded_cell=crystal.uploaded_cell,
            species=crystal.species,
            sites=crystal.sites,
        )
        np.testing.assert_allclose(again.force_constants, crystal.force_constants, atol=1e-12)
        np.testing.assert_allclose(again.dipoles.born_charges, crystal.dipoles.born_charges, atol=1e-12)
        np.testing.assert_allclose(again.dipoles.dielectric, crystal.dipoles.dielectric, atol=1e-12)


def test_the_smooth_part_returns_to_force_constants_of_quantum_espresso() -> None:
    found = energies(nacl_q2r(), GAMMA, X, L, asr=None)
    np.testing.assert_allclose(found[0, 3:], PH_X_MEV, atol=1e-4)
    summed = energies(nacl_q2r(), GAMMA, X, L)
    np.testing.assert_allclose(summed[0], [0, 0, 0, 18.873, 18.873, 18.873], atol=2e-3)
    np.testing.assert_allclose(summed[1], [10.281, 10.281, 17.132, 19.986, 19.986, 21.531], atol=2e-3)
    np.testing.assert_allclose(summed[2], [13.267, 13.267, 15.677, 15.677, 21.006, 25.926], atol=2e-3)
    as_written = energies(replace(nacl_q2r(as_written=True), dipoles=None), GAMMA, X)
    assert as_written[0].max() == pytest.approx(23.4, abs=0.1)
    assert as_written[1].min() < -10


def test_the_smooth_part_tends_to_the_whole_at_a_narrow_width() -> None:
    crystal = oblique()
    # At the shortest distance between atoms the part of the Ewald sum in real space is 1e-6
    found, expected = rigid_ion_force_constants(crystal, alpha=20.0), dipole_force_constants(crystal)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_slanted_dielectric_tensor_splits_as_in_the_closed_form() -> None:
    crystal = oblique()
    fc, direction = to_force_constants(crystal), np.array([[0.3, -0.2, 0.7]])
    with_field = stiffness(modes_at(fc, np.zeros((1, 3)), directions=direction, sum_rule=False), crystal)
    without = stiffness(modes_at(fc, np.zeros((1, 3)), sum_rule=False), crystal)
    # Gonze and Lee (1997), Eq. 60
    vector = (direction @ np.linalg.inv(crystal.cell).T)[0]
    charges = (crystal.dipoles.born_charges @ vector).ravel()
    factor = (
        4 * np.pi * COULOMB_EV_A / abs(np.linalg.det(crystal.cell)) / (vector @ crystal.dipoles.dielectric @ vector)
    )
    np.testing.assert_allclose(with_field - without, factor * np.outer(charges, charges), atol=1e-6)


def test_phonons_in_turned_axes_are_the_same() -> None:
    crystal, q = oblique(), np.array([[0.13, 0.27, 0.41], [0.5, 0.2, 0]])
    slow = to_force_constants(crystal).calculate_qpoint_phonon_modes(
        q, asr=None, use_c=False, insert_gamma=False, reduce_qpts=False
    )
    found = stiffness(modes_at(to_force_constants(crystal), q, sum_rule=False), crystal, 1)
    np.testing.assert_allclose(found, stiffness(slow, crystal, 1), atol=1e-6)


def test_wave_vectors_of_a_supercell_are_distinct_and_fit_it() -> None:
    matrix = np.array([[2, 0, 0], [1, 2, 0], [0, 1, 3]])
    q = commensurate_wave_vectors(matrix)
    np.testing.assert_array_equal(q[0], 0)
    assert len(q) == 12
    whole = q @ matrix.T
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-12)
    apart = (q[:, None] - q)[~np.eye(12, dtype=bool)]
    assert (np.abs(apart - np.rint(apart)).max(axis=1) > 1e-6).all()


@pytest.mark.parametrize(
    ("charges", "dielectric"),
    [
        (np.full((2, 3, 3), np.nan), np.eye(3)),
        (np.zeros((2, 9)), np.eye(3)),
        (np.zeros((2, 3, 3)), np.diag([1.0, 1.0, -1.0])),
        (np.zeros((2, 3, 3)), np.array([[2.0, 1, 0], [0, 2, 0], [0, 0, 2]])),
        (np.zeros((2, 3, 3)), np.full((3, 3), np.inf)),
        (np.zeros((2, 3, 3)), np.ones(3)),
    ],
)
def test_impossible_responses_are_refused(charges: np.ndarray, dielectric: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"born_charges|dielectric"):
        DipoleResponse(charges, dielectric)


def test_charges_belong_to_the_atoms() -> None:
    with pytest.raises(ValueError, match="Born charges"):
        replace(nacl(), dipoles=DipoleResponse(np.zeros((3, 3, 3)), np.eye(3)))
    assert np.abs(nacl().dipoles.charge_sum).max() < 1e-9
