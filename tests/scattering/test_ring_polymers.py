"""What ring polymers of several beads scatter: sums written out, and the harmonic oscillator in closed form."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from scattering.core.constants import AMU_A2_PER_FS2_MEV, BOLTZMANN_MEV_PER_K, HBAR_MEV_FS, RECOIL_MEV_A2_AMU
from scattering.core.quantum import harmonic_correction, reduced_energy
from scattering.crystal.correlation import mean_square_displacements
from scattering.simulate import correlation, intermediate
from scattering.simulate.mobility import mean_square_displacement, mobility
from scattering.simulate.path_integral import shortfall

SINGLE = 2e-6
"""Phases in single precision."""
MASS, ENERGY, TEMPERATURE, N_BEADS = 1.008, 100.0, 300.0, 12
STEP, N_FRAMES, N_LAGS = 3.0, 2400, 700


def quantum_mean_square() -> float:
    """⟨x²⟩ = ħ/2mω coth(βħω/2), Å²."""
    x = float(reduced_energy(np.array(ENERGY), TEMPERATURE))
    return RECOIL_MEV_A2_AMU / (MASS * ENERGY) / np.tanh(x / 2)


def classical_mean_square() -> float:
    """k_BT/mω², Å²."""
    return BOLTZMANN_MEV_PER_K * TEMPERATURE / (MASS * AMU_A2_PER_FS2_MEV * (ENERGY / HBAR_MEV_FS) ** 2)


def oscillators(n_atoms: int = 60, n_beads: int = N_BEADS) -> np.ndarray:
    """Ring-polymer dynamics of Einstein's oscillators, solved: each normal mode of the beads oscillates on its own.

    Amplitudes are thermal, and their mean square over the atoms is what it is on average: no scatter in areas.
    """
    rng = np.random.default_rng(8)
    modes = np.arange(n_beads)
    springs = 2 * n_beads * BOLTZMANN_MEV_PER_K * TEMPERATURE / HBAR_MEV_FS * np.sin(modes * np.pi / n_beads)
    frequency = np.sqrt((ENERGY / HBAR_MEV_FS) ** 2 + springs**2)
    square = 2 * n_beads * BOLTZMANN_MEV_PER_K * TEMPERATURE / (MASS * AMU_A2_PER_FS2_MEV * frequency**2)
    amplitude = rng.rayleigh(size=(n_beads, n_atoms, 3))
    amplitude *= np.sqrt(square / (amplitude**2).mean(axis=(1, 2)))[:, None, None]
    phase = 2 * np.pi * rng.random((n_beads, n_atoms, 3))
    angle = frequency[:, None] * STEP * np.arange(N_FRAMES)
    # The real Fourier basis: 1, √2 cos, √2 sin, and ±1 where the number of beads is even
    bead = np.arange(n_beads)[:, None]
    basis = np.sqrt(2 / n_beads) * np.where(
        modes < n_beads / 2, np.cos(2 * np.pi * bead * modes / n_beads), np.sin(2 * np.pi * bead * modes / n_beads)
    )
    basis[:, 0] = np.sqrt(1 / n_beads)
    if n_beads % 2 == 0 and n_beads > 1:
        basis[:, n_beads // 2] = (-1.0) ** bead[:, 0] / np.sqrt(n_beads)
    moved = np.zeros((n_beads, n_atoms, 3, N_FRAMES))
    for mode in modes:
        moves = amplitude[mode, ..., None] * np.cos(angle[mode] + phase[mode, ..., None])
        moved += basis[:, mode, None, None, None] * moves
    return moved.astype(np.float32)


@pytest.fixture(scope="module")
def moved() -> np.ndarray:
    return oscillators()


def test_both_parts_are_the_sums_over_beads_written_out() -> None:
    rng = np.random.default_rng(1)
    n_frames, n_lags = 40, 15
    moved = rng.normal(size=(5, 12, 3, n_frames)).astype(np.float32) * np.float32(0.3)
    sites, groups = rng.random((12, 3)) * 8, np.split(rng.permutation(12), [5])
    q_points = 2 * np.pi / 8 * rng.integers(-6, 7, size=(9, 3)).astype(float)
    operators = np.exp(1j * np.einsum("qc,bict->qbit", q_points, moved.astype(float))).mean(axis=1)

    def correlated(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        lags = [(one[..., lag:] * other[..., : n_frames - lag].conj()).mean(axis=-1) for lag in range(n_lags)]
        return np.moveaxis(np.array(lags), 0, -1)

    selves = intermediate.self_functions(moved, groups, q_points, n_lags)
    for group, found in zip(groups, selves, strict=True):
        expected = correlated(operators[:, group], operators[:, group]).real.mean(axis=1)
        np.testing.assert_allclose(found, expected, atol=SINGLE)
    phases = np.exp(1j * q_points @ sites.T)[..., None] * operators
    densities = [phases[:, group].sum(axis=1) for group in groups]
    pairs = intermediate.collective_functions(moved, sites, groups, q_points, n_lags)
    for (one, other), found in zip(combinations_with_replacement(range(2), 2), pairs, strict=True):
        expected = correlated(densities[one], densities[other]).real
        if one != other:
            expected = expected + correlated(densities[other], densities[one]).real
        np.testing.assert_allclose(found, expected / 12, atol=10 * SINGLE)


def test_one_bead_is_a_classical_run_to_the_last_bit() -> None:
    classical = oscillators(6, n_beads=1)
    assert classical.shape[0] == 1
    groups, q_points = [np.arange(4), np.arange(4, 6)], 2 * np.eye(3)
    np.testing.assert_array_equal(
        intermediate.self_functions(classical, groups, q_points, 100),
        intermediate.self_functions(classical[0], groups, q_points, 100),
    )
    np.testing.assert_array_equal(
        intermediate.collective_functions(classical, np.zeros((6, 3)), groups, q_points, 100),
        intermediate.collective_functions(classical[0], np.zeros((6, 3)), groups, q_points, 100),
    )
    assert mobility(classical, groups, STEP) == mobility(classical[0], groups, STEP)


def test_the_correlation_is_that_of_a_ring_polymer_at_all_times(moved: np.ndarray) -> None:
    """F(q, t) = exp(−q²⟨x²⟩) (1/P) Σ_d exp(q²C_d(t)), C_d(t) = (k_BT/m) Σ_l cos(2πld/P) cos(Ω_l t)/Ω_l²."""
    q, thermal = 6.0, BOLTZMANN_MEV_PER_K * TEMPERATURE
    modes = np.arange(N_BEADS)
    squares = (ENERGY / HBAR_MEV_FS) ** 2 + (2 * N_BEADS * thermal / HBAR_MEV_FS * np.sin(modes * np.pi / N_BEADS)) ** 2
    times = STEP * np.arange(40)
    each = np.cos(np.sqrt(squares)[:, None] * times) * thermal / (MASS * AMU_A2_PER_FS2_MEV * squares[:, None])
    between = np.cos(2 * np.pi * np.outer(modes, modes) / N_BEADS) @ each
    expected = np.exp(-(q**2) * each[:, 0].sum()) * np.exp(q**2 * between).mean(axis=0)
    found = intermediate.self_functions(moved, [np.arange(60)], q * np.eye(3), 40)[0].mean(axis=0)
    # 180 oscillators, each of its own amplitude: 1/√180 of what an amplitude's scatter makes of F
    assert expected[0] < 0.9
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_displacements_are_those_of_so_many_beads_and_their_mean_moves_classically(moved: np.ndarray) -> None:
    beads = (1 - shortfall(N_BEADS, ENERGY, TEMPERATURE)) * quantum_mean_square()
    atoms = np.arange(60)
    # Over 170 periods
    tensor = mean_square_displacements(moved, atoms, np.eye(3)[None])
    assert np.trace(tensor) / 3 == pytest.approx(beads, rel=2e-3)
    (found,) = mobility(moved, [atoms], STEP)
    assert found.fluctuation / 3 == pytest.approx(beads, rel=2e-3)
    # Of the centroid 2k_BT/mω² (1 − cos ωt), on average over a long stretch; half of the quantum one here
    assert beads > 1.8 * classical_mean_square()
    squares = mean_square_displacement(moved, atoms)[: N_FRAMES // 2]
    assert squares.mean() / 3 == pytest.approx(2 * classical_mean_square(), rel=5e-3)


def test_line_and_debye_waller_factor_are_quantum_once_corrected(moved: np.ndarray) -> None:
    """One phonon's area is exp(−q²⟨x²⟩) q² ħ/2mω (n + 1), and what stays is exp(−q²⟨x²⟩)."""
    q = 0.8
    functions = intermediate.self_functions(moved, [np.arange(60)], q * np.eye(3), N_LAGS)[0].mean(axis=0)
    elastic, decays = correlation.split_elastic(functions)
    beads = (1 - shortfall(N_BEADS, ENERGY, TEMPERATURE)) * quantum_mean_square()
    # Of the next order, q⁴⟨x²⟩²/4, there is 5e-5
    assert -np.log(elastic) / q**2 == pytest.approx(beads, rel=0.01)
    energy, spectrum = correlation.spectrum_from_correlation(decays, time_step=STEP, energy_step=0.25)
    corrected = spectrum * harmonic_correction(energy, TEMPERATURE)
    line = np.abs(energy - ENERGY) < 20
    area = corrected[line].sum() * (energy[1] - energy[0])
    occupation = 1 / np.expm1(reduced_energy(np.array(ENERGY), TEMPERATURE))
    expected = np.exp(-(q**2) * beads) * q**2 * RECOIL_MEV_A2_AMU / (MASS * ENERGY) * (occupation + 1)
    # The window widens the line by 2 meV, over which the correction changes by 2 %, evenly on both sides
    assert area == pytest.approx(expected, rel=0.01)


def test_the_self_part_keeps_its_sum_rule_at_small_q() -> None:
    """Between q = 0, where F is the concentration, and the first shell, where that of beads is below it."""
    shells, times = np.array([0.5, 1.0, 2.0, 4.0]), np.arange(50)
    functions = 0.3 * np.exp(-0.2 * shells[:, None] ** 2) * np.ones(len(times))
    run = correlation.Correlations(
        coherent=np.zeros((1, 4, 50)),
        incoherent=functions[None],
        q_points=np.eye(4, 3),
        shells=shells,
        concentration=np.array([0.3]),
    )
    q = np.array([0.1, 0.2, 0.3, 0.4])
    found = correlation.spectra_from_correlations(run, time_step=STEP, q=q, energy_step=1.0, highest_energy=100.0)
    np.testing.assert_allclose(found.incoherent_elastic[0], 0.3 * np.exp(-0.2 * q**2), rtol=2e-3)


def test_pytorch_has_the_same_numbers() -> None:
    pytest.importorskip("torch", reason="the extra gpu is not installed", exc_type=ImportError)
    beads = oscillators(6, n_beads=4)[..., :200]
    groups, q_points = [np.arange(6)], 3 * np.eye(3)
    expected = intermediate.self_functions(beads, groups, q_points, 60)
    found = intermediate.self_functions(beads, groups, q_points, 60, device="torch-cpu")
    np.testing.assert_allclose(found, expected, atol=1e-5)
