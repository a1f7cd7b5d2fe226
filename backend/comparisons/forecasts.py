"""The forecast that belongs to measured data: looked at as they were measured, on energies that suit them."""

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
from scattering.core.partials import Partials, element
from scattering.measured.comparison.forecast_grid import forecast_grid
from scattering.measured.data import MeasuredMap, MeasuredSpectrum
from scattering.observe.response import MAX_MAP_COLUMNS
from scattering.observe.spectrum import Spectrum, View

TEMPERATURES_DIFFER_K = 5.0
TEMPERATURES_DIFFER_SHARE = 0.05
"""Both, before a difference is worth a word: thermal populations hardly notice less."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What an instrument would record of a prediction, beside a dataset.

    Attributes
    ----------
    prediction
        Whose.
    view
        That was used; its grid is the spectrum's.
    spectrum
        The forecast.
    notices
        Differences between the experiments of data and forecast, and the remarks on the spectrum.
    """

    prediction: Prediction
    view: View
    spectrum: Spectrum
    notices: tuple[Notice, ...]


def powder(scope: Scope, prediction_id: uuid.UUID, *, loc: str = "prediction_id") -> Prediction:
    """A succeeded prediction of a powder.

    Raises
    ------
    NotFound, Conflict, Unprocessable
        There is none, it has not succeeded, it is of a single crystal.
    """
    row = predictions.get_succeeded(scope, prediction_id)
    if not observation(row.sampling).comparable:
        raise Unprocessable.at(loc, Notice("comparison_with_path"))
    return row


def partials_of(scope: Scope, cache: PartialsCache, prediction: Prediction) -> Partials:
    """The partials of a succeeded prediction of a powder."""
    partials = read_partials(scope.settings, cache, prediction)
    assert isinstance(partials, Partials)
    return partials


def asked_view(
    scope: Scope, cache: PartialsCache, prediction: Prediction, asked: ComparisonRequest, dataset: Dataset
) -> View:
    """Return the view that is asked for, following the dataset if it is to."""
    if not asked.follow_dataset:
        return asked.view
    return following(asked.view, dataset, partials_of(scope, cache, prediction).species)


def following(view: View, dataset: Dataset, species: Sequence[str]) -> View:
    """A view that looks as the dataset was measured, where it does not say otherwise itself.

    A width or another probe are of the sample itself: who gives them wants no instrument. Isotopes are taken of those
    elements that the sample has.
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
    """Look at a prediction on energies that suit the data.

    Parameters
    ----------
    range_mev
        Of the fit, if it is given: its resolution decides how fine the energies are.
    loc
        Where the view stands in the request.

    Raises
    ------
    InvalidComparison
        They have no energies in common.
    Unprocessable
        The view is impossible.
    """
    with _named(loc):
        partials = partials_of(scope, cache, prediction)
        if isinstance(measured, MeasuredSpectrum):
            grid = forecast_grid(measured.low, measured.high, partials, view, range_mev=range_mev)
        else:
            low, high = measured.energy[:-1], measured.energy[1:]
            # Of more bins than that, the map comes coarser than the grid
            grid = forecast_grid(
                low, high, partials, view, range_mev=range_mev, movable=False, max_bins=MAX_MAP_COLUMNS
            )
        used = replace(view, energy_mev=grid.energy)
        spectrum = observe_powder(scope.settings, cache, prediction, used)
        notices = (*mismatches(prediction, view, dataset), *grid.notices, *spectrum.notices)
    return Forecast(prediction, used, spectrum, notices)


@contextmanager
def _named(loc: str) -> Iterator[None]:
    """Say of which view a problem is: a request may hold several."""
    try:
        yield
    except (InvalidView, InvalidSettings, UnknownInstrument) as error:
        problem = unprocessable(error)
        errors = [field.model_copy(update={"loc": f"{loc}.{field.loc}"}) for field in problem.errors]
        raise Unprocessable(problem.notice, errors) from error


def mismatches(prediction: Prediction, view: View, dataset: Dataset) -> tuple[Notice, ...]:
    """Return the differences between the experiments that a view of a prediction and a dataset are of."""
    found = []
    measured_at, simulated_at = dataset.temperature_k, prediction.temperature_k
    if measured_at is not None:
        apart = abs(measured_at - simulated_at)
        if apart > TEMPERATURES_DIFFER_K and apart > TEMPERATURES_DIFFER_SHARE * max(measured_at, simulated_at):
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
