"""Fitting a forecast to data: known parameters come back, with errors that are right; closed forms; what is refused."""

import time
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import curve_fit
from scipy.special import erf

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.measured.comparison.binned import BinnedForecast
from scattering.measured.comparison.fit import PARAMETERS, FitOptions, FitResult, default_range, fit
from scattering.measured.data import MeasuredSpectrum

CENTRE = np.array([12.0, 28.0, 45.0, 61.0, 88.0, 120.0, 150.0])
SIGMA = np.array([1.2, 1.5, 1.3, 2.0, 2.2, 3.0, 3.5])
AREA = np.array([3.0, 3.0, 5.0, 3.0, 6.5, 6.5, 6.0])
ENERGY = np.arange(0.0, 260.1, 0.25)
EDGES = np.linspace(6.0, 190.0, 401)
EVERYTHING = FitOptions(shift=True, stretch=True, background="linear", extra_width=True)


def codes(fitted: FitResult) -> list[str]:
    return [notice.code for notice in fitted.notices]


def binned(low: NDArray[np.float64], high: NDArray[np.float64], values: dict[str, float]) -> NDArray[np.float64]:
    """Gaussians' means over bins in closed form, moved, stretched and broadened, and a background."""
    sigma = np.hypot(SIGMA, values.get("extra_fwhm_mev", 0.0) / FWHM_PER_SIGMA)
    stretch, shift = values.get("stretch", 1.0), values.get("shift_mev", 0.0)
    integral = [
        (AREA / 2 * erf(((edge[:, None] - shift) / stretch - CENTRE) / sigma / np.sqrt(2))).sum(axis=1)
        for edge in (low, high)
    ]
    line = values.get("background_slope_per_mev", 0.0) * ((low + high) / 2 - (EDGES[0] + EDGES[-1]) / 2)
    peaks = values.get("scale", 1.0) * (integral[1] - integral[0]) / (high - low)
    return np.asarray(peaks + values.get("background", 0.0) + line)


FORECAST = binned(ENERGY - 0.125, ENERGY + 0.125, {})


def measured(
    values: dict[str, float], *, seed: int = 0, noise: float = 0.2, edges: NDArray[np.float64] = EDGES
) -> MeasuredSpectrum:
    """Data with Gaussian noise as large as that of counts."""
    low, high = edges[:-1], edges[1:]
    exact = binned(low, high, values)
    error = noise * np.sqrt(exact + 0.05 * values.get("scale", 1.0))
    drawn = np.random.default_rng(seed).standard_normal(len(low))
    return MeasuredSpectrum((low + high) / 2, exact + error * drawn, error, low, high)


def pull(fitted: FitResult, true: dict[str, float]) -> list[float]:
    return [(fitted.values[name] - true[name]) / fitted.standard_errors[name] for name in fitted.names]


RECOVERED = {
    "shift and stretch": (
        FitOptions(shift=True, stretch=True),
        {"scale": 3.0, "shift_mev": 4.0, "stretch": 1.08},
    ),
    "everything": (
        EVERYTHING,
        {
            "scale": 3.0,
            "shift_mev": -6.0,
            "stretch": 0.88,
            "background": 0.4,
            "background_slope_per_mev": 0.002,
            "extra_fwhm_mev": 3.0,
        },
    ),
}


@pytest.mark.parametrize(("options", "true"), RECOVERED.values(), ids=RECOVERED)
def test_known_parameters_come_back_within_three_standard_errors(options: FitOptions, true: dict[str, float]) -> None:
    pulls = np.array([pull(fit(measured(true, seed=seed), ENERGY, FORECAST, options), true) for seed in range(100)])
    assert (np.sum(np.abs(pulls) < 3, axis=0) >= 95).all()
    # Nor are the errors too large. Of 100 pulls the spread is known to 7 %, the mean to 0.1; three times these
    assert (np.abs(pulls.std(axis=0) - 1) < 0.21).all()
    assert (np.abs(pulls.mean(axis=0)) < 0.3).all()


def test_poisson_counts_give_the_parameters_back() -> None:
    true = {"scale": 400.0, "shift_mev": 2.0, "stretch": 1.05, "background": 30.0}
    exact = binned(EDGES[:-1], EDGES[1:], true)
    pulls = []
    for seed in range(12):
        counts = np.random.default_rng(seed).poisson(exact).astype(float)
        data = MeasuredSpectrum((EDGES[:-1] + EDGES[1:]) / 2, counts, np.sqrt(counts), EDGES[:-1], EDGES[1:])
        options = FitOptions(shift=True, stretch=True, background="constant")
        pulls.append(pull(fit(data, ENERGY, FORECAST, options), true)[:3])
    # The background is left out: weights of counts, not of what is expected, make it too low by about one count
    assert (np.abs(pulls) < 3.5).all()


def test_errors_come_from_the_residuals_where_the_data_have_none() -> None:
    true = {"scale": 3.0, "shift_mev": 4.0, "stretch": 1.08}
    pulls = []
    for seed in range(20):
        exact = measured(true, noise=0.0)
        noisy = exact.intensity + 0.1 * np.random.default_rng(seed).standard_normal(len(exact.energy))
        options = FitOptions(shift=True, stretch=True)
        fitted = fit(replace(exact, intensity=noisy, error=None), ENERGY, FORECAST, options)
        pulls.append(pull(fitted, true))
    assert np.std(pulls) == pytest.approx(1, abs=0.25)  # 60 pulls, 9 %; nearly thrice
    assert fitted.goodness.chi2_reduced is None
    assert fitted.goodness.r_weighted is None
    assert np.nanstd(fitted.residual[fitted.used]) == pytest.approx(1, abs=0.01)


def test_a_scale_alone_is_the_closed_form() -> None:
    data = measured({"scale": 2.5})
    fitted = fit(data, ENERGY, FORECAST, FitOptions())
    model = BinnedForecast(ENERGY, FORECAST, data.low, data.high).mean()
    assert data.error is not None
    weight = data.error**-2
    assert fitted.values["scale"] == pytest.approx(np.sum(weight * data.intensity * model) / np.sum(weight * model**2))
    assert fitted.goodness.chi2_reduced is not None
    assert fitted.standard_errors["scale"] == pytest.approx(
        max(1.0, np.sqrt(fitted.goodness.chi2_reduced)) / np.sqrt(np.sum(weight * model**2))
    )
    assert fitted.names == ("scale",)
    assert [fitted.values[name] for name in PARAMETERS[1:]] == [0.0, 1.0, 0.0, 0.0, 0.0]


def test_without_free_parameters_there_is_the_goodness_alone() -> None:
    data = measured({})
    fitted = fit(data, ENERGY, FORECAST, FitOptions(scale=False))
    assert fitted.names == ()
    assert fitted.correlations.shape == (0, 0)
    assert fitted.goodness.n_parameters == 0
    assert fitted.goodness.chi2_reduced == pytest.approx(1, abs=0.3)  # √(2/400) = 0.07


def test_the_forecast_is_integrated_over_wide_bins() -> None:
    """Against quadrature of the curve itself, in bins wider than its peaks, moved, stretched and broadened."""
    low, high = np.array([5.0, 20.0, 33.0, 50.0, 80.0, 131.0]), np.array([20.0, 33.0, 50.0, 63.0, 95.0, 170.0])
    shift, stretch, fwhm = 3.0, 1.1, 2.0
    sigma = np.hypot(SIGMA, fwhm / FWHM_PER_SIGMA)

    def curve(energy: float) -> float:
        away = ((energy - shift) / stretch - CENTRE) / sigma
        return float(np.sum(AREA / sigma / np.sqrt(2 * np.pi) * np.exp(-(away**2) / 2)) / stretch)

    points = stretch * CENTRE + shift
    expected = [
        quad(curve, a, b, points=points[(points > a) & (points < b)], limit=200)[0] / (b - a)
        for a, b in zip(low, high, strict=True)
    ]
    forecast = BinnedForecast(ENERGY, FORECAST, low, high)
    # The spline's error goes with the fourth power of step over width: (0.25/1.2)⁴/24 of a peak
    np.testing.assert_allclose(forecast.mean(shift, stretch, (fwhm / FWHM_PER_SIGMA) ** 2), expected, rtol=1e-4)


def test_stretch_and_width_keep_the_area() -> None:
    everything = BinnedForecast(ENERGY, FORECAST, np.array([0.0]), np.array([260.0]))
    area = AREA.sum() / 260
    for shift, stretch, variance in ((0, 1, 0), (20, 1.3, 0), (-2, 0.9, 2)):
        assert everything.mean(shift, stretch, variance)[0] == pytest.approx(area, rel=1e-6)


def test_derivatives_are_those_of_the_model() -> None:
    forecast = BinnedForecast(ENERGY, FORECAST, EDGES[:-1], EDGES[1:])
    at = np.array([2.0, 1.07, 1.5])
    _, derivatives = forecast.mean_and_derivatives(*at)
    for derivative, step, tolerance in zip(derivatives, np.diag([1e-4, 1e-6, 1e-3]), (1e-6, 1e-6, 0.02), strict=True):
        numerical = (forecast.mean(*(at + step)) - forecast.mean(*(at - step))) / (2 * step.sum())
        # A cubic spline's third derivative, which that by the variance holds, is constant within a bin of the forecast
        assert np.abs(derivative - numerical).max() < tolerance * np.abs(numerical).max()


def test_curve_fit_finds_the_same() -> None:
    """SciPy's curve_fit, with the Gaussians in closed form and derivatives by differences."""
    true = RECOVERED["everything"][1]
    data = measured(true, seed=3)
    fitted = fit(data, ENERGY, FORECAST, EVERYTHING)

    def model(_: NDArray[np.float64], *parameters: float) -> NDArray[np.float64]:
        return binned(data.low, data.high, dict(zip(PARAMETERS, parameters, strict=True)))

    start = [true[name] for name in PARAMETERS]
    found, covariance = curve_fit(model, data.energy, data.intensity, start, data.error, absolute_sigma=True)
    errors = np.sqrt(np.diag(covariance))
    assert fitted.goodness.chi2_reduced is not None
    factor = max(1.0, np.sqrt(fitted.goodness.chi2_reduced))
    for place, name in enumerate(PARAMETERS):
        # The forecast's bins of 0.25 meV and its closed form differ by far less than the data can tell
        assert fitted.values[name] == pytest.approx(found[place], abs=0.05 * errors[place])
        assert fitted.standard_errors[name] == pytest.approx(factor * errors[place], rel=0.02)
    correlations = covariance / np.outer(errors, errors)
    np.testing.assert_allclose(fitted.correlations, correlations, atol=0.02)


def test_sharp_lines_do_not_catch_the_fit_beside_the_best_place() -> None:
    """Twenty lines narrower than their distance, moved by several of these."""
    for seed in range(8):
        random = np.random.default_rng(seed)
        centre, area = random.uniform(10, 380, 20), random.exponential(1, 20)
        sigma = (0.3 + 0.012 * centre) / FWHM_PER_SIGMA

        def lines(
            energy: NDArray[np.float64],
            centre: NDArray[np.float64] = centre,
            area: NDArray[np.float64] = area,
            sigma: NDArray[np.float64] = sigma,
        ) -> NDArray[np.float64]:
            return np.asarray((area * np.exp(-(((energy[:, None] - centre) / sigma) ** 2) / 2)).sum(axis=1)) + 0.02

        shift, stretch = random.uniform(-15, 15), random.uniform(0.8, 1.25)
        edges = np.geomspace(4, 420, 1201)
        energy = (edges[:-1] + edges[1:]) / 2
        exact = lines((energy - shift) / stretch) / stretch
        error = 0.1 * np.sqrt(exact)
        data = MeasuredSpectrum(energy, exact + error * random.standard_normal(1200), error, edges[:-1], edges[1:])
        forecast = np.arange(0, 600, 0.25)
        fitted = fit(data, forecast, lines(forecast), FitOptions(shift=True, stretch=True))
        assert fitted.values["shift_mev"] == pytest.approx(shift, abs=0.5)
        assert fitted.values["stretch"] == pytest.approx(stretch, abs=0.005)


def test_the_units_of_the_data_do_not_matter() -> None:
    data = measured({"scale": 2.0, "shift_mev": 1.0}, seed=5)
    assert data.error is not None
    options = FitOptions(shift=True, background="constant")
    one = fit(data, ENERGY, FORECAST, options)
    other = fit(replace(data, intensity=1e6 * data.intensity, error=1e6 * data.error), ENERGY, FORECAST, options)
    for name in ("scale", "background"):
        assert other.values[name] == pytest.approx(1e6 * one.values[name], rel=1e-6)
        assert other.standard_errors[name] == pytest.approx(1e6 * one.standard_errors[name], rel=1e-6)
    assert other.values["shift_mev"] == pytest.approx(one.values["shift_mev"], abs=1e-6)
    for number in ("chi2_reduced", "r_factor", "r_weighted", "correlation"):
        assert getattr(other.goodness, number) == pytest.approx(getattr(one.goodness, number), rel=1e-6)


def test_gaps_hold_no_model_and_change_nothing() -> None:
    true = {"scale": 2.0, "shift_mev": 3.0, "stretch": 1.1}
    whole = measured(true, noise=1e-6)
    kept = (whole.energy < 60) | (whole.energy > 90)
    assert whole.error is not None
    columns = {name: getattr(whole, name)[kept] for name in ("energy", "intensity", "error", "low", "high")}
    fitted = fit(MeasuredSpectrum(**columns), ENERGY, FORECAST, FitOptions(shift=True, stretch=True))
    assert fitted.values["shift_mev"] == pytest.approx(3.0, abs=1e-3)
    assert fitted.values["stretch"] == pytest.approx(1.1, abs=1e-5)
    assert len(fitted.model) == kept.sum()


def test_bins_that_the_forecast_does_not_reach_have_no_model() -> None:
    short = ENERGY < 150
    data = measured({"scale": 2.0, "shift_mev": 5.0})
    fitted = fit(data, ENERGY[short], FORECAST[short], FitOptions(shift=True, range_mev=(0, 500)))
    assert np.array_equal(np.isnan(fitted.model), data.high > 149.875 + fitted.values["shift_mev"])
    assert np.array_equal(np.isnan(fitted.residual), np.isnan(fitted.model))
    assert fitted.range_mev == (EDGES[0], 149.875)
    assert fitted.notices[0].code == "range_beyond_forecast"
    assert fitted.everywhere.n_points > fitted.goodness.n_points
    assert fitted.values["shift_mev"] == pytest.approx(5.0, abs=0.2)


def test_bins_that_the_fit_moves_beyond_the_forecast_are_left_out_and_told() -> None:
    data = measured({"scale": 2.0, "shift_mev": 9.0}, noise=0.05)
    fitted = fit(data, ENERGY, FORECAST, FitOptions(shift=True))
    assert not fitted.used[data.low < 8.8].any()
    assert "bins_moved_beyond_forecast" in codes(fitted)
    assert fitted.values["shift_mev"] == pytest.approx(9.0, abs=0.05)


def test_errors_that_are_too_small_are_widened_and_told() -> None:
    data = measured({"scale": 2.0})
    assert data.error is not None
    right = fit(data, ENERGY, FORECAST, FitOptions())
    small = fit(replace(data, error=data.error / 10), ENERGY, FORECAST, FitOptions())
    assert small.standard_errors["scale"] == pytest.approx(right.standard_errors["scale"], rel=0.15)
    assert not right.notices
    assert codes(small) == ["residuals_exceed_errors"]


def test_bins_without_an_error_count_with_that_of_their_neighbours() -> None:
    """To leave out the bins without a count would double this background."""
    random = np.random.default_rng(2)
    exact = binned(EDGES[:-1], EDGES[1:], {"scale": 10.0, "background": 0.7})
    counts = random.poisson(exact).astype(float)
    error = np.where(counts > 0, np.sqrt(counts), np.nan)
    data = MeasuredSpectrum((EDGES[:-1] + EDGES[1:]) / 2, counts, error, EDGES[:-1], EDGES[1:])
    fitted = fit(data, ENERGY, FORECAST, FitOptions(background="constant"))
    assert fitted.used.all()
    assert fitted.values["background"] < 0.9
    assert fitted.notices[0].code == "errors_interpolated"


def test_mostly_unknown_errors_are_none() -> None:
    data = measured({})
    assert data.error is not None
    fitted = fit(replace(data, error=np.where(data.energy < 150, np.nan, data.error)), ENERGY, FORECAST, FitOptions())
    assert fitted.goodness.chi2_reduced is None
    assert fitted.notices[0].code == "errors_ignored"


def test_the_error_of_the_forecast_adds_in_quadrature() -> None:
    data = measured({"scale": 3.0}, noise=0.05)
    assert data.error is not None
    fitted = fit(data, ENERGY, FORECAST, FitOptions(), forecast_error=np.full_like(ENERGY, 0.1))
    model = BinnedForecast(ENERGY, FORECAST, data.low, data.high).mean()
    weight = 1 / (data.error**2 + (3.0 * 0.1) ** 2)
    # The scale of the first pass is 3 within 1 %
    assert fitted.standard_errors["scale"] == pytest.approx(1 / np.sqrt(np.sum(weight * model**2)), rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_no_extra_width_is_found_where_there_is_none(seed: int) -> None:
    fitted = fit(measured({"scale": 3.0}, seed=seed, noise=0.02), ENERGY, FORECAST, FitOptions(extra_width=True))
    width, error = fitted.values["extra_fwhm_mev"], fitted.standard_errors["extra_fwhm_mev"]
    if width == 0:
        assert np.isnan(error)
        assert fitted.notices[0].code == "no_extra_width_needed"
    assert width < 0.5  # a fifth of the narrowest peak's


def test_a_flat_forecast_determines_its_scale_and_nothing_else() -> None:
    flat = np.ones_like(ENERGY)
    data = measured({})
    fitted = fit(data, ENERGY, flat, FitOptions(shift=True))
    assert np.isnan(fitted.standard_errors["shift_mev"])
    assert np.isfinite(fitted.standard_errors["scale"])
    assert Notice("parameters_undetermined", {"parameters": ["shift_mev"]}) in fitted.notices
    # Beside a background nor even that
    beside_background = fit(data, ENERGY, flat, FitOptions(background="constant"))
    assert np.isnan(beside_background.standard_errors["scale"])
    assert np.isfinite(beside_background.standard_errors["background"])


def test_a_scale_is_never_negative() -> None:
    data = measured({})
    fitted = fit(replace(data, intensity=-data.intensity), ENERGY, FORECAST, FitOptions())
    assert fitted.values["scale"] == 0
    assert not fitted.model.any()
    assert np.isnan(fitted.standard_errors["scale"])
    assert fitted.notices[0].code == "scale_is_zero"


def test_data_of_nothing_take_no_forecast() -> None:
    data = measured({})
    fitted = fit(replace(data, intensity=np.zeros_like(data.energy)), ENERGY, FORECAST, EVERYTHING)
    assert [fitted.values[name] for name in PARAMETERS] == [0, 0, 1, 0, 0, 0]
    assert fitted.used.all()
    assert np.isfinite(fitted.standard_errors["background"])
    assert fitted.goodness.r_factor is None


def test_a_parameter_at_its_bound_is_told() -> None:
    fitted = fit(measured({"stretch": 1.5}, noise=0.02), ENERGY, FORECAST, FitOptions(stretch=True))
    assert fitted.values["stretch"] == pytest.approx(1.4)
    assert np.isnan(fitted.standard_errors["stretch"])
    assert Notice("parameter_at_bound", {"parameter": "stretch", "bound": 1.4}) in fitted.notices


def test_parameters_that_are_hardly_told_apart_are_told() -> None:
    """One narrow peak alone: a shift moves it as a stretch does, which only broadens it a little besides."""
    data = measured({"scale": 2.0}, noise=0.1)
    fitted = fit(data, ENERGY, FORECAST, FitOptions(shift=True, stretch=True, range_mev=(40, 50)))
    (correlated,) = [notice for notice in fitted.notices if notice.code == "parameters_correlated"]
    assert correlated.params["parameters"] == ["shift_mev", "stretch"]
    assert abs(correlated.params["correlation"]) > 0.99


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (FitOptions(range_mev=(300.0, 400.0)), "fit.range_mev"),
        (FitOptions(range_mev=(50.0, 40.0)), "fit.range_mev"),
        (FitOptions(range_mev=(float("nan"), 40.0)), "fit.range_mev"),
        (FitOptions(range_mev=(10.0, 11.0), shift=True, stretch=True), "fit.range_mev"),
        (FitOptions(background="cubic"), "fit.background"),  # type: ignore[arg-type]
    ],
)
def test_options_that_leave_nothing_to_fit_are_refused(options: FitOptions, field: str) -> None:
    with pytest.raises(InvalidComparison) as raised:
        fit(measured({}), ENERGY, FORECAST, options)
    assert [error["loc"] for error in raised.value.errors] == [field]


@pytest.mark.parametrize(
    ("energy", "intensity", "code"),
    [
        (ENERGY + 500, FORECAST, "no_shared_energies"),
        (ENERGY, np.where(ENERGY < 1, 1.0, 0.0), "forecast_zero_in_range"),
        (ENERGY**1.01, FORECAST, "uneven_forecast"),
        (ENERGY[:3], FORECAST[:3], "uneven_forecast"),
        (ENERGY, np.full_like(ENERGY, np.nan), "invalid_forecast"),
    ],
)
def test_forecasts_that_cannot_be_compared_are_refused(
    energy: NDArray[np.float64], intensity: NDArray[np.float64], code: str
) -> None:
    with pytest.raises(InvalidComparison, match=code):
        fit(measured({}), energy, intensity, FitOptions())


def test_the_default_range_stays_beside_the_elastic_line() -> None:
    edges = np.linspace(-40.0, 190.0, 921)
    without = measured({}, edges=edges, noise=0.01)
    sigma = 1.5
    line = 500 * np.exp(-((without.energy / sigma) ** 2) / 2)
    data = replace(without, intensity=without.intensity + line)
    low, high = default_range(data, ENERGY, FORECAST)
    assert low == pytest.approx(3 * FWHM_PER_SIGMA * sigma, abs=1.5)  # bins of 0.25 meV: 2 × 3 of them
    assert high == 190.0
    assert default_range(data, ENERGY, FORECAST, resolution_mev=5.0) == (15.0, 190.0)
    # Gaussian or not, the line is gone there
    assert fit(data, ENERGY, FORECAST, FitOptions()).values["scale"] == pytest.approx(1, abs=0.01)
    # Data that begin beyond it are used from where they begin
    assert default_range(measured({}), ENERGY, FORECAST)[0] == EDGES[0]


def test_data_of_energy_gain_alone_are_compared_there() -> None:
    data = measured({})
    gain = MeasuredSpectrum(-data.energy[::-1], data.intensity[::-1], None, -data.high[::-1], -data.low[::-1])
    both = np.concatenate([-ENERGY[:0:-1], ENERGY])
    curve = np.concatenate([FORECAST[:0:-1], FORECAST])
    assert default_range(gain, both, curve, resolution_mev=4.0) == (-EDGES[-1], -12.0)


def both_sides(
    loss_end_mev: float, gain_end_mev: float
) -> tuple[MeasuredSpectrum, NDArray[np.float64], NDArray[np.float64]]:
    """Data on both sides of an elastic line, with twice the intensity on the side of energy gain; and a forecast."""
    edges = np.linspace(-gain_end_mev, loss_end_mev, 400)
    energy = (edges[1:] + edges[:-1]) / 2
    both = np.concatenate([-ENERGY[:0:-1], ENERGY])
    curve = np.concatenate([FORECAST[:0:-1], FORECAST])
    exact = np.interp(energy, both, curve) * np.where(energy < 0, 2, 1) + 1e3 * np.exp(-((energy / 1.0) ** 2))
    return MeasuredSpectrum(energy, exact, None, edges[:-1], edges[1:]), both, curve


def test_the_side_of_energy_loss_is_fitted_though_the_other_reaches_farther() -> None:
    data, both, curve = both_sides(40.0, 65.0)
    assert default_range(data, both, curve, resolution_mev=2.0) == (6.0, 40.0)
    assert fit(data, both, curve, FitOptions(), resolution_mev=2.0).values["scale"] == pytest.approx(1, abs=0.02)


def test_both_sides_are_fitted_if_asked_for_without_the_elastic_line() -> None:
    data, both, curve = both_sides(40.0, 40.0)
    found = fit(data, both, curve, FitOptions(range_mev=(-40.0, 40.0)), resolution_mev=2.0)
    assert found.used[np.abs(data.energy) > 7].all()
    assert not found.used[np.abs(data.energy) < 5].any()
    assert 1.4 < found.values["scale"] < 1.8
    assert "elastic_line_left_out" in codes(found)


def test_a_few_tiny_errors_do_not_decide() -> None:
    data = measured({"scale": 3.0})
    assert data.error is not None
    tiny = np.arange(len(data.energy)) % 50 == 7
    spoilt = replace(data, intensity=np.where(tiny, 0.0, data.intensity), error=np.where(tiny, 1e-9, data.error))
    found = fit(spoilt, ENERGY, FORECAST, FitOptions())
    assert found.values["scale"] == pytest.approx(3, rel=0.5)
    assert "tiny_errors_raised" in codes(found)
    assert "tiny_errors_raised" not in codes(fit(data, ENERGY, FORECAST, FitOptions()))


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (
            replace(measured({}), intensity=np.random.default_rng(3).standard_normal(400), error=None),
            FitOptions(),
            "data_unexplained",
        ),
        (measured({"shift_mev": 60.0}), FitOptions(shift=True, range_mev=(60.0, 120.0)), "parameter_at_bound"),
        (
            replace(measured({}), intensity=1e4 + np.zeros(400), error=None),
            FitOptions(background="constant"),
            "forecast_negligible",
        ),
    ],
)
def test_a_fit_that_failed_says_so(data: MeasuredSpectrum, options: FitOptions, reason: str) -> None:
    (notice,) = [one for one in fit(data, ENERGY, FORECAST, options).notices if one.code == "fit_failed"]
    assert reason in notice.params["reasons"]


def test_a_fit_that_works_says_nothing_of_failure() -> None:
    assert "fit_failed" not in codes(fit(measured({"scale": 3.0}), ENERGY, FORECAST, FitOptions()))


def test_a_fit_follows_a_slider() -> None:
    """Limits are three times what a busy machine of two cores takes."""
    data = measured(RECOVERED["everything"][1], edges=np.linspace(6, 190, 1001))
    energy = np.arange(0, 260, 0.125)
    forecast = binned(energy - 0.0625, energy + 0.0625, {})
    for options, limit in ((FitOptions(), 0.02), (EVERYTHING, 0.6)):
        took = []
        for _ in range(5):
            begun = time.perf_counter()
            fit(data, energy, forecast, options)
            took.append(time.perf_counter() - begun)
        assert min(took) < limit


@pytest.mark.parametrize("unit", [1e-30, 1e-6, 1e6, 1e30])
def test_without_errors_the_unit_of_the_data_does_not_matter(unit: float) -> None:
    # The search for the best fit must not take small numbers for a good fit
    data = replace(measured({"shift_mev": 1.5, "stretch": 1.06, "background": 0.02}), error=None)
    plain = fit(data, ENERGY, FORECAST, EVERYTHING)
    other = fit(replace(data, intensity=unit * data.intensity), ENERGY, FORECAST, EVERYTHING)
    for name in ("shift_mev", "stretch", "extra_fwhm_mev"):
        assert other.values[name] == pytest.approx(plain.values[name], rel=1e-4, abs=1e-4)
    assert other.values["scale"] == pytest.approx(unit * plain.values["scale"], rel=1e-4)
    np.testing.assert_allclose(other.residual, plain.residual, atol=1e-3)
