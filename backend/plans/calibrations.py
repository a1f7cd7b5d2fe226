"""Calibrations of count rates: with datasets of known exposure and mass, or with stored counts of a standard."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from backend.calibrations import service as records
from backend.comparisons.forecasts import complete_view, forecast, get_powder_prediction, partials_of
from backend.comparisons.service import fit_to_data, read_measured_spectrum
from backend.datasets import service as datasets
from backend.datasets.tables import Dataset
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, NotFound, Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.plans.schemas import CalibrationIn, ScatteringIn
from backend.plans.specimens import make_specimen, read_forecast, sample_of
from backend.predictions.tables import Prediction
from backend.samples.schemas import SampleIn
from scattering import instruments
from scattering.core.errors import InvalidFields, notice_of
from scattering.core.notices import Notice
from scattering.instruments import flux
from scattering.measured.comparison.fit import FitOptions
from scattering.observe.view import View
from scattering.planning import calibration as physics
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import NOMINAL_UA, Target, rates_at_flux, shape_of


def read_calibrations(
    scope: Scope, cache: PartialsCache, body: ScatteringIn, asked: Sequence[CalibrationIn]
) -> dict[str, Calibration]:
    """Return instrument → calibration; if two are for the same instrument, the first is used.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        A dataset cannot be used for calibration; the error names it.
    """
    made: dict[str, Calibration] = {}
    for index, one in enumerate(asked):
        loc = f"calibrations.{index}"
        try:
            found = (
                _calibration_of_dataset(scope, cache, body, one.dataset_id, one.prediction_id, loc)
                if one.dataset_id is not None
                else _stored_calibration(scope, cache, one, loc)
            )
        except InvalidFields as error:
            raise Unprocessable.at(loc, notice_of(error.errors[0])) from error
        made.setdefault(found.instrument, found)
    return made


def _stored_calibration(scope: Scope, cache: PartialsCache, asked: CalibrationIn, loc: str) -> Calibration:
    assert asked.calibration_id is not None
    try:
        return records.calibration_of(scope, cache, records.get(scope, asked.calibration_id))
    except (NotFound, Conflict) as error:
        raise Unprocessable.at(f"{loc}.calibration_id", error.notice) from error


def _calibration_of_dataset(
    scope: Scope,
    cache: PartialsCache,
    body: ScatteringIn,
    dataset_id: uuid.UUID,
    prediction_id: uuid.UUID | None,
    loc: str,
) -> Calibration:
    dataset = datasets.get(scope, dataset_id)
    instrument_name, hours, mass = _read_facts(dataset, loc)
    measured = read_measured_spectrum(scope, dataset)
    prediction = get_powder_prediction(scope, prediction_id or body.prediction_id, loc=f"{loc}.prediction_id")
    own = prediction_id is None or prediction_id == body.prediction_id
    view = View(
        quantum_correction=body.quantum_correction,
        energy_scale=body.energy_scale if own else 1.0,
    )
    view = complete_view(view, dataset, partials_of(scope, cache, prediction).species)
    made = forecast(scope, cache, prediction, view, dataset, measured, None, loc=loc)
    fitted = fit_to_data(measured, made, FitOptions(scale=True, background="constant"))
    scale = fitted.values["scale"]
    # This form also refuses an error that is NaN
    if not fitted.standard_errors["scale"] <= physics.RATE_UNCERTAINTY * scale:
        raise physics.unlike_forecast()
    counts = physics.counts_of(measured, fitted.used)
    instrument = instruments.get(instrument_name)
    settings = instrument.validate(view.settings)
    # The mass is that of the sample in the beam: a plate of the size of the beam
    width, height = instrument.beam
    plate = SampleIn(mass_g=mass, width_mm=width, height_mm=height)
    sample = sample_of(scope, prediction, view.isotopes, plate)
    source = _source(dataset, mass)
    if instrument.detectors is None or not flux.is_published(instrument):
        background = np.interp(counts.energy, fitted.energy, fitted.background)
        return physics.calibrate(
            instrument,
            settings,
            counts,
            scale=scale,
            background=background,
            hours=hours,
            sample=sample,
            source=source,
        )
    in_beam = make_specimen(read_forecast(scope, cache, _scattering(body, prediction, view)), sample)
    expected = rates_at_flux(instrument, settings, shape_of(instrument, settings, in_beam, None), Target(), None)
    if expected is None:
        stated = {"instrument": instrument.name, "dataset": dataset.name}
        raise Unprocessable.at(f"{loc}.dataset_id", Notice("calibration_without_flux", stated))
    signal = np.where(fitted.used, fitted.model - fitted.background, np.nan)
    return physics.correct(
        instrument, settings, counts, measured, signal, hours=hours, expected=expected, source=source
    )


def _scattering(body: ScatteringIn, prediction: Prediction, view: View) -> ScatteringIn:
    return ScatteringIn(
        prediction_id=prediction.id,
        isotopes=view.isotopes,
        quantum_correction=body.quantum_correction,
        energy_scale=view.energy_scale,
    )


def _read_facts(dataset: Dataset, loc: str) -> tuple[str, float, float]:
    """Return instrument, hours and mass of a dataset.

    Raises
    ------
    Unprocessable
        One of them is not known.
    """
    lacking = []
    if dataset.instrument is None:
        lacking.append("instrument")
    if dataset.mass_g is None:
        lacking.append("mass")
    hours = _hours(dataset)
    if hours is None:
        lacking.append("exposure")
    if lacking or dataset.instrument is None or hours is None or dataset.mass_g is None:
        stated = {"dataset": dataset.name, "missing": lacking}
        raise Unprocessable.at(f"{loc}.dataset_id", Notice("calibration_lacks_facts", stated))
    return dataset.instrument, hours, dataset.mass_g


def _hours(dataset: Dataset) -> float | None:
    if dataset.exposure_h is not None:
        return dataset.exposure_h
    if dataset.exposure_uah is None or dataset.instrument is None:
        return None
    at_isis = instruments.get(dataset.instrument).facility.startswith("ISIS")
    return dataset.exposure_uah / NOMINAL_UA if at_isis else None


def _source(dataset: Dataset, mass_g: float) -> Notice:
    exposed = (
        {"exposure_h": dataset.exposure_h} if dataset.exposure_h is not None else {"exposure_uah": dataset.exposure_uah}
    )
    stated = {"dataset": dataset.name, "mass_g": mass_g, **exposed}
    return Notice("calibrated_by_dataset", {**stated, "relative_uncertainty": physics.RATE_UNCERTAINTY})
