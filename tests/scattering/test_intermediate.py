"""Intermediate scattering functions: dynasor's numbers, sums written out, and motions solved in closed form."""

import tracemalloc
from pathlib import Path
from statistics import NormalDist

import dynasor
import numpy as np
import pytest
from ase import Atoms
from ase.io.trajectory import TrajectoryWriter
from scipy.special import j0

from scattering.core.constants import AMU_A2_PER_FS2_MEV, BOLTZMANN_MEV_PER_K, HBAR_MEV_FS, RECOIL_MEV_A2_AMU
from scattering.core.quantum import detailed_balance, harmonic_correction
from scattering.simulate import correlation, intermediate, powder

SINGLE = 2e-6
"""Phases in single precision: 1e-6 each at most for what moves by some Å; sums of them are better."""

CELL = np.array([[9.0, 0.0, 0.0], [1.5, 8.0, 0.0], [-1.0, 2.0, 10.0]])


def liquid(n_frames: int = 90) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Displacements of 60 atoms of two species that rattle and walk, their sites and groups."""
    rng = np.random.default_rng(5)
    walk = rng.normal(size=(60, 3, n_frames)).cumsum(axis=2) * 0.1 + rng.normal(size=(60, 3, n_frames)) * 0.1
    groups = np.split(rng.permutation(60), [25])
    return walk.astype(np.float32), rng.random((60, 3)) @ CELL, groups


@pytest.mark.parametrize("n_lags", [4, 30, 90])
def test_both_parts_have_the_numbers_of_dynasor_with_a_window_from_every_frame(tmp_path: Path, n_lags: int) -> None:
    moved, sites, groups = liquid()
    q_points = powder.box_vectors(CELL, 0.5 * np.arange(1, 13), 36, seed=3)
    path = str(tmp_path / "run.traj")
    with TrajectoryWriter(path, properties=[]) as writer:
        for frame in np.moveaxis(moved, 2, 0):
            writer.write(Atoms("H60", positions=sites + frame, cell=CELL, pbc=True))
    theirs = dynasor.compute_dynamic_structure_factors(
        dynasor.Trajectory(path, trajectory_format="ase", atomic_indices={"A": groups[0], "B": groups[1]}),
        q_points,
        dt=1.0,
        window_size=n_lags - 1,
        window_step=1,
        calculate_incoherent=True,
        logging_interval=0,
    )
    ours = intermediate.self_functions(moved, groups, q_points, n_lags)
    for group, name, values in zip(groups, "AB", ours, strict=True):
        np.testing.assert_allclose(len(group) / 60 * values, theirs[f"Fqt_incoh_{name}"], atol=SINGLE)
    pairs = intermediate.collective_functions(moved, sites, groups, q_points, n_lags)
    for name, values in zip(("A_A", "A_B", "B_B"), pairs, strict=True):
        # Coherent sums are of the order of the square root of 60
        np.testing.assert_allclose(values, theirs[f"Fqt_coh_{name}"], atol=10 * SINGLE)


def test_an_oscillator_of_every_phase_is_a_bessel_function() -> None:
    """u = a cos(Ωt + φ), averaged over φ: F_s(q, τ) = J₀(2qa sin(Ωτ/2)) along q."""
    amplitude, energy, times = 0.2, 40.0, 3.0 * np.arange(400)
    phases = 2 * np.pi * np.arange(48) / 48
    moved = np.zeros((48, 3, 400), dtype=np.float32)
    moved[:, 2] = amplitude * np.cos(energy / HBAR_MEV_FS * times + phases[:, None])
    q_points = np.array([[0.0, 0.0, 3.0], [1.0, 2.0, 12.0]])
    ours = intermediate.self_functions(moved, [np.arange(48)], q_points, 150)[0]
    argument = 2 * q_points[:, 2:] * amplitude * np.sin(energy / HBAR_MEV_FS * times[:150] / 2)
    np.testing.assert_allclose(ours, j0(argument), atol=SINGLE)


def test_the_free_gas_keeps_its_gaussian_and_recoils_once_corrected() -> None:
    """F_s = exp(−q²k_BT t²/2M); with the quantum factor ∫ω S dω = ħ²q²/2M, as for any classical system."""
    mass, temperature, q = 1.008, 50.0, 3.0
    speed = np.sqrt(BOLTZMANN_MEV_PER_K * temperature / (mass * AMU_A2_PER_FS2_MEV))
    # Evenly spaced quantiles instead of random velocities, so that the average over atoms is no estimate
    quantiles = [NormalDist().inv_cdf((k + 0.5) / 2000) for k in range(2000)]
    times = 1.0 * np.arange(600)
    moved = np.zeros((2000, 3, 600), dtype=np.float32)
    moved[:, 0] = speed * np.array(quantiles)[:, None] * times
    ours = intermediate.self_functions(moved, [np.arange(2000)], np.array([[q, 0, 0]]), 500)[0]
    # What 2000 quantiles miss of the Gaussian's tails
    np.testing.assert_allclose(ours[0], np.exp(-((q * speed * times[:500]) ** 2) / 2), atol=1e-3)
    energy, spectrum = correlation.spectrum_from_correlation(ours, time_step=1.0, energy_step=0.25)
    quantum = spectrum[0] * harmonic_correction(energy, temperature)
    first = np.trapezoid(energy * quantum * (1 - detailed_balance(energy, temperature)), energy)
    # The window's curvature adds to the second moment, which is what a classical first moment is made of
    window = (np.pi * HBAR_MEV_FS / 499) ** 2 / 2 / (HBAR_MEV_FS * q * speed) ** 2
    # The quantiles' variance is 0.3 % short
    assert first == pytest.approx(RECOIL_MEV_A2_AMU * q**2 / mass * (1 + window), rel=0.01)


def test_neither_the_number_of_threads_nor_the_memory_changes_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    moved, sites, groups = liquid()
    q_points = powder.box_vectors(CELL, 0.5 * np.arange(1, 13), 36, seed=3)

    def both() -> tuple[np.ndarray, np.ndarray]:
        return (
            intermediate.self_functions(moved, groups, q_points, 30),
            intermediate.collective_functions(moved, sites, groups, q_points, 30),
        )

    expected = both()
    monkeypatch.setattr(intermediate, "n_threads", lambda: 3)
    monkeypatch.setattr(intermediate, "MAX_BLOCK_BYTES", 8000)
    for found, reference in zip(both(), expected, strict=True):
        np.testing.assert_array_equal(found, reference)


def test_long_runs_are_worked_through_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of 48 MB on disk, and densities and powers of 60 and more, in 8 MB each."""
    monkeypatch.setattr(intermediate, "MAX_BLOCK_BYTES", 2**23)
    path = tmp_path / "run.npy"
    moved = np.lib.format.open_memmap(path, mode="w+", dtype="f4", shape=(80, 3, 50_000))
    moved[:] = 0.1
    groups, q_points = [np.arange(40), np.arange(40, 80)], np.eye(3)[np.arange(80) % 3]
    intermediate.self_functions(moved[:, :, :50], groups, q_points, 2)
    intermediate.collective_functions(moved[:, :, :50], np.zeros((80, 3)), groups, q_points, 2)
    tracemalloc.start()
    try:
        intermediate.self_functions(moved, groups, q_points, 50)
        intermediate.collective_functions(moved, np.zeros((80, 3)), groups, q_points, 50)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Beside it two atoms for each thread, 0.8 MB as phases, with their transforms, and a q-point of the coherent part
    assert peak < 3 * 2**23


def test_more_lags_than_frames_are_refused() -> None:
    moved, _, groups = liquid(20)
    with pytest.raises(ValueError, match="21 lags"):
        intermediate.self_functions(moved, groups, np.eye(3), 21)


def test_pytorch_has_the_same_numbers() -> None:
    pytest.importorskip("torch", reason="the extra gpu is not installed", exc_type=ImportError)
    moved, _, groups = liquid()
    q_points = powder.shell_vectors(np.array([1.0, 6.0, 12.0]), seed=1).reshape(-1, 3)
    expected = intermediate.self_functions(moved, groups, q_points, 30)
    # Any device of PyTorch's takes the same path; here the one that every machine has
    found = intermediate.self_functions(moved, groups, q_points, 30, device="torch-cpu")
    # Angles are not reduced before their cosine is taken: 100 rad in single precision
    np.testing.assert_allclose(found, expected, atol=1e-5)
