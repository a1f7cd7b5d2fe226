"""A forecast fitted to a measured spectrum, in the data's own bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import FieldError, InvalidComparison
from scattering.measured.comparison.binned import BinnedForecast
from scattering.measured.comparison.goodness import Goodness, goodness
from scattering.measured.comparison.preparation import chosen_range, default_range, filled_error
from scattering.measured.comparison.projection import NEUTRAL, Problem
from scattering.measured.comparison.search import solve
from scattering.measured.comparison.uncertainty import correlations, covariance
from scattering.measured.data import MeasuredSpectrum

__all__ = ["PARAMETERS", "Background", "FitOptions", "Fitted", "default_range", "fit"]

Background = Literal["none", "constant", "linear"]

PARAMETERS: Final = (
    "scale",
    "shift_mev",
    "stretch",
    "background",
    "background_slope_per_mev",
    "extra_fwhm_mev",
)
"""All that can be fitted, in the order of `Fitted.names`."""


@dataclass(frozen=True)
class FitOptions:
    """What is fitted; everything else keeps its neutral value.

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
        A Gaussian that broadens the forecast further.
    range_mev
        Bins whose energy lies within are fitted. None: `default_range`.
    """

    scale: bool = True
    shift: bool = False
    stretch: bool = False
    background: Background = "none"
    extra_width: bool = False
    range_mev: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """A forecast fitted to data.

    Attributes
    ----------
    values
        Every one of `PARAMETERS`, those that were not fitted at their neutral value (1, 0, 1, 0, 0, 0).
        `background` is that in the middle of `range_mev`.
    standard_errors
        Of the fitted parameters; NaN where the data do not determine them. Statistical, times √χ²ᵣ where that is
        above 1.
    names
        The n parameters that were fitted.
    correlations
        Shape (n, n), in the order of `names`; NaN where a parameter is not determined.
    range_mev
        Where the fit was made, no further than data and forecast.
    used
        Shape (n_data,): bins that were fitted.
    energy
        Shape (n_data,), meV: the data's.
    model
        Shape (n_data,): the forecast in the data's bins and unit, background included; NaN where the forecast does
        not reach.
    background
        Shape (n_data,).
    residual
        Shape (n_data,): (data − model) in standard deviations; without errors in units of its scatter in the fit.
        NaN where there is no model.
    goodness
        In the bins that were fitted.
    everywhere
        In all bins that have a model.
    warnings
        What the reader should know.
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
    warnings: tuple[str, ...]


LARGEST_SHIFT_MEV: Final = 50.0
"""Of shift and extra width; or a quarter of the fitted range, if that is less."""
STRETCHES: Final = (0.7, 1.4)
"""Potentials are off by 5 to 15 %, some by more: docs/method/potential.md."""
NOTABLE_EXCESS: Final = 1.1
"""Of √χ²ᵣ: below, it may well be chance, and is not worth a sentence."""
HARDLY_TOLD_APART: Final = 0.99
"""Correlation of two parameters from which on a sentence says so."""


def fit(
    measured: MeasuredSpectrum,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    options: FitOptions,
    *,
    forecast_error: NDArray[np.float64] | None = None,
    resolution_mev: float | None = None,
    bins: NDArray[np.bool_] | None = None,
) -> Fitted:
    """Fit a forecast to data by least squares, in the data's own bins.

    m_i = scale · mean over bin i of (1/stretch) (S ⊗ G)((ω − shift)/stretch) + background + slope (ω_i − ω_mid), with
    S the forecast, G a Gaussian, ω_mid the middle of the fitted range. Weights are 1/error²; without errors all bins
    weigh the same. Where some errors are unknown, those of neighbours count. A scale is never below 0; shift
    and extra width reach `LARGEST_SHIFT_MEV` or a quarter of the range, the stretch `STRETCHES`.

    Parameters
    ----------
    energy
        Shape (m,), meV: equally spaced, ascending; better wider than the data.
    intensity
        Shape (m,): means over bins centred there, in any unit.
    forecast_error
        Shape (m,): standard error of `intensity`. Once fitted, it is added in quadrature (times the scale, averaged
        over the bin) to the data's error, and fitted again. Without errors of the data it is left out.
    resolution_mev
        FWHM at the elastic line, for `default_range`.
    bins
        Shape (n_data,): the only bins that may be fitted. None: all.

    Raises
    ------
    InvalidComparison
        Options, data and forecast leave nothing to fit; names the field.

    References
    ----------
    Errors times √χ²ᵣ: Particle Data Group, Review of Particle Physics, section 5.2.2 of its introduction.
    """
    _check(energy, intensity, options, forecast_error)
    warnings: list[str] = []
    forecast = BinnedForecast(energy, intensity, measured.low, measured.high)
    if options.range_mev is None:
        range_mev = default_range(measured, energy, intensity, resolution_mev=resolution_mev)
    else:
        range_mev = chosen_range(measured, forecast.reach, options.range_mev, warnings)
    task = _Task(measured, forecast, filled_error(measured, warnings), options, range_mev)
    used = (measured.energy >= range_mev[0]) & (measured.energy <= range_mev[1]) & forecast.reached(0.0, 1.0)
    at_first = used if bins is None else used & bins
    used, parameters = task.solved(at_first)
    if forecast_error is not None and task.error is not None:
        scale = task.problem(used).projected(parameters).scale
        of_forecast = BinnedForecast(energy, forecast_error, measured.low, measured.high).mean(*parameters)
        task = replace(task, error=np.hypot(task.error, scale * of_forecast))
        used, parameters = task.solved(used, parameters)
    if left_out := int(np.sum(at_first & ~used)):
        warnings.append(
            f"{left_out} bins of the range are not fitted: shift and stretch move the forecast's end there."
        )
    return _fitted(task, used, parameters, warnings)


@dataclass(frozen=True, eq=False)
class _Task:
    """All that a fit is about, but the bins and the parameters."""

    measured: MeasuredSpectrum
    forecast: BinnedForecast
    error: NDArray[np.float64] | None
    options: FitOptions
    range_mev: tuple[float, float]

    @property
    def columns(self) -> NDArray[np.float64]:
        """Shape (n_data, n_background): what the background is made of."""
        degree = ("none", "constant", "linear").index(self.options.background)
        centred = self.measured.energy - sum(self.range_mev) / 2
        return np.stack([np.ones_like(centred), centred], axis=1)[:, :degree]

    @property
    def free(self) -> NDArray[np.bool_]:
        """Shape (3,): which of shift, stretch and width are fitted."""
        return np.array([self.options.shift, self.options.stretch, self.options.extra_width])

    @property
    def names(self) -> tuple[str, ...]:
        """What is fitted, in the order of `PARAMETERS`."""
        degree = self.columns.shape[1]
        fitted = [self.options.scale, *self.free[:2], degree >= 1, degree >= 2, self.free[2]]
        return tuple(name for name, free in zip(PARAMETERS, fitted, strict=True) if free)

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Shape (3,) each: of shift (meV), stretch and variance (meV²)."""
        farthest = min(LARGEST_SHIFT_MEV, (self.range_mev[1] - self.range_mev[0]) / 4)
        widest = (farthest / FWHM_PER_SIGMA) ** 2
        return np.array([-farthest, STRETCHES[0], 0.0]), np.array([farthest, STRETCHES[1], widest])

    def units(self, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape (n,): a large change of each fitted parameter."""
        height = float(np.sqrt(np.mean(intensity**2))) or 1.0
        span = self.range_mev[1] - self.range_mev[0]
        _, upper = self.bounds
        mean = float(np.sqrt(np.mean(self.forecast.mean() ** 2)))
        large = (height / mean if mean > 0 else 1.0, upper[0], 1.0, height, height / span, upper[0])
        return np.array([unit for name, unit in zip(PARAMETERS, large, strict=True) if name in self.names])

    def jacobian(self, scale: float, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape (n_data, n): derivatives of the model by what is fitted."""
        mean, derivatives = self.forecast.mean_and_derivatives(*parameters)
        by_fwhm = 2 * np.sqrt(parameters[2]) / FWHM_PER_SIGMA
        every = [mean, *(scale * derivatives[:2]), *self.columns.T, scale * by_fwhm * derivatives[2]]
        linear = [name for name in PARAMETERS[3:5] if name in self.names]
        order = ("scale", "shift_mev", "stretch", *linear, "extra_fwhm_mev")
        columns = dict(zip(order, every, strict=True))
        return np.stack([columns[name] for name in self.names], axis=1) if self.names else np.empty((len(mean), 0))

    def problem(self, used: NDArray[np.bool_]) -> Problem:
        """Least squares in some of the bins."""
        if used.sum() <= len(self.names):
            holds = f"The range must hold more bins of the data than parameters are fitted, {len(self.names)}"
            text = f"{holds}; it holds {used.sum()}. Choose a wider one or fewer parameters."
            raise InvalidComparison.at("fit.range_mev", text)
        return Problem(
            self.forecast.within(used),
            self.measured.intensity[used],
            None if self.error is None else self.error[used],
            self.columns[used],
            scaled=self.options.scale,
            free=self.free,
            lower=self.bounds[0],
            upper=self.bounds[1],
        )

    def solved(
        self, used: NDArray[np.bool_], start: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Bins and parameters of the best fit: bins that the fit moves beyond the forecast's ends are left out."""
        problem = self.problem(used)
        if self.options.scale and not problem.forecast.mean().any():
            raise InvalidComparison.at("fit.range_mev", "The forecast is zero in this range; choose another.")
        parameters = solve(problem) if start is None else problem.solve(start)
        if problem.projected(parameters).scale == 0:
            return used, NEUTRAL  # no other is better
        while (beyond := used & ~self.forecast.reached(*parameters[:2])).any():
            used = used & ~beyond
            parameters = self.problem(used).solve(parameters)
        return used, parameters


def _check(
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    options: FitOptions,
    forecast_error: NDArray[np.float64] | None,
) -> None:
    """Refuse what no fit can be made of."""
    errors: list[FieldError] = []
    if options.background not in ("none", "constant", "linear"):
        errors.append({"loc": "fit.background", "msg": "Choose none, constant or linear."})
    if options.range_mev is not None and not options.range_mev[0] < options.range_mev[1]:
        errors.append({"loc": "fit.range_mev", "msg": "Give two energies in meV, the lower one first."})
    if len(energy) < 4 or not np.allclose(np.diff(energy), (energy[-1] - energy[0]) / (len(energy) - 1), rtol=1e-3):
        errors.append({"loc": "forecast", "msg": "The forecast must have four equally spaced energies or more."})
    elif energy[0] > energy[-1] or not np.isfinite(intensity).all():
        errors.append({"loc": "forecast", "msg": "The forecast's energies must ascend and its intensities be finite."})
    if forecast_error is not None and not (np.isfinite(forecast_error) & (forecast_error >= 0)).all():
        errors.append({"loc": "forecast", "msg": "The forecast's errors must be finite and not negative."})
    if errors:
        raise InvalidComparison(errors)


def _fitted(task: _Task, used: NDArray[np.bool_], parameters: NDArray[np.float64], warnings: list[str]) -> Fitted:
    """What the best fit says."""
    measured, names = task.measured, task.names
    problem = task.problem(used)
    best = problem.projected(parameters)
    shift, stretch, variance = (float(value) for value in parameters)
    background = np.append(best.background, [0.0, 0.0])[:2]
    values = (best.scale, shift, stretch, *map(float, background), float(FWHM_PER_SIGMA * np.sqrt(variance)))
    lines = task.columns @ best.background
    model = best.scale * task.forecast.mean(shift, stretch, variance) + lines
    reached = task.forecast.reached(shift, stretch)
    jacobian = task.jacobian(best.scale, parameters)
    # Without errors, and with errors that are too small, the residuals tell how far to trust the parameters
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
    warnings += at_bound.values()
    warnings += _doubts(names, free, correlated, None if task.error is None else excess)
    compared = [
        goodness(
            measured.intensity[bins],
            model[bins],
            None if task.error is None else task.error[bins],
            n_parameters=len(names),
        )
        for bins in (used, reached)
    ]
    return Fitted(
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
        warnings=tuple(warnings),
    )


def _at_bound(task: _Task, scale: float, parameters: NDArray[np.float64]) -> dict[str, str]:
    """Fitted parameters that ended at a bound, each with a sentence."""
    if scale == 0:
        return {"scale": "With any scale above 0 the forecast describes these data no better than without it."}
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
            found["extra_fwhm_mev"] = "The forecast is as broad as the data or broader: no extra width is needed."
        elif at_lower or at_upper:
            bound = lower[place] if at_lower else upper[place]
            shown = FWHM_PER_SIGMA * np.sqrt(bound) if place == 2 else bound
            found[names[place]] = f"{names[place]} ended at its bound, {shown:.3g}: the best value may lie beyond."
    return found


def _doubts(
    names: tuple[str, ...], free: NDArray[np.bool_], correlated: NDArray[np.float64], excess: float | None
) -> list[str]:
    """What to think of the standard errors; `excess` is χ²ᵣ."""
    found = []
    determined = np.isfinite(np.diag(correlated))
    lost = [name for name, is_free, known in zip(names, free, determined, strict=True) if is_free and not known]
    if lost:
        found.append(f"The data do not determine these here: {', '.join(lost)}.")
    for second, first in zip(*np.nonzero(np.tril(np.abs(correlated), -1) > HARDLY_TOLD_APART), strict=True):
        found.append(
            f"{names[first]} and {names[second]} are hardly told apart: correlation {correlated[first, second]:.3f}."
        )
    if names and excess is not None and excess > NOTABLE_EXCESS**2:
        found.append(
            f"χ²ᵣ is {excess:.3g}: forecast and data differ by more than the data's errors, and the standard errors "
            f"are {np.sqrt(excess):.2g} times what those give."
        )
    return found
