"""Make plans, compare isotopes, simulate measurements. Nothing is stored."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra_cache import SpectraCache
from backend.plans.calibrations import read_calibrations
from backend.plans.schemas import (
    MAX_SETTINGS,
    DeuterationIn,
    FeaturesIn,
    MeasurementIn,
    PlanIn,
    SettingIn,
    TargetIn,
)
from backend.plans.specimens import Forecast, features_of, make_specimen, read_forecast, sample_of
from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidFields, InvalidView, ScatteringError, UnknownInstrument
from scattering.core.notices import Notice
from scattering.instruments import Instrument, resolution
from scattering.planning.answer import answer
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import (
    MAX_HOURS,
    Evaluation,
    Target,
    evaluate,
    rates_at_flux,
    resolution_sigmas,
    shape_of,
)
from scattering.planning.features import FeatureSet
from scattering.planning.findings import basis_of_numbers
from scattering.planning.measurement import Measurement, measure
from scattering.planning.ranking import Ranking, rank
from scattering.planning.rates import Basis
from scattering.planning.scan import Trial, available_instruments, settings_to_try
from scattering.sample import Sample

MAX_BINS = 4000
_features, _plans = SpectraCache(), SpectraCache(max_views=4)
"""A plan of five thousand settings has 20 MB. A page requests one, its figure, and the two of other isotopes."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Settings ranked for a sample.

    Attributes
    ----------
    method
        Of the forecast.
    q_end
        End of the simulated range of |q|, Å⁻¹.
    n_settings
        Number of tried settings, including those that transmit nothing.
    seconds
        Duration of the scan.
    answer
        Of the whole plan, for one sentence.
    """

    method: str
    energy_relative_uncertainty: float
    q_end: float
    features: FeatureSet
    sample: Sample
    ranking: Ranking
    calibrations: Mapping[str, Calibration]
    n_settings: int
    seconds: float
    warnings: tuple[Notice, ...]
    answer: Notice


@dataclass(frozen=True, eq=False)
class SimulatedMeasurement:
    """A simulated measurement, the method of its forecast, and the sources of its numbers."""

    method: str
    instrument: Instrument
    settings: Mapping[str, Any]
    basis: Basis
    measurement: Measurement
    bin_mev: float
    rests_on: tuple[Notice, ...]
    warnings: tuple[Notice, ...]


def find_features(scope: Scope, cache: PartialsCache, body: FeaturesIn) -> tuple[Forecast, FeatureSet]:
    """Find the features and pairs of a prediction in the ideal S(q, ω), no instrument.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        The prediction does not exist; a given feature or pair is invalid.
    """
    what = read_forecast(scope, cache, body)
    asked = body.model_dump_json(include=set(FeaturesIn.model_fields))
    return what, _features.get(
        what.partials, f"features {what.energy_relative_uncertainty} {asked}", lambda: features_of(what, body)
    )


def plan(scope: Scope, cache: PartialsCache, body: PlanIn) -> Plan:
    """Try settings and rank them.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `find_features`; sample, instrument, setting or calibration are invalid.
    """
    what, features = find_features(scope, cache, body)
    sample = sample_of(scope, what.prediction, body.isotopes, body.sample)
    calibrated = read_calibrations(scope, cache, body, body.calibrations)
    # If the facts of a dataset change, the calibration changes, although the request does not
    rests = [one.identity for _, one in sorted(calibrated.items())]
    asked = body.model_dump_json(include=set(PlanIn.model_fields) - {"most", "all_tried"})
    key = f"plan {what.energy_relative_uncertainty} {what.warnings} {rests} {asked}"
    return _plans.get(what.partials, key, lambda: _plan(what, features, sample, calibrated, body))


def _plan(
    what: Forecast, features: FeatureSet, sample: Sample, calibrated: Mapping[str, Calibration], body: PlanIn
) -> Plan:
    began = time.perf_counter()
    trials = (
        _given_trials(body)
        if body.settings != "scan"
        else _scan_trials(body, [one.energy + one.energy_uncertainty for one in features.features], calibrated)
    )
    n_settings = sum(len(one.variants) for one in trials)
    if n_settings > MAX_SETTINGS:
        stated = {"n_settings": n_settings, "maximum": MAX_SETTINGS}
        raise Unprocessable.at("constraints.instruments", Notice("too_many_settings", stated))
    in_beam, target = make_specimen(what, sample), target_of(body.target)

    def evaluate_trial(one: Trial) -> list[Evaluation]:
        calibration = calibrated.get(one.instrument.name)
        # All settings of the choppers have the same shape; a calibration is valid only for its own settings
        own_shapes = calibration is not None and calibration.kappa is not None
        done = []
        for variants in [[each] for each in one.variants] if own_shapes else [one.variants]:
            shape = shape_of(one.instrument, variants[0], in_beam, calibration)
            done += evaluate(one.instrument, variants, shape, features.features, features.pairs, target, calibration)
        return done

    evaluated = [each for one in trials for each in evaluate_trial(one)]
    ranking = rank(evaluated, beam_time_h=body.constraints.beam_time_h)
    warnings = [*what.warnings, *features.warnings]
    if sample.form == "single crystal":
        warnings.append(Notice("powder_average_hours"))
    if not n_settings:
        warnings.append(Notice("no_instrument_left"))
    elif not ranking.ranked:
        warnings.append(Notice("no_feature_measured", {"limit_h": MAX_HOURS}))
    return Plan(
        what.prediction.method,
        what.energy_relative_uncertainty,
        float(what.partials.q[-1] + what.partials.q_step / 2),
        features,
        sample,
        ranking,
        calibrated,
        n_settings,
        time.perf_counter() - began,
        tuple(warnings),
        answer(ranking, evaluated, features.pairs, sample, beam_time_h=body.constraints.beam_time_h),
    )


def _scan_trials(body: PlanIn, energies: Sequence[float], calibrated: Mapping[str, Calibration]) -> list[Trial]:
    try:
        chosen = available_instruments(
            facilities=body.constraints.facilities,
            names=body.constraints.instruments,
            single_crystal=body.sample.form == "single crystal",
        )
    except UnknownInstrument as error:
        raise Unprocessable.at("constraints.instruments", error.notice) from error
    if not chosen:
        raise Unprocessable.at("constraints.facilities", Notice("no_instrument_for_sample"))
    tried = [each for instrument in chosen for each in settings_to_try(instrument, energies)]
    for instrument in chosen:
        # Without a published flux, hours are known only for the settings of the calibration data
        one = calibrated.get(instrument.name)
        if one is not None and one.kappa is not None and not any(one.settings in each.variants for each in tried):
            tried.append(Trial(instrument, (dict(one.settings),)))
    return tried


def _given_trials(body: PlanIn) -> list[Trial]:
    assert body.settings != "scan"
    tried = []
    for index, one in enumerate(body.settings):
        instrument, settings = set_instrument(one, f"settings.{index}")
        tried.append(Trial(instrument, (settings,)))
    return tried


def set_instrument(asked: SettingIn, loc: str) -> tuple[Instrument, dict[str, Any]]:
    """Return an instrument with checked settings.

    Raises
    ------
    Unprocessable
        There is no such instrument or setting; the error states its location in the request.
    """
    try:
        instrument = instruments.get(asked.instrument)
        settings = instrument.validate(asked.settings)
        # Raises if the choppers transmit nothing
        resolution.sigma(instrument, settings, np.zeros(1))
    except InvalidFields as error:
        raise Unprocessable.of_fields(error.within(loc).errors) from error
    except ScatteringError as error:
        raise Unprocessable.at(f"{loc}.instrument", error.notice) from error
    return instrument, settings


def target_of(body: TargetIn) -> Target:
    """Return the target in the type of the physics."""
    return Target(body.signal_to_noise, body.source_power, body.background, body.q_slices, body.beam_current)


def compare_isotopes(scope: Scope, cache: PartialsCache, body: DeuterationIn) -> tuple[Plan, Plan]:
    """Plan for the sample as planned and with other isotopes, with the same features, settings and target.

    The other sample has its own thickness for the same scattered percentage.
    """
    asked = PlanIn(**{name: getattr(body, name) for name in PlanIn.model_fields})
    here = plan(scope, cache, asked)
    same = [one.energy for one in here.features.features]
    there = asked.model_copy(update={"isotopes": {**body.isotopes, **body.instead}, "features_mev": same})
    try:
        return here, plan(scope, cache, there)
    except InvalidView as error:
        fields = [{**field, "loc": field["loc"].replace("isotopes", "instead", 1)} for field in error.errors]
        raise Unprocessable.of_fields(fields) from error


def simulate(scope: Scope, cache: PartialsCache, body: MeasurementIn) -> SimulatedMeasurement:
    """Simulate the counts of a measurement.

    Raises
    ------
    Unprocessable
        The count rates of the instrument are not known, its choppers transmit nothing, or there would be too many bins.
    """
    what = read_forecast(scope, cache, body)
    instrument, settings = set_instrument(body.setting, "setting")
    sample = sample_of(scope, what.prediction, body.isotopes, body.sample)
    calibration = read_calibrations(scope, cache, body, body.calibrations).get(instrument.name)
    in_beam = make_specimen(what, sample)
    rates = rates_at_flux(
        instrument, settings, shape_of(instrument, settings, in_beam, calibration), target_of(body.target), calibration
    )
    if rates is None or rates.basis == "relative":
        stated = {"instrument": instrument.name, "of_these_settings": rates is None or calibration is not None}
        raise Unprocessable.at("setting.instrument", Notice("count_rate_not_known", stated))
    sigma = resolution_sigmas(instrument, [settings], rates.energy)[0]
    low, high = instrument.measured_range(settings)
    inside = (rates.energy >= low) & (rates.energy <= high)
    edges, step = _edges(instrument, settings, what, sigma[inside], body.bin_mev)
    made = measure(rates, sigma, edges, body.hours, seed=body.seed)
    return SimulatedMeasurement(
        what.prediction.method,
        instrument,
        settings,
        rates.basis,
        made,
        step,
        basis_of_numbers(instrument, settings, rates.basis, calibration),
        what.warnings,
    )


def _edges(
    instrument: Instrument,
    settings: Mapping[str, Any],
    what: Forecast,
    sigma: NDArray[np.float64],
    bin_mev: float | None,
) -> tuple[NDArray[np.float64], float]:
    low, high = instrument.energy_range(settings)
    elastic = FWHM_PER_SIGMA * float(sigma[0])
    low = max(low, 1.5 * elastic)
    high = min(high, 1.1 * what.partials.extent * what.view.energy_scale)
    step = bin_mev or float(f"{FWHM_PER_SIGMA * sigma.min() / 3:.1g}")
    if not low + 2 * step <= high:
        raise Unprocessable.at("setting.settings", Notice("no_scattering_in_range"))
    if (high - low) / step > MAX_BINS:
        raise Unprocessable.at("bin_mev", Notice("too_many_bins", {"maximum": MAX_BINS}))
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step, step
