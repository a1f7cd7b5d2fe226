"""Correlations whose transform is known in closed form."""

import numpy as np
import pytest

from scattering.core.constants import AMU_A2_PER_FS2_MEV, BOLTZMANN_MEV_PER_K, HBAR_MEV_FS, PLANCK_MEV_FS
from scattering.core.partials import Partials
from scattering.simulate import correlation, powder


def test_an_oscillation_becomes_a_line_at_its_energy_with_half_its_area() -> None:
    times, energy, amplitude, elastic = 5.0 * np.arange(801), 60.0, 0.3, 0.6
    decaying = elastic + amplitude * np.cos(energy / HBAR_MEV_FS * times)
    stays, decays = correlation.split_elastic(decaying[None])
    axis, spectrum = correlation.spectrum_from_correlation(decays, time_step=5.0, energy_step=0.1)
    step = axis[1] - axis[0]
    # The sin² average leaves of a fast oscillation what it has at the edges: (h/TE)³ ~ 1e-6
    assert stays[0] == pytest.approx(elastic, abs=1e-4)
    assert axis[np.argmax(spectrum[0])] == pytest.approx(energy, abs=step)
    # ∫ over both signs is F(0); one sign has half of it
    assert spectrum[0].sum() * step == pytest.approx(amplitude / 2, rel=1e-3)
    above = axis[spectrum[0] > spectrum[0].max() / 2]
    assert above[-1] - above[0] + step == pytest.approx(PLANCK_MEV_FS / times[-1], rel=0.1)
    far = np.abs(axis - energy) > 3 * PLANCK_MEV_FS / times[-1]
    assert np.abs(spectrum[0][far]).max() < 0.01 * spectrum[0].max()


def test_the_classical_free_gas() -> None:
    """F(q, t) = exp(−q² k_BT t²/2M) → a Gaussian of variance ħ²q²k_BT/M in energy (recoil is a quantum effect)."""
    q, mass, temperature = 3.0, 1.008, 50.0
    velocity2 = BOLTZMANN_MEV_PER_K * temperature / (mass * AMU_A2_PER_FS2_MEV)
    times = 1.0 * np.arange(2000)
    intermediate = np.exp(-(q**2) * velocity2 * times**2 / 2)
    axis, spectrum = correlation.spectrum_from_correlation(intermediate[None], time_step=1.0, energy_step=0.25)
    sigma = HBAR_MEV_FS * q * np.sqrt(velocity2)
    expected = np.exp(-((axis / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    # The window of 2 ps widens by 2 meV in quadrature
    np.testing.assert_allclose(spectrum[0], expected, atol=0.01 * expected.max())


def test_padding_with_zeros_only_refines_the_axis() -> None:
    rng = np.random.default_rng(1)
    values = np.exp(-np.arange(300) / 50) * np.cos(np.arange(300) * 0.3) + 0.01 * rng.normal(size=300)
    coarse_axis, coarse = correlation.spectrum_from_correlation(values[None], time_step=4.0, energy_step=100.0)
    fine_axis, fine = correlation.spectrum_from_correlation(values[None], time_step=4.0, energy_step=0.01)
    np.testing.assert_allclose(np.interp(coarse_axis, fine_axis, fine[0]), coarse[0], atol=1e-3 * coarse.max())


def test_spherical_average_of_a_constant_is_that_and_far_points_fall_back_to_the_nearest() -> None:
    points = np.random.default_rng(2).normal(size=(200, 3))
    q = np.arange(0.1, 30, 0.1)
    averaged = correlation.spherical_average(np.full((200, 4), 2.5), q_points=points, q=q, width=0.05)
    np.testing.assert_allclose(averaged, 2.5, rtol=1e-12)


def test_spherical_average_follows_a_smooth_function_of_q() -> None:
    points = np.random.default_rng(3).normal(size=(20_000, 3)) * 2
    q = np.arange(0.5, 4, 0.1)
    norms = np.linalg.norm(points, axis=1)
    averaged = correlation.spherical_average(np.sin(norms)[:, None], q_points=points, q=q, width=0.05)[:, 0]
    np.testing.assert_allclose(averaged, np.sin(q), atol=0.02)


def test_a_self_function_between_shells_is_what_it_is_there() -> None:
    """exp(−q²w) between shells 0.3 Å⁻¹ apart, for atoms on their sites (w ~ 0.03 Å²) and for those that have left."""
    shells, q = powder.shells(12.0), 0.1 * np.arange(1, 121)
    # A spline of step h is h⁴F⁗/384 off at most: 1e-6 and, for the last, 3e-4
    for w, tolerance in ((0.01, 1e-6), (0.03, 1e-6), (0.5, 3e-4)):
        values = np.exp(-(shells**2) * w)[:, None]
        found = correlation.interpolate_shells(values, shells=shells, at_zero=np.ones(1), q=q)[:, 0]
        np.testing.assert_allclose(found, np.exp(-(q**2) * w), atol=tolerance)


TIMES = 4.0 * np.arange(400)
Q = np.arange(0.1, 6, 0.1)


def made(lines: dict[str, float], noise: float = 0.0, seed: int = 4) -> correlation.Correlations:
    """A run in which each part oscillates at one energy, and whose noise is white in time and from point to point."""
    rng = np.random.default_rng(seed)
    shells = powder.shells(6.0)

    def line(energy: float, n: int) -> np.ndarray:
        exact = np.cos(energy / HBAR_MEV_FS * TIMES)
        return exact + noise * rng.normal(size=(n, len(TIMES))) * (TIMES > 0)

    pairs = [name for name in lines if "-" in name]
    return correlation.Correlations(
        coherent=np.array([line(lines[name], 50) for name in pairs]),
        incoherent=np.array([line(lines[name], len(shells)) for name in lines if name not in pairs]),
        q_points=np.random.default_rng(4).normal(size=(50, 3)) * 3,
        shells=shells,
        concentration=np.ones(len(lines) - len(pairs)),
    )


def spectra(correlations: correlation.Correlations) -> correlation.Spectra:
    return correlation.spectra_from_correlations(
        correlations, time_step=4.0, q=Q, energy_step=0.25, highest_energy=100.0
    )


def partials(runs: list[correlation.Spectra]) -> Partials:
    return correlation.classical_partials(
        runs, q=Q, concentration={"H": 0.5, "C": 0.5}, temperature=100.0, metadata={"method": "md"}
    )


LINES = {"C-C": 20.0, "C-H": 30.0, "H-H": 40.0, "C": 50.0, "H": 60.0}


def test_classical_partials_are_put_where_they_belong() -> None:
    result = partials([spectra(made(LINES))])
    peaks = [result.energy[np.argmax(part[10])] for part in (*result.coherent, *result.incoherent)]
    np.testing.assert_allclose(peaks, [20, 30, 40, 50, 60], atol=0.26)
    assert result.energy[-1] <= 100
    assert result.coherent_runs is None


def test_the_standard_error_is_what_the_mean_is_off_by() -> None:
    n_runs = 8
    truth = spectra(made(LINES))
    result = partials([spectra(made(LINES, noise=0.1, seed=seed)) for seed in range(n_runs)])
    errors = result.standard_errors
    assert errors is not None
    for mean, error, exact in zip(
        (result.coherent, result.incoherent), errors, (truth.coherent, truth.incoherent), strict=True
    ):
        squares = ((mean - exact) / error)[..., 5:] ** 2
        # Student's t² of 7 degrees of freedom is 7/5 on average. Some 1e4 points, of which smoothing in q and energy
        # leaves about 1e3 to themselves, each scattering by 2.5: 0.1
        assert squares.mean() == pytest.approx((n_runs - 1) / (n_runs - 3), abs=0.3)


def test_many_runs_are_kept_as_ten_groups_with_the_same_mean_and_error() -> None:
    runs = [spectra(made(LINES, noise=0.1, seed=seed)) for seed in range(20)]
    result = partials(runs)
    assert result.incoherent_runs is not None
    assert result.standard_errors is not None
    assert len(result.incoherent_runs) == 10
    np.testing.assert_allclose(result.incoherent_runs.mean(axis=0), result.incoherent, atol=1e-6)
    apart = np.std([run.incoherent for run in runs], axis=0, ddof=1) / np.sqrt(20)
    # Errors of 9 and 19 degrees of freedom, averaged over 1e3 points
    assert result.standard_errors[1].mean() == pytest.approx(apart.mean(), rel=0.05)
