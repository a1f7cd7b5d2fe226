"""Forecasts for a comparison with measured data: with the same instrument, on an energy grid that suits the data."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from backend.comparisons.requests import ComparisonRequest
from backend.datasets.tables import Dataset
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable, unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import observation
from backend.observing.spectra import observe_powder, read_partials
from backend.predictions import service as predictions
from backend.predictions.tables import Prediction
from scattering import instruments
from scattering.core.errors import InvalidSettings, InvalidView, UnknownInstrument
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.core.species import element
from scattering.measured.comparison.forecast_grid import forecast_grid
from scattering.measured.data import MeasuredMap, MeasuredSpectrum
from scattering.observe.response import MAX_MAP_COLUMNS
from scattering.observe.spectrum import Spectrum, View

MIN_TEMPERATURE_DIFFERENCE_K = 5.0
MIN_RELATIVE_TEMPERATURE_DIFFERENCE = 0.05
"""A difference above both gives a notice; a smaller one hardly changes thermal populations."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """Forecast of a prediction for the comparison with a dataset.

    Attributes
    ----------
    view
        The used view, with the energy grid of the spectrum.
    notices
        Differences between the experiments of data and forecast, and the notices of the spectrum.
    """

    prediction: Prediction
    view: View
    spectrum: Spectrum
    notices: tuple[Notice, ...]


def get_powder_prediction(scope: Scope, prediction_id: uuid.UUID, *, loc: str = "prediction_id") -> Prediction:
    """Return a succeeded prediction for a powder.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        It does not exist, it has not succeeded, it is for a single crystal.
    """
    row = predictions.get_succeeded(scope, prediction_id)
    if not observation(row.sampling).comparable:
        raise Unprocessable.at(loc, Notice("comparison_with_path"))
    return row


def partials_of(scope: Scope, cache: PartialsCache, prediction: Prediction) -> Partials:
    """Return the partials of a succeeded prediction for a powder."""
    partials = read_partials(scope.settings, cache, prediction)
    assert isinstance(partials, Partials)
    return partials


def requested_view(
    scope: Scope, cache: PartialsCache, prediction: Prediction, request: ComparisonRequest, dataset: Dataset
) -> View:
    """Return the view of a request, completed from the dataset if the request wants that."""
    if not request.follow_dataset:
        return request.view
    return complete_view(request.view, dataset, partials_of(scope, cache, prediction).species)


def complete_view(view: View, dataset: Dataset, species: Sequence[str]) -> View:
    """Return a view with instrument, settings and isotopes of the dataset, unless the view states its own.

    A view with a width or with another probe gets no instrument. Only isotopes of elements in the sample are taken.
    """
    taken: dict[str, Any] = {}
    if view.instrument is None:
        if dataset.instrument is not None and view.probe == "neutron" and not view.fwhm_mev:
            taken = {"instrument": dataset.instrument, "settings": {**dataset.settings, **view.settings}}
    elif _same_instrument(view, dataset) and not view.settings:
        taken = {"settings": dict(dataset.settings)}
    if not view.isotopes and view.probe == "neutron":
        known = {*species, *map(element, species)}
        taken["isotopes"] = {name: isotope for name, isotope in dataset.isotopes.items() if name in known}
    return replace(view, **taken)


def forecast(
    scope: Scope,
    cache: PartialsCache,
    prediction: Prediction,
    view: View,
    dataset: Dataset,
    measured: MeasuredSpectrum | MeasuredMap,
    range_mev: tuple[float, float] | None,
    *,
    loc: str = "view",
) -> Forecast:
    """Return the forecast of a prediction on an energy grid that suits the data.

    Parameters
    ----------
    range_mev
        Range of the fit, or None; the resolution within it sets the step of the grid.
    loc
        Location of the view in the request, for errors.

    Raises
    ------
    InvalidComparison
        Forecast and data have no energies in common.
    Unprocessable
        The view is invalid.
    """
    with _errors_at(loc):
        partials = partials_of(scope, cache, prediction)
        if isinstance(measured, MeasuredSpectrum):
            grid = forecast_grid(measured.low, measured.high, partials, view, range_mev=range_mev)
        else:
            low, high = measured.energy[:-1], measured.energy[1:]
            # With more bins, the map would be coarser than the grid
            grid = forecast_grid(
                low, high, partials, view, range_mev=range_mev, movable=False, max_bins=MAX_MAP_COLUMNS
            )
        used = replace(view, energy_mev=grid.energy)
        spectrum = observe_powder(scope.settings, cache, prediction, used)
        notices = (*find_mismatches(prediction, view, dataset), *grid.notices, *spectrum.notices)
    return Forecast(prediction, used, spectrum, notices)


@contextmanager
def _errors_at(loc: str) -> Iterator[None]:
    """Add the location of the view to its errors: a request may have several views."""
    try:
        yield
    except (InvalidView, InvalidSettings, UnknownInstrument) as error:
        problem = unprocessable(error)
        errors = [field.model_copy(update={"loc": f"{loc}.{field.loc}"}) for field in problem.errors]
        raise Unprocessable(problem.notice, errors) from error


def find_mismatches(prediction: Prediction, view: View, dataset: Dataset) -> tuple[Notice, ...]:
    """Return notices of differences in temperature, instrument and settings between forecast and dataset."""
    found = []
    measured_at, simulated_at = dataset.temperature_k, prediction.temperature_k
    if measured_at is not None:
        relative_limit_k = MIN_RELATIVE_TEMPERATURE_DIFFERENCE * max(measured_at, simulated_at)
        if abs(measured_at - simulated_at) > max(MIN_TEMPERATURE_DIFFERENCE_K, relative_limit_k):
            found.append(Notice("temperatures_differ", {"measured_k": measured_at, "simulated_k": simulated_at}))
    if dataset.instrument is None:
        return tuple(found)
    if view.instrument is None:
        found.append(Notice("forecast_without_instrument", {"instrument": dataset.instrument}))
    elif not _same_instrument(view, dataset):
        found.append(Notice("instruments_differ", {"measured": dataset.instrument, "forecast": view.instrument}))
    elif different := _different_settings(view, dataset.settings):
        found.append(Notice("settings_differ", {"settings": different}))
    return tuple(found)


def _same_instrument(view: View, dataset: Dataset) -> bool:
    names = (view.instrument, dataset.instrument)
    return None not in names and len({str(name).casefold() for name in names}) == 1


def _different_settings(view: View, measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that differ, by name: `{"measured": …, "forecast": …}`."""
    assert view.instrument is not None
    used = instruments.get(view.instrument).validate(view.settings)
    return {
        name: {"measured": value, "forecast": used[name]}
        for name, value in measured.items()
        if used.get(name, value) != value
    }
