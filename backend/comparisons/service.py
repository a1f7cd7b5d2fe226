"""Comparisons of predictions with measured data: fit, ranking, effect of each correction. Peaks are in `peaks`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import numpy as np

from backend.comparisons.forecasts import (
    Forecast,
    complete_view,
    forecast,
    get_powder_prediction,
    partials_of,
    requested_view,
)
from backend.comparisons.pairing import doubt_stretch
from backend.comparisons.requests import ComparisonRequest, RankingRequest
from backend.datasets import service as datasets
from backend.datasets.tables import Dataset
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.predictions.tables import Prediction
from backend.structures.tables import Structure
from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.measured.comparison import ranking
from scattering.measured.comparison.fit import FitOptions, FitResult, fit
from scattering.measured.comparison.forecast_grid import fwhm
from scattering.measured.comparison.maps import MapComparison, compare_maps
from scattering.measured.comparison.refinement import Stage, stages
from scattering.measured.data import MeasuredMap, MeasuredSpectrum

MAX_POINTS = 50_000
MAX_BINS = 500_000
"""Limits for a spectrum and a map, which take seconds and give some ten megabytes of JSON."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """A forecast fitted to a measured spectrum."""

    dataset: Dataset
    measured: MeasuredSpectrum
    forecast: Forecast
    fitted: FitResult
    notices: tuple[Notice, ...]


@dataclass(frozen=True, eq=False)
class ComparisonOfMaps:
    """A forecast in the bins of a measured map."""

    dataset: Dataset
    measured: MeasuredMap
    forecast: Forecast
    compared: MapComparison
    notices: tuple[Notice, ...]


@dataclass(frozen=True, eq=False)
class Ranked:
    """A candidate with its rank."""

    label: str
    forecast: Forecast
    place: ranking.Ranked


@dataclass(frozen=True, eq=False)
class Ranking:
    """Several forecasts, ranked by their agreement with one measured spectrum; the best first."""

    dataset: Dataset
    measured: MeasuredSpectrum
    ranked: tuple[Ranked, ...]
    measure: Literal["chi2", "variance"]
    cautions: tuple[Notice, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, eq=False)
class RefinedStage:
    """A forecast with the corrections up to one stage, and its fit."""

    stage: Stage
    forecast: Forecast
    fitted: FitResult


@dataclass(frozen=True, eq=False)
class Refinement:
    """Effect of each correction on the fit of one forecast to one measured spectrum."""

    dataset: Dataset
    measured: MeasuredSpectrum
    stages: tuple[RefinedStage, ...]
    notices: tuple[Notice, ...]


def compare(scope: Scope, cache: PartialsCache, request: ComparisonRequest) -> Comparison | ComparisonOfMaps:
    """Fit a forecast to a dataset: to a spectrum with all options of the fit, to a map with scale and background.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        Prediction or dataset do not exist, the prediction has not succeeded, they cannot be compared.
    """
    prediction = get_powder_prediction(scope, request.prediction_id)
    dataset = datasets.get(scope, request.dataset_id)
    measured = read_measured(scope, dataset)
    view = requested_view(scope, cache, prediction, request, dataset)
    made = forecast(scope, cache, prediction, view, dataset, measured, request.fit.range_mev)
    if isinstance(measured, MeasuredMap):
        compared = compare_maps(
            measured,
            made.spectrum.map,
            scale=request.fit.scale,
            background=request.fit.background != "none",
            range_mev=request.fit.range_mev,
            resolution_mev=elastic_fwhm(made),
        )
        notices = unique(_parameters_not_of_maps(request.fit), made.notices, compared.notices)
        return ComparisonOfMaps(dataset, measured, made, compared, notices)
    fitted = fit_to_data(measured, made, request.fit)
    notices = unique(made.notices, fitted.notices, doubt_stretch(fitted, measured, made))
    return Comparison(dataset, measured, made, fitted, notices)


def rank(scope: Scope, cache: PartialsCache, request: RankingRequest) -> Ranking:
    """Rank forecasts by their agreement with a measured spectrum.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `compare`; a problem with one candidate names it.
    """
    dataset = datasets.get(scope, request.dataset_id)
    measured = read_measured_spectrum(scope, dataset)
    made: list[Forecast] = []
    labels: list[str] = []
    for index, candidate in enumerate(request.candidates):
        prediction = get_powder_prediction(scope, candidate.prediction_id, loc=f"candidates.{index}.prediction_id")
        view = candidate.view
        if request.follow_dataset:
            view = complete_view(view, dataset, partials_of(scope, cache, prediction).species)
        label = candidate.label or _label(scope, prediction)
        loc = f"candidates.{index}.view"
        with _errors_of_candidate(label):
            made.append(forecast(scope, cache, prediction, view, dataset, measured, request.fit.range_mev, loc=loc))
        labels.append(label)
    found = ranking.rank(
        measured,
        [
            ranking.Candidate(label, one.spectrum.energy, one.spectrum.intensity, one.spectrum.error)
            for label, one in zip(labels, made, strict=True)
        ],
        request.fit,
        resolution_mev=max((elastic_fwhm(one) or 0.0 for one in made), default=0.0) or None,
    )
    ranked = tuple(Ranked(place.name, made[place.index], place) for place in found.ranked)
    several = len(made) > 1
    own = [
        Notice("notice_of_forecast", {"label": label, "notice": notice.to_json()}) if several else notice
        for label, one in zip(labels, made, strict=True)
        for notice in one.notices
    ]
    return Ranking(dataset, measured, ranked, found.measure, found.cautions, unique(found.notices, own))


def refine(scope: Scope, cache: PartialsCache, request: ComparisonRequest) -> Refinement:
    """Fit the forecast uncorrected, then with the instrument, then with the quantum correction.

    All stages are fitted in the range of the last one, so that their goodness can be compared.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `compare`.
    """
    prediction = get_powder_prediction(scope, request.prediction_id)
    dataset = datasets.get(scope, request.dataset_id)
    measured = read_measured_spectrum(scope, dataset)
    view = requested_view(scope, cache, prediction, request, dataset)
    steps = stages(view, partials_of(scope, cache, prediction).statistics)
    made = [forecast(scope, cache, prediction, step.view, dataset, measured, request.fit.range_mev) for step in steps]
    range_mev = fit_to_data(measured, made[-1], request.fit).range_mev
    done = tuple(
        RefinedStage(step, one, fit_to_data(measured, one, request.fit, range_mev))
        for step, one in zip(steps, made, strict=True)
    )
    of_fits = [
        Notice("notice_of_stage", {"title": one.stage.title.to_json(), "notice": notice.to_json()})
        for one in done
        for notice in one.fitted.notices
    ]
    return Refinement(dataset, measured, done, unique(made[-1].notices, of_fits))


def read_measured(scope: Scope, dataset: Dataset) -> MeasuredSpectrum | MeasuredMap:
    """Return the measured spectrum or map of a dataset.

    Raises
    ------
    Unprocessable
        It has too many points to be fitted within seconds.
    """
    measured = datasets.measured(scope, dataset)
    maximum = MAX_BINS if isinstance(measured, MeasuredMap) else MAX_POINTS
    if measured.intensity.size > maximum:
        stated = {"dataset": dataset.name, "n_points": measured.intensity.size, "maximum": maximum}
        raise Unprocessable.at("dataset_id", Notice("too_many_points", stated))
    return measured


def read_measured_spectrum(scope: Scope, dataset: Dataset) -> MeasuredSpectrum:
    """Return the measured spectrum of a dataset.

    Raises
    ------
    Unprocessable
        The dataset is a map, or has too many points.
    """
    measured = read_measured(scope, dataset)
    if isinstance(measured, MeasuredMap):
        raise Unprocessable.at("dataset_id", Notice("map_where_spectrum_is_needed", {"dataset": dataset.name}))
    return measured


def fit_to_data(
    measured: MeasuredSpectrum, made: Forecast, request: FitOptions, range_mev: tuple[float, float] | None = None
) -> FitResult:
    """Fit a forecast to data, in `range_mev`, or else in the requested or the default range."""
    spectrum = made.spectrum
    return fit(
        measured,
        spectrum.energy,
        spectrum.intensity,
        replace(request, range_mev=range_mev or request.range_mev),
        forecast_error=spectrum.error,
        resolution_mev=elastic_fwhm(made),
    )


def elastic_fwhm(made: Forecast) -> float | None:
    """Return the resolution (FWHM, meV) at the elastic line, or None without an instrument or a width."""
    return float(fwhm(made.view, np.zeros(1))[0]) or None


def _parameters_not_of_maps(request: FitOptions) -> tuple[Notice, ...]:
    """Return a notice of the requested parameters that are not fitted to a map."""
    wanted = {
        "shift_mev": request.shift,
        "stretch": request.stretch,
        "extra_fwhm_mev": request.extra_width,
        "background_slope_per_mev": request.background == "linear",
    }
    left_out = [name for name, on in wanted.items() if on]
    return (Notice("parameters_not_fitted_to_maps", {"parameters": left_out}),) if left_out else ()


def unique(*notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return the notices in their order, without repetitions."""
    kept: list[Notice] = []
    for notice in chain.from_iterable(notices):
        if notice not in kept:
            kept.append(notice)
    return tuple(kept)


@contextmanager
def _errors_of_candidate(label: str) -> Iterator[None]:
    """Add the label of the candidate to the errors of its comparison."""
    try:
        yield
    except InvalidComparison as error:
        raise error.for_candidate(label) from error


def _label(scope: Scope, prediction: Prediction) -> str:
    structure = scope.get(Structure, prediction.structure_id, "structure")
    return f"{structure.name} · {prediction.basis} · {prediction.method} {prediction.temperature_k:g} K"
