"""Forecast maps on measured bins: means over area, a scale and a background that come back, window and gaps."""

from dataclasses import replace

import numpy as np
import pytest

from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.instruments.kinematics import momentum_transfer
from scattering.measured.comparison.maps import compare_maps, mean_over_bins
from scattering.measured.data import MeasuredMap
from scattering.measured.rebinning import rebin_angles
from scattering.observe.spectrum import Map

E_INIT = 120.0


def structure(q, energy):
    """A phonon-like ridge and a slope, smooth on the scale of the bins used here."""
    return 1 + 0.05 * q**2 + 3 * np.exp(-(((energy - 30 - 8 * np.sin(q)) / 9) ** 2))


def forecast_map(*, q_step=0.1, energy_step=0.5, inside=None):
    q, energy = np.arange(0.1, 12.05, q_step), np.arange(1.0, 100.0, energy_step)
    intensity = structure(q[:, None], energy).astype(np.float32)
    reached = np.ones(intensity.shape, dtype=bool) if inside is None else inside(q[:, None], energy)
    return Map(q, energy, intensity, reached)


def window(q, energy):
    """What detectors from 5° to 120° see of E_i = 120 meV."""
    low, high = (
        momentum_transfer(incident_energy=E_INIT, final_energy=E_INIT - energy, two_theta=angle) for angle in (5, 120)
    )
    return (q >= low) & (q <= high)


def brute_force_mean(q, energy):
    """Mean of the structure over bins, by 8 × 8 points in each of some 0.2 Å⁻¹ and 2 meV."""
    n_points = 8 if len(q) > 20 else 40
    at = (np.arange(n_points) + 0.5) / n_points
    q_points = q[:-1, None] + np.diff(q)[:, None] * at
    energy_points = energy[:-1, None] + np.diff(energy)[:, None] * at
    values = structure(q_points[:, None, :, None], energy_points[None, :, None, :])
    return values.mean(axis=(2, 3))


Q, ENERGY = np.linspace(0.5, 11.5, 45), np.linspace(3, 95, 47)
EXACT = brute_force_mean(Q, ENERGY)


def measured_map(*, scale=40.0, background=0.0, noise=0.0, seed=0):
    q, energy, exact = Q, ENERGY, scale * EXACT + background
    error = noise * (1 + 0.5 * np.cos(np.arange(exact.size))).reshape(exact.shape)
    intensity = exact + np.random.default_rng(seed).normal(0, 1, exact.shape) * error
    return MeasuredMap(q, energy, intensity, error if noise else None)


@pytest.mark.parametrize(
    ("q_bins", "energy_bins"),
    [(12, 10), (45, 47), (300, 400)],
    ids=["coarser than the forecast", "alike", "finer"],
)
def test_the_mean_over_other_bins(q_bins, energy_bins):
    """Bilinear between centres: off by h²/12 of the second derivative, 6e-4 of q's step of 0.1 Å⁻¹ where S is 4."""
    q, energy = np.linspace(0.5, 11.5, q_bins + 1), np.linspace(3, 95, energy_bins + 1)
    np.testing.assert_allclose(mean_over_bins(forecast_map(), q, energy), brute_force_mean(q, energy), rtol=3e-3)


def test_a_map_on_its_own_bins_and_on_a_few_wide_ones_keeps_its_area():
    forecast = forecast_map()
    q = np.append(forecast.q - 0.05, forecast.q[-1] + 0.05)
    energy = np.append(forecast.energy - 0.25, forecast.energy[-1] + 0.25)
    noisy = replace(forecast, intensity=np.random.default_rng(1).random(forecast.intensity.shape, dtype=np.float32))
    whole = mean_over_bins(noisy, q[[0, -1]], energy[[0, -1]])
    assert whole == pytest.approx(noisy.intensity.mean(), rel=1e-6)
    # Three bins of unequal width in each direction: areas add up
    q_edges, energy_edges = q[[0, 13, 50, -1]], energy[[0, 100, 101, -1]]
    parts = mean_over_bins(noisy, q_edges, energy_edges)
    areas = np.outer(np.diff(q_edges), np.diff(energy_edges))
    assert (parts * areas).sum() == pytest.approx(float(whole[0, 0]) * areas.sum(), rel=1e-6)


def test_what_is_not_reached_is_not_known():
    q, energy = np.linspace(0, 14, 71), np.linspace(-10, 115, 126)
    found = mean_over_bins(forecast_map(inside=window), q, energy)
    centre_q, centre_energy = (q[1:] + q[:-1]) / 2, (energy[1:] + energy[:-1]) / 2
    # As far as a step of either axis, of both grids
    around = [window(centre_q[:, None] + dq, centre_energy + de) for dq in (-0.3, 0, 0.3) for de in (-1.5, 0, 1.5)]
    on_axes = np.outer((centre_q > 0.35) & (centre_q < 11.75), (centre_energy > 2.5) & (centre_energy < 98))
    assert np.isfinite(found[np.all(around, axis=0) & on_axes]).all()
    assert np.isnan(found[~np.any(around, axis=0)]).all()
    assert np.isnan(found[:, centre_energy < 0]).all()
    assert np.isnan(found[centre_q > 12.3]).all()


def test_only_what_is_inside_counts_towards_a_bin_on_the_rim():
    forecast = forecast_map(inside=lambda q, energy: (q < 5.0) & (energy > 0))
    wrong = replace(forecast, intensity=np.where(forecast.inside, forecast.intensity, 1e6).astype(np.float32))
    q, energy = np.linspace(0.5, 10.5, 6), np.linspace(3, 95, 24)
    found = mean_over_bins(wrong, q, energy)
    np.testing.assert_array_equal(found, mean_over_bins(forecast, q, energy))
    inside = brute_force_mean(np.array([4.5, 4.95]), energy)
    np.testing.assert_allclose(found[2], inside[0], rtol=3e-3)
    assert np.isnan(found[3:]).all()


def test_a_bank_on_a_line_fills_little_of_a_bin_and_counts():
    line = forecast_map(inside=lambda q, energy: np.abs(q - (1 + 0.04 * energy)) < 0.051)
    q, energy = np.linspace(0, 6, 4), np.linspace(3, 95, 24)
    found = mean_over_bins(line, q, energy)
    centre = (energy[1:] + energy[:-1]) / 2
    row = np.searchsorted(q, 1 + 0.04 * centre) - 1
    # Over the line's width in |q| and its way through a bin of energy, 0.16 Å⁻¹, S varies by some percent
    np.testing.assert_allclose(found[row, np.arange(23)], structure(1 + 0.04 * centre, centre), rtol=0.06)


@pytest.mark.parametrize("background", [False, True])
def test_scale_and_background_come_back_with_their_errors(background):
    """In 40 seeds: pulls of mean 0 and standard deviation 1, and χ²ᵣ of 1."""
    true = {"scale": 40.0, "background": 15.0 if background else 0.0}
    forecast = forecast_map()
    pulls, chi2 = [], []
    for seed in range(40):
        measured = measured_map(scale=40.0, background=true["background"], noise=20.0, seed=seed)
        found = compare_maps(measured, forecast, background=background, range_mev=(5, 90))
        values = {"scale": found.scale, "background": found.background}
        pulls.append([(values[name] - true[name]) / error for name, error in found.standard_errors.items()])
        chi2.append(found.goodness.chi2_reduced)
    assert np.shape(pulls) == (40, 1 + background)
    # A mean of 40 is known to 0.16, a standard deviation to 11 %
    assert (np.abs(np.mean(pulls, axis=0)) < 0.5).all()
    np.testing.assert_allclose(np.std(pulls, axis=0), 1, atol=0.34)
    assert np.mean(np.abs(pulls) < 3) >= 0.95
    # Of 1800 bins, known to 3.3 % each
    assert np.mean(chi2) == pytest.approx(1, abs=0.02)


def test_without_errors_the_scatter_gives_them():
    stated = measured_map(noise=20.0)
    even = MeasuredMap(stated.q, stated.energy, stated.intensity, None)
    found = compare_maps(even, forecast_map(), range_mev=(5, 90))
    assert found.goodness.chi2_reduced is None
    assert abs(found.scale - 40) < 3 * found.standard_errors["scale"]
    scatter = np.std(found.difference[found.used])
    expected = scatter / np.linalg.norm(found.forecast[found.used] / found.scale)
    assert found.standard_errors["scale"] == pytest.approx(expected, rel=0.01)


def test_difference_and_forecast_are_in_the_datas_unit():
    measured = measured_map(scale=40.0, background=15.0)
    found = compare_maps(measured, forecast_map(), background=True)
    assert (found.scale, found.background) == (pytest.approx(40, rel=1e-3), pytest.approx(15, abs=0.1))
    np.testing.assert_allclose(found.forecast, found.measured, rtol=3e-3)
    np.testing.assert_allclose(found.difference, found.measured - found.forecast)
    assert found.goodness.r_factor < 1e-3
    assert found.goodness.correlation > 0.99999


def test_the_fit_is_made_in_its_range_and_drawn_everywhere():
    measured = measured_map()
    spoilt = measured.intensity.copy()
    middle = (measured.energy[1:] + measured.energy[:-1]) / 2
    spoilt[:, middle < 50] *= 3
    found = compare_maps(MeasuredMap(measured.q, measured.energy, spoilt, None), forecast_map(), range_mev=(50, 90))
    assert found.scale == pytest.approx(40, rel=1e-3)
    assert found.range_mev == (50, 90)
    assert (found.used == ((middle >= 50) & (middle <= 90))).all()
    assert np.isfinite(found.forecast[:, middle < 50]).all()
    assert found.goodness.r_factor < 1e-3 < 0.3 < found.everywhere.r_factor


def test_the_elastic_line_is_not_fitted():
    energy = np.linspace(-20, 95, 116)
    exact = 40 * brute_force_mean(Q, energy)
    middle = (energy[1:] + energy[:-1]) / 2
    exact += 1e5 * np.exp(-((middle / 1.5) ** 2))
    measured = MeasuredMap(Q, energy, exact, None)
    forecast = forecast_map(energy_step=0.5)
    for resolution in (2.5, None):
        found = compare_maps(measured, forecast, resolution_mev=resolution)
        assert found.scale == pytest.approx(40, rel=2e-3)
        assert 3 < found.range_mev[0] < 10
    both = compare_maps(measured, forecast, range_mev=(-20, 90))
    assert both.scale == pytest.approx(40, rel=2e-3)
    assert "elastic_line_left_out" in [notice.code for notice in both.notices]


def test_a_few_tiny_errors_do_not_decide():
    measured = measured_map()
    tiny = np.random.default_rng(5).random(measured.intensity.shape) < 0.02
    spoilt = MeasuredMap(
        measured.q,
        measured.energy,
        np.where(tiny, 0.0, measured.intensity),
        np.where(tiny, 1e-9, np.full_like(measured.intensity, 0.05 * np.nanmax(measured.intensity))),
    )
    found = compare_maps(spoilt, forecast_map())
    assert found.scale == pytest.approx(compare_maps(measured, forecast_map()).scale, rel=0.3)
    assert {"tiny_errors_raised"} <= {notice.code for notice in found.notices}
    assert "fit_failed" not in {notice.code for notice in found.notices}


def test_a_fit_that_explains_nothing_says_so():
    measured = measured_map()
    noise = np.random.default_rng(6).standard_normal(measured.intensity.shape)
    found = compare_maps(MeasuredMap(measured.q, measured.energy, noise, None), forecast_map())
    (notice,) = [one for one in found.notices if one.code == "fit_failed"]
    assert "data_unexplained" in notice.params["reasons"]


def test_masked_bins_do_not_count():
    measured = measured_map()
    holes = np.random.default_rng(2).random(measured.intensity.shape) < 0.3
    found = compare_maps(replace(measured, intensity=np.where(holes, np.nan, measured.intensity)), forecast_map())
    assert not found.used[holes].any()
    assert np.isnan(found.difference[holes]).all()
    assert np.isfinite(found.forecast[holes]).all()
    assert found.scale == pytest.approx(40, rel=1e-3)


def test_bins_without_error_take_that_of_the_nearest_and_it_is_told():
    measured = measured_map(noise=20.0)
    error = measured.error.copy()
    error[::7, ::5] = np.nan
    found = compare_maps(replace(measured, error=error), forecast_map(), range_mev=(5, 90))
    assert found.used[::7, 2::5].all()
    assert abs(found.scale - 40) < 4 * found.standard_errors["scale"]
    assert Notice("errors_of_nearest_bins", {"n_unknown": 70, "n_bins": 2024}) in found.notices
    error[1:] = np.nan
    even = compare_maps(replace(measured, error=error), forecast_map(), range_mev=(5, 90))
    assert even.goodness.chi2_reduced is None
    assert "errors_ignored" in [notice.code for notice in even.notices]


def test_errors_that_are_too_small_are_told_and_widened():
    measured = measured_map(noise=20.0)
    honest = compare_maps(measured, forecast_map(), range_mev=(5, 90))
    small = compare_maps(replace(measured, error=measured.error / 10), forecast_map(), range_mev=(5, 90))
    assert "residuals_exceed_errors" not in [notice.code for notice in honest.notices]
    assert "residuals_exceed_errors" in [notice.code for notice in small.notices]
    assert small.standard_errors["scale"] == pytest.approx(honest.standard_errors["scale"], rel=0.1)


def test_a_scale_is_never_below_zero():
    upside_down = measured_map(scale=-40.0, background=1000.0)
    found = compare_maps(upside_down, forecast_map(), background=True)
    assert found.scale == 0
    assert np.isnan(found.standard_errors["scale"])
    assert found.background == pytest.approx(upside_down.intensity[found.used].mean(), rel=1e-6)
    assert Notice("scale_is_zero") in found.notices


def test_what_is_not_fitted_stays():
    found = compare_maps(measured_map(scale=1.0), forecast_map(), scale=False)
    assert (found.scale, found.background, dict(found.standard_errors)) == (1.0, 0.0, {})
    assert found.goodness.n_parameters == 0
    raised = compare_maps(measured_map(scale=1.0, background=3.0), forecast_map(), scale=False, background=True)
    assert (raised.scale, raised.background) == (1.0, pytest.approx(3, abs=0.01))


def test_a_flat_forecast_and_a_background_are_not_told_apart():
    flat = replace(forecast_map(), intensity=np.ones_like(forecast_map().intensity))
    found = compare_maps(measured_map(noise=5.0), flat, background=True, range_mev=(5, 90))
    assert np.isnan(list(found.standard_errors.values())).all()


@pytest.mark.parametrize(
    ("forecast", "range_mev", "code"),
    [
        (forecast_map(), (90, 50), "disordered_energies"),
        (forecast_map(), (200, 300), "range_outside_shared_energies"),
        (forecast_map(inside=lambda q, energy: (q > 11.9) & (energy > 0)), (5, 90), "no_shared_bins"),
        (replace(forecast_map(), intensity=0 * forecast_map().intensity), (5, 90), "forecast_zero_in_range"),
    ],
)
def test_what_cannot_be_compared_is_refused(forecast, range_mev, code):
    with pytest.raises(InvalidComparison, match=code):
        compare_maps(measured_map(), forecast, range_mev=range_mev)


def test_detectors_to_comparison():
    """What detectors count of a known S(q, ω), rebinned, agrees with the forecast of the same S."""
    rng = np.random.default_rng(5)
    two_theta = np.arange(5.0, 120.0, 0.3)
    edges = np.linspace(-10, 100, 111)
    middle = (edges[1:] + edges[:-1]) / 2
    q = momentum_transfer(incident_energy=E_INIT, final_energy=E_INIT - middle, two_theta=two_theta[:, None])
    exact = 40 * structure(q, middle)
    measured = rebin_angles(
        two_theta=two_theta,
        width=np.full(len(two_theta), 0.3),
        energy=edges,
        intensity=exact + rng.normal(0, 4, exact.shape),
        error=np.full(exact.shape, 4.0),
        geometry="direct",
        fixed_energy=E_INIT,
        q=np.arange(0.0, 14.0, 0.2),
    )
    found = compare_maps(measured, forecast_map(inside=window), range_mev=(5, 90))
    assert abs(found.scale - 40) < 3 * found.standard_errors["scale"]
    # Neighbours share pixels and rims are measured in part: hardly more than noise alone
    assert found.goodness.chi2_reduced == pytest.approx(1, abs=0.1)
