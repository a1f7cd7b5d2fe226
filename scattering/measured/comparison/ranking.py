"""Ranking of several forecasts against a measured spectrum, and how certain the order is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.measured.comparison.binned import BinnedForecast
from scattering.measured.comparison.distinction import MIN_BLOCKS, Loss, block_bins, probability_worse
from scattering.measured.comparison.fit import FitOptions, FitResult, fit
from scattering.measured.comparison.preparation import default_range, fill_error
from scattering.measured.data import MeasuredSpectrum

RESOLVED_PROBABILITY: Final = 0.975
"""Probability of being worse from which on forecasts are resolved: 95 % two-sided, as either may come first."""
RESOLVED_CHI2_DIFFERENCE: Final = 16.0
"""Expected difference of χ² of two resolved forecasts, d; its standard deviation is 2√d."""
MAX_EQUAL_DIFFERENCE: Final = 0.01
"""Σ|m₁ − m₂|/Σ|m₁| below which two curves count as equal."""
MIN_CORRELATION: Final = 0.5
"""Correlation of the best forecast with the data below which no forecast describes them."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A forecast to be ranked.

    Attributes
    ----------
    name
        Its name in messages.
    energy, intensity
        Shape (n,): as in `fit`.
    error
        Shape (n,): standard error of `intensity`, or None.
    """

    name: str
    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Ranked:
    """A ranked forecast.

    Attributes
    ----------
    index
        Its index in the list of candidates.
    name
        Its name.
    fitted
        Its fit, in the bins common to all.
    worse_by
        Difference of its misfit from that of the best, see `Ranking.measure`; 0 for the best.
    probability_worse
        Probability that it is worse than the best, 0 to 1; None for the best itself.
    """

    index: int
    name: str
    fitted: FitResult
    worse_by: float
    probability_worse: float | None


@dataclass(frozen=True, eq=False)
class Ranking:
    """Forecasts from best to worst.

    Attributes
    ----------
    ranked
        Best first.
    measure
        Unit of `worse_by`. "chi2": difference of χ² from the best forecast. "variance", for data without errors:
        difference of the residual variances, divided by that of the best forecast.
    block_bins
        Neighbouring bins that count as correlated: see `distinction.block_bins`.
    cautions
        Reasons not to rely on the order.
    notices
        Other remarks for the reader.
    """

    ranked: tuple[Ranked, ...]
    measure: Literal["chi2", "variance"]
    block_bins: int
    cautions: tuple[Notice, ...]
    notices: tuple[Notice, ...]


def rank(
    measured: MeasuredSpectrum,
    candidates: Sequence[Candidate],
    options: FitOptions,
    *,
    resolution_mev: float | None = None,
) -> Ranking:
    """Rank forecasts by their misfit, with the same options, parameters, weights and bins for all.

    The errors of the forecasts are not used as weights, because a noisy forecast would then fit better. Their mean
    contribution to the misfit is subtracted, and they make the order less certain.

    Parameters
    ----------
    options
        The same for all. Without a range, the range that all their default ranges share is used.
    resolution_mev
        FWHM at the elastic line, meV, for the default range. Bins within it are not independent.

    Raises
    ------
    InvalidComparison
        There is no candidate, or one cannot be fitted; the message names it.
    """
    if not candidates:
        raise InvalidComparison.at("candidates", Notice("no_forecasts_to_rank"))
    notices: list[Notice] = []
    if options.range_mev is None:
        options = replace(options, range_mev=_common_range(measured, candidates, resolution_mev))
    fits = _fits(measured, candidates, options, notices)
    used = fits[0].used
    error = fill_error(measured, [])
    weight = np.ones(int(used.sum())) if error is None else 1 / error[used]
    losses = [_loss(measured, candidate, fitted, weight) for candidate, fitted in zip(candidates, fits, strict=True)]
    misfits = np.array([loss.misfit for loss in losses])
    order = np.argsort(misfits, kind="stable")
    best = order[0]
    step = float(np.median((measured.high - measured.low)[used]))
    block = block_bins(losses[best].residual, (resolution_mev or 0.0) / step)
    lowest = misfits[best]
    ranked = []
    for place in order:
        worse_by = float(misfits[place] - lowest)
        if error is None:
            worse_by = worse_by / float(lowest) if lowest > 0 else 0.0
        probability = None if place == best else probability_worse(losses[place], losses[best], block)
        ranked.append(Ranked(int(place), candidates[place].name, fits[place], worse_by, probability))
    return Ranking(
        ranked=tuple(ranked),
        measure="variance" if error is None else "chi2",
        block_bins=block,
        cautions=_cautions(measured, ranked, weight if error is not None else None, block),
        notices=tuple(notices),
    )


def _common_range(
    measured: MeasuredSpectrum, candidates: Sequence[Candidate], resolution_mev: float | None
) -> tuple[float, float]:
    """Return the range in which all candidates can be compared with the data."""
    ranges = []
    for candidate in candidates:
        with _naming(candidate):
            ranges.append(default_range(measured, candidate.energy, candidate.intensity, resolution_mev=resolution_mev))
    low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
    if low >= high:
        raise InvalidComparison.at("candidates", Notice("no_energies_shared_by_all"))
    return low, high


def _fits(
    measured: MeasuredSpectrum, candidates: Sequence[Candidate], options: FitOptions, notices: list[Notice]
) -> list[FitResult]:
    """Fit all candidates in the bins that each of them reaches, also after shift and stretch."""
    fits: list[FitResult] = []
    for candidate in candidates:
        with _naming(candidate):
            fits.append(fit(measured, candidate.energy, candidate.intensity, options))
    most = max(int(fitted.used.sum()) for fitted in fits)
    while not all(np.array_equal(fitted.used, fits[0].used) for fitted in fits):
        common = np.logical_and.reduce([fitted.used for fitted in fits])
        for place, candidate in enumerate(candidates):
            if not np.array_equal(fits[place].used, common):
                with _naming(candidate):
                    fits[place] = fit(measured, candidate.energy, candidate.intensity, options, bins=common)
    left = int(fits[0].used.sum())
    if left < most:
        notices.append(Notice("bins_not_compared", {"n_left_out": most - left, "n_bins": most}))
    return fits


@contextmanager
def _naming(candidate: Candidate) -> Iterator[None]:
    """Add the name of the candidate to errors of its comparison."""
    try:
        yield
    except InvalidComparison as error:
        raise error.for_candidate(candidate.name) from error


def _loss(measured: MeasuredSpectrum, candidate: Candidate, fitted: FitResult, weight: NDArray[np.float64]) -> Loss:
    """Return the residuals of a fit in its bins."""
    used, values = fitted.used, fitted.values
    model_error = None
    if candidate.error is not None:
        of_forecast = BinnedForecast(candidate.energy, candidate.error, measured.low[used], measured.high[used])
        variance = (values["extra_fwhm_mev"] / FWHM_PER_SIGMA) ** 2
        model_error = weight * values["scale"] * of_forecast.mean(values["shift_mev"], values["stretch"], variance)
    return Loss(
        residual=weight * (measured.intensity - fitted.model)[used],
        model_error=model_error,
    )


def _cautions(
    measured: MeasuredSpectrum, ranked: Sequence[Ranked], weight: NDArray[np.float64] | None, block: int
) -> tuple[Notice, ...]:
    """Return reasons not to rely on the order."""
    best, *others = ranked
    found = []
    alike = [other for other in others if (other.probability_worse or 0.0) < RESOLVED_PROBABILITY]
    if alike:
        found += [_unresolved(best, alike), _remedy(measured, best, alike[0], weight, block)]
    if others and best.fitted.used.sum() < (MIN_BLOCKS + 1) * block:
        found.append(Notice("probabilities_rough"))
    correlation, excess = best.fitted.goodness.correlation, best.fitted.goodness.chi2_reduced
    # Noisy data correlate little even with a good forecast
    if (correlation is None or correlation < MIN_CORRELATION) and (excess is None or excess > 2):
        found.append(Notice("data_not_described", {"n_forecasts": len(ranked), "correlation": correlation}))
    return tuple(found)


def _unresolved(best: Ranked, alike: Sequence[Ranked]) -> Notice:
    others = [{"name": other.name, "probability_worse": other.probability_worse} for other in alike]
    stated = {"best": best.name, "others": others, "resolved_probability": RESOLVED_PROBABILITY}
    return Notice("forecasts_not_resolved", stated)


def _remedy(
    measured: MeasuredSpectrum, best: Ranked, other: Ranked, weight: NDArray[np.float64] | None, block: int
) -> Notice:
    """Return advice on how to resolve two forecasts."""
    used = best.fitted.used
    models = [ranked.fitted.model[used] for ranked in (best, other)]
    difference = models[0] - models[1]
    if np.abs(difference).sum() <= MAX_EQUAL_DIFFERENCE * np.abs(models[0]).sum():
        return Notice("fitted_curves_equal", {"max_difference": MAX_EQUAL_DIFFERENCE})
    if weight is None:
        scatter = float(np.std((measured.intensity - best.fitted.model)[used]))
        weight = np.full(len(difference), 1 / scatter if scatter > 0 else 1.0)
    density = uniform_filter1d((difference * weight) ** 2, block)
    place = {"energy_mev": float(measured.energy[used][np.argmax(density)])}
    separation = float(np.sum((difference * weight) ** 2))
    if separation < RESOLVED_CHI2_DIFFERENCE:
        times = math.ceil(RESOLVED_CHI2_DIFFERENCE / max(separation, 0.1))
        return Notice("longer_counting_resolves", {"time_factor": times, **place})
    return Notice("longer_counting_insufficient", place)
