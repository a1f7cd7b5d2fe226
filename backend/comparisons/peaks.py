"""Peak matching of a forecast and measured data, with contributing elements and phonon orders."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlmodel import col

from backend.comparisons.forecasts import Forecast, forecast, get_powder_prediction, partials_of, requested_view
from backend.comparisons.pairing import pair_peaks
from backend.comparisons.requests import PeaksRequest
from backend.comparisons.service import fit_to_data, read_measured_spectrum, unique
from backend.datasets import service as datasets
from backend.datasets.tables import Dataset
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.samplings import COMPARABLE
from backend.predictions.tables import Prediction, has_same_origin
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.measured.comparison.fit import FitResult
from scattering.measured.comparison.peaks import Matches, Peak, composition
from scattering.measured.data import MeasuredSpectrum
from scattering.observe.spectrum import Spectrum
from scattering.observe.view import View


@dataclass(frozen=True)
class Shares:
    """Contributions to a forecast peak, as fractions: of elements, and of phonon orders (None: not known)."""

    elements: Mapping[str, float]
    orders: Mapping[str, float] | None


@dataclass(frozen=True, eq=False)
class _Orders:
    """A spectrum with separate phonon orders, or None, and notices about it."""

    spectrum: Spectrum | None = None
    prediction_id: uuid.UUID | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, eq=False)
class MatchedPeaks:
    """Matched peaks of data and forecast.

    Attributes
    ----------
    fitted
        Scale, shift and stretch of the forecast, which convert its heights and energies to those of the data.
    matches
        Forecast peaks have their original energies, neither shifted nor stretched.
    shares
        Contributions to every forecast peak of `matches`.
    orders_from
        Harmonic prediction of the phonon orders; None if they are not known.
    """

    dataset: Dataset
    measured: MeasuredSpectrum
    forecast: Forecast
    fitted: FitResult
    matches: Matches
    shares: Mapping[Peak, Shares]
    orders_from: uuid.UUID | None
    notices: tuple[Notice, ...]


def match_peaks(scope: Scope, cache: PartialsCache, request: PeaksRequest) -> MatchedPeaks:
    """Find the peaks of data and forecast, and match them.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `service.compare`.
    """
    prediction = get_powder_prediction(scope, request.prediction_id)
    dataset = datasets.get(scope, request.dataset_id)
    measured = read_measured_spectrum(scope, dataset)
    view = requested_view(scope, cache, prediction, request, dataset)
    own_orders = view.order is None and partials_of(scope, cache, prediction).n_orders > 0
    view = replace(view, per_order=own_orders)
    made = forecast(scope, cache, prediction, view, dataset, measured, request.fit.range_mev)
    fitted = fit_to_data(measured, made, request.fit)
    matches = pair_peaks(
        measured, made, fitted.range_mev, tolerance_mev=request.tolerance_mev, prominence=request.prominence
    )
    orders = (
        _Orders(made.spectrum, prediction.id)
        if own_orders
        else _orders_of_another(scope, cache, prediction, view, dataset, measured)
    )
    found = [*(pair.forecast for pair in matches.pairs), *matches.only_forecast]
    return MatchedPeaks(
        dataset,
        measured,
        made,
        fitted,
        matches,
        {peak: _shares(peak, made.spectrum, orders.spectrum) for peak in found},
        orders.prediction_id,
        unique(made.notices, fitted.notices, orders.notices),
    )


def _orders_of_another(
    scope: Scope,
    cache: PartialsCache,
    prediction: Prediction,
    view: View,
    dataset: Dataset,
    measured: MeasuredSpectrum,
) -> _Orders:
    """Return the orders of the newest harmonic prediction of the same structure and potential."""
    if view.order is not None:
        return _Orders(notices=(Notice("view_of_single_order"),))
    statement = (
        scope.select(Prediction)
        .where(
            col(Prediction.structure_id) == prediction.structure_id,
            has_same_origin(prediction),
            col(Prediction.method) == "harmonic",
            col(Prediction.sampling).in_(COMPARABLE),
            col(Prediction.status) == "succeeded",
        )
        .order_by(col(Prediction.finished_at).desc(), col(Prediction.id))
        .limit(1)
    )
    harmonic = scope.session.exec(statement).first()
    if harmonic is None or partials_of(scope, cache, harmonic).n_orders == 0:
        return _Orders()
    try:
        made = forecast(scope, cache, harmonic, replace(view, per_order=True), dataset, measured, None)
    except (ScatteringError, Unprocessable):
        # For example, a view by crystallographic sites, which may be separate only in the molecular dynamics
        return _Orders()
    source = {"prediction_id": str(harmonic.id), "temperature_k": harmonic.temperature_k}
    return _Orders(made.spectrum, harmonic.id, (Notice("orders_of_other_prediction", source),))


def _shares(peak: Peak, spectrum: Spectrum, orders: Spectrum | None) -> Shares:
    elements = composition(peak.energy, peak.fwhm, spectrum.energy, spectrum.per_element, {}).elements
    if orders is None:
        return Shares(elements, None)
    return Shares(
        elements, composition(peak.energy, peak.fwhm, orders.energy, orders.per_element, orders.per_order).orders
    )
