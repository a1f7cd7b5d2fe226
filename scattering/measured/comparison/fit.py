"""Fit of a forecast to a measured spectrum, in the data's own bins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import FieldError, InvalidComparison, field_error
from scattering.core.notices import Notice
from scattering.measured.comparison.binned import BinnedForecast
from scattering.measured.comparison.goodness import Goodness, failures, goodness
from scattering.measured.comparison.preparation import beside_elastic, chosen_range, default_range, fill_error
from scattering.measured.comparison.projection import NEUTRAL, Problem
from scattering.measured.comparison.search import solve
from scattering.measured.comparison.uncertainty import correlations, covariance
from scattering.measured.data import MeasuredSpectrum

__all__ = ["PARAMETERS", "Background", "FitOptions", "FitResult", "default_range", "fit"]

Background = Literal["none", "constant", "linear"]

PARAMETERS: Final = (
    "scale",
    "shift_mev",
    "stretch",
    "background",
    "background_slope_per_mev",
    "extra_fwhm_mev",
)
"""All parameters, in the order of `FitResult.names`."""


@dataclass(frozen=True)
class FitOptions:
    """The choice of fitted parameters; the others keep their neutral values.

    Attributes
    ----------
    scale
        A factor on the forecast's intensity.
    shift
        meV added to the forecast's energies.
    stretch
        A factor on the forecast's energies, before the shift; areas stay.
    background
        Added to the forecast: nothing, a constant, or a straight line.
    extra_width
        An additional Gaussian that broadens the forecast.
    range_mev
        Bins with centres in this range are fitted. None: `default_range`.
    """

    scale: bool = True
    shift: bool = False
    stretch: bool = False
    background: Background = "none"
    extra_width: bool = False
    range_mev: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class FitResult:
    """Result of a fit.

    Attributes
    ----------
    values
        All `PARAMETERS`; those that were not fitted have their neutral value (1, 0, 1, 0, 0, 0).
        `background` is the value in the middle of `range_mev`.
    standard_errors
        Of the fitted parameters; NaN if the data do not determine one. Statistical, times √χ²ᵣ if χ²ᵣ exceeds 1.
    names
        The n fitted parameters.
    correlations
        Shape (n, n), in the order of `names`; NaN if a parameter is not determined.
    range_mev
        The fitted range, cut at the ends of data and forecast.
    used
        Shape (n_data,): mask of the fitted bins.
    energy
        Shape (n_data,), meV: that of the data.
    model
        Shape (n_data,): the forecast in the bins and the unit of the data, background included; NaN beyond the ends of
        the forecast.
    background
        Shape (n_data,).
    residual
        Shape (n_data,): (data − model) in standard deviations; without errors in units of its scatter in the fit.
        NaN if there is no model.
    goodness
        In the fitted bins.
    everywhere
        In all bins that have a model.
    notices
        Remarks for the reader.
    """

    values: Mapping[str, float]
    standard_errors: Mapping[str, float]
    names: tuple[str, ...]
    correlations: NDArray[np.float64]
    range_mev: tuple[float, float]
    used: NDArray[np.bool_]
    energy: NDArray[np.float64]
    model: NDArray[np.float64]
    background: NDArray[np.float64]
    residual: NDArray[np.float64]
    goodness: Goodness
    everywhere: Goodness
    notices: tuple[Notice, ...]


MAX_SHIFT_MEV: Final = 50.0
"""Bound of the shift and of the extra width; or a quarter of the fitted range, if that is less."""
STRETCH_BOUNDS: Final = (0.7, 1.4)
"""Potentials are off by 5 to 15 %, some by more: docs/method/potential.md."""
MIN_REPORTED_ROOT_CHI2: Final = 1.1
"""√χ²ᵣ from which on a warning reports it; a smaller one may be chance."""
MIN_REPORTED_CORRELATION: Final = 0.99
"""Correlation of two parameters from which on a warning reports it."""


def fit(
    measured: MeasuredSpectrum,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    options: FitOptions,
    *,
    forecast_error: NDArray[np.float64] | None = None,
    resolution_mev: float | None = None,
    bins: NDArray[np.bool_] | None = None,
) -> FitResult:
    """Fit a forecast to data by least squares, in the data's own bins.

    m_i = scale · mean over bin i of (1/stretch) (S ⊗ G)((ω − shift)/stretch) + background + slope (ω_i − ω_mid), with
    S the forecast, G a Gaussian, ω_mid the middle of the fitted range. Weights are 1/error²; without errors all bins
    have equal weight. Unknown errors are interpolated from the neighbours. The scale is never below 0; shift
    and extra width have the bound `MAX_SHIFT_MEV` or a quarter of the range, the stretch has `STRETCH_BOUNDS`.

    Parameters
    ----------
    energy
        Shape (m,), meV: equally spaced, ascending; preferably a wider range than that of the data.
    intensity
        Shape (m,): means over bins with these centres, in any unit.
    forecast_error
        Shape (m,): standard error of `intensity`. After a first fit it is added in quadrature (times the scale,
        averaged over the bin) to the error of the data, and the fit is repeated. It is not used if the data have no
        errors.
    resolution_mev
        FWHM at the elastic line, which is left out.
    bins
        Shape (n_data,): mask of the bins that may be fitted. None: all.

    Raises
    ------
    InvalidComparison
        Options, data and forecast leave nothing to fit; the error names the field.

    References
    ----------
    Errors times √χ²ᵣ: Particle Data Group, Review of Particle Physics, section 5.2.2 of its introduction.
    """
    _check(energy, intensity, options, forecast_error)
    notices: list[Notice] = []
    forecast = BinnedForecast(energy, intensity, measured.low, measured.high)
    if options.range_mev is None:
        range_mev = default_range(measured, energy, intensity, resolution_mev=resolution_mev)
    else:
        range_mev = chosen_range(measured, forecast.reach, options.range_mev, notices)
    task = _Task(measured, forecast, fill_error(measured, notices), options, range_mev)
    used = beside_elastic(measured, range_mev, resolution_mev, notices) & forecast.in_reach(0.0, 1.0)
    at_first = used if bins is None else used & bins
    used, parameters = task.solve(at_first)
    if forecast_error is not None and task.error is not None:
        scale = task.problem(used).project(parameters).scale
        of_forecast = BinnedForecast(energy, forecast_error, measured.low, measured.high).mean(*parameters)
        task = replace(task, error=np.hypot(task.error, scale * of_forecast))
        used, parameters = task.solve(used, parameters)
    if left_out := int(np.sum(at_first & ~used)):
        notices.append(Notice("bins_moved_beyond_forecast", {"n_bins": left_out}))
    return _result(task, used, parameters, notices)


@dataclass(frozen=True, eq=False)
class _Task:
    """Everything that a fit needs, except the bins and the parameters."""

    measured: MeasuredSpectrum
    forecast: BinnedForecast
    error: NDArray[np.float64] | None
    options: FitOptions
    range_mev: tuple[float, float]

    @property
    def columns(self) -> NDArray[np.float64]:
        """Basis functions of the background, shape (n_data, n_background)."""
        degree = ("none", "constant", "linear").index(self.options.background)
        centred = self.measured.energy - sum(self.range_mev) / 2
        return np.stack([np.ones_like(centred), centred], axis=1)[:, :degree]

    @property
    def free(self) -> NDArray[np.bool_]:
        """Mask, shape (3,), of shift, stretch and width: whether each is fitted."""
        return np.array([self.options.shift, self.options.stretch, self.options.extra_width])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fitted parameters, in the order of `PARAMETERS`."""
        degree = self.columns.shape[1]
        fitted = [self.options.scale, *self.free[:2], degree >= 1, degree >= 2, self.free[2]]
        return tuple(name for name, free in zip(PARAMETERS, fitted, strict=True) if free)

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bounds of shift (meV), stretch and variance (meV²): shape (3,) each."""
        farthest = min(MAX_SHIFT_MEV, (self.range_mev[1] - self.range_mev[0]) / 4)
        widest = (farthest / FWHM_PER_SIGMA) ** 2
        return np.array([-farthest, STRETCH_BOUNDS[0], 0.0]), np.array([farthest, STRETCH_BOUNDS[1], widest])

    def units(self, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a large change of each fitted parameter, shape (n,)."""
        height = float(np.sqrt(np.mean(intensity**2))) or 1.0
        span = self.range_mev[1] - self.range_mev[0]
        _, upper = self.bounds
        mean = float(np.sqrt(np.mean(self.forecast.mean() ** 2)))
        large = (height / mean if mean > 0 else 1.0, upper[0], 1.0, height, height / span, upper[0])
        return np.array([unit for name, unit in zip(PARAMETERS, large, strict=True) if name in self.names])

    def jacobian(self, scale: float, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivatives of the model by the fitted parameters, shape (n_data, n)."""
        mean, derivatives = self.forecast.mean_and_derivatives(*parameters)
        by_fwhm = 2 * np.sqrt(parameters[2]) / FWHM_PER_SIGMA
        every = [mean, *(scale * derivatives[:2]), *self.columns.T, scale * by_fwhm * derivatives[2]]
        linear = [name for name in PARAMETERS[3:5] if name in self.names]
        order = ("scale", "shift_mev", "stretch", *linear, "extra_fwhm_mev")
        columns = dict(zip(order, every, strict=True))
        return np.stack([columns[name] for name in self.names], axis=1) if self.names else np.empty((len(mean), 0))

    def problem(self, used: NDArray[np.bool_]) -> Problem:
        """Return the least-squares problem in some of the bins."""
        if used.sum() <= len(self.names):
            counts = {"n_bins": int(used.sum()), "n_parameters": len(self.names)}
            raise InvalidComparison.at("fit.range_mev", Notice("too_few_bins_to_fit", counts))
        return Problem(
            self.forecast.select(used),
            self.measured.intensity[used],
            None if self.error is None else self.error[used],
            self.columns[used],
            scaled=self.options.scale,
            free=self.free,
            lower=self.bounds[0],
            upper=self.bounds[1],
        )

    def solve(
        self, used: NDArray[np.bool_], start: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return bins and parameters of the best fit, without the bins that the fit moves beyond the forecast."""
        problem = self.problem(used)
        if self.options.scale and not problem.forecast.mean().any():
            raise InvalidComparison.at("fit.range_mev", Notice("forecast_zero_in_range"))
        parameters = solve(problem) if start is None else problem.solve(start)
        if problem.project(parameters).scale == 0:
            return used, NEUTRAL  # no other parameters are better
        while (beyond := used & ~self.forecast.in_reach(*parameters[:2])).any():
            used = used & ~beyond
            parameters = self.problem(used).solve(parameters)
        return used, parameters


def _check(
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    options: FitOptions,
    forecast_error: NDArray[np.float64] | None,
) -> None:
    """Check that options and forecast allow a fit."""
    errors: list[FieldError] = []
    if options.background not in ("none", "constant", "linear"):
        errors.append(
            field_error("fit.background", Notice("unknown_choice", {"choices": ["none", "constant", "linear"]}))
        )
    if options.range_mev is not None and not options.range_mev[0] < options.range_mev[1]:
        errors.append(field_error("fit.range_mev", Notice("disordered_energies")))
    if len(energy) < 4 or not np.allclose(np.diff(energy), (energy[-1] - energy[0]) / (len(energy) - 1), rtol=1e-3):
        errors.append(field_error("forecast", Notice("uneven_forecast", {"min_energies": 4})))
    elif energy[0] > energy[-1] or not np.isfinite(intensity).all():
        errors.append(field_error("forecast", Notice("invalid_forecast")))
    if forecast_error is not None and not (np.isfinite(forecast_error) & (forecast_error >= 0)).all():
        errors.append(field_error("forecast", Notice("invalid_forecast_errors")))
    if errors:
        raise InvalidComparison(errors)


def _result(task: _Task, used: NDArray[np.bool_], parameters: NDArray[np.float64], notices: list[Notice]) -> FitResult:
    """Return the result of the best fit, with its errors and goodness."""
    measured, names = task.measured, task.names
    problem = task.problem(used)
    best = problem.project(parameters)
    shift, stretch, variance = (float(value) for value in parameters)
    background = np.append(best.background, [0.0, 0.0])[:2]
    values = (best.scale, shift, stretch, *map(float, background), float(FWHM_PER_SIGMA * np.sqrt(variance)))
    lines = task.columns @ best.background
    model = best.scale * task.forecast.mean(shift, stretch, variance) + lines
    reached = task.forecast.in_reach(shift, stretch)
    jacobian = task.jacobian(best.scale, parameters)
    # Without errors, or with too small errors, the residuals determine the standard errors
    excess = best.misfit / (int(used.sum()) - len(names))
    scatter = float(np.sqrt(excess)) / problem.weight[0]
    error = np.full(len(used), scatter or 1.0) if task.error is None else task.error
    at_bound = _at_bound(task, best.scale, parameters)
    free = np.array([name not in at_bound for name in names], dtype=bool)
    covariances = np.full((len(names), len(names)), np.nan)
    covariances[np.ix_(free, free)] = covariance(
        jacobian[np.ix_(used, free)] * problem.weight[:, None],
        task.units(measured.intensity[used])[free],
        float(np.linalg.norm(measured.intensity[used] * problem.weight)),
    )
    covariances *= excess if task.error is None else max(1.0, excess)
    correlated = correlations(covariances)
    notices += at_bound.values()
    if names:
        notices += failures(model[used], lines[used], measured.intensity[used], at_bound)
    notices += _doubts(names, free, correlated, None if task.error is None else excess)
    compared = [
        goodness(
            measured.intensity[bins],
            model[bins],
            None if task.error is None else task.error[bins],
            n_parameters=len(names),
        )
        for bins in (used, reached)
    ]
    return FitResult(
        values=dict(zip(PARAMETERS, values, strict=True)),
        standard_errors=dict(zip(names, map(float, np.sqrt(np.diag(covariances))), strict=True)),
        names=names,
        correlations=correlated,
        range_mev=task.range_mev,
        used=used,
        energy=measured.energy,
        model=np.where(reached, model, np.nan),
        background=lines,
        residual=np.where(reached, (measured.intensity - model) / error, np.nan),
        goodness=compared[0],
        everywhere=compared[1],
        notices=tuple(notices),
    )


def _at_bound(task: _Task, scale: float, parameters: NDArray[np.float64]) -> dict[str, Notice]:
    """Return the fitted parameters that ended at a bound, each with its notice."""
    if scale == 0:
        return {"scale": Notice("scale_is_zero")}
    found = {}
    lower, upper = task.bounds
    slack = 1e-6 * (upper - lower)
    names = ("shift_mev", "stretch", "extra_fwhm_mev")
    for place in np.flatnonzero(task.free):
        at_lower, at_upper = (
            parameters[place] - lower[place] <= slack[place],
            upper[place] - parameters[place] <= slack[place],
        )
        if place == 2 and at_lower:
            found["extra_fwhm_mev"] = Notice("no_extra_width_needed")
        elif at_lower or at_upper:
            bound = float(lower[place] if at_lower else upper[place])
            stated = FWHM_PER_SIGMA * math.sqrt(bound) if place == 2 else bound
            found[names[place]] = Notice("parameter_at_bound", {"parameter": names[place], "bound": stated})
    return found


def _doubts(
    names: tuple[str, ...], free: NDArray[np.bool_], correlated: NDArray[np.float64], excess: float | None
) -> list[Notice]:
    """Return notices about the standard errors; `excess` is χ²ᵣ."""
    found = []
    determined = np.isfinite(np.diag(correlated))
    lost = [name for name, is_free, known in zip(names, free, determined, strict=True) if is_free and not known]
    if lost:
        found.append(Notice("parameters_undetermined", {"parameters": lost}))
    for second, first in zip(*np.nonzero(np.tril(np.abs(correlated), -1) > MIN_REPORTED_CORRELATION), strict=True):
        both = {"parameters": [names[first], names[second]], "correlation": float(correlated[first, second])}
        found.append(Notice("parameters_correlated", both))
    if names and excess is not None and excess > MIN_REPORTED_ROOT_CHI2**2:
        found.append(Notice("residuals_exceed_errors", {"chi2_reduced": float(excess)}))
    return found
