"""Plans: settings tried and ranked, the same for another isotope, measurements simulated. Nothing is kept."""

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
from backend.plans.calibrations import calibrations
from backend.plans.schemas import (
    MOST_SETTINGS,
    DeuterationIn,
    FeaturesIn,
    MeasurementIn,
    PlanIn,
    SettingIn,
    TargetIn,
)
from backend.plans.specimens import Planned, found, planned, sample_of, specimen
from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidFields, InvalidView, ScatteringError, UnknownInstrument
from scattering.core.notices import Notice
from scattering.instruments import Instrument, resolution
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import FAR, Evaluated, Target, brought_to_flux, evaluate, shape_of, widths
from scattering.planning.features import Found
from scattering.planning.findings import basis_of_numbers
from scattering.planning.measurement import Measurement, measure
from scattering.planning.ranking import Ranking, rank
from scattering.planning.rates import Basis
from scattering.planning.scan import Tried, may_be_asked_for, settings_to_try
from scattering.sample import Sample

MOST_BINS = 4000
_features, _plans = SpectraCache(), SpectraCache(held=4)
"""A plan of five thousand settings is 20 MB; a page asks for one, its figure, and the two of another isotope."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Settings ranked for a sample.

    Attributes
    ----------
    q_end
        Where the simulation ends, Å⁻¹.
    n_settings
        That were tried; those that let nothing through are among them.
    seconds
        That it took.
    """

    energy_relative_uncertainty: float
    q_end: float
    found: Found
    sample: Sample
    ranking: Ranking
    calibrations: Mapping[str, Calibration]
    n_settings: int
    seconds: float
    warnings: tuple[Notice, ...]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A simulated measurement and what it rests on."""

    instrument: Instrument
    settings: Mapping[str, Any]
    basis: Basis
    measurement: Measurement
    bin_mev: float
    rests_on: tuple[Notice, ...]
    warnings: tuple[Notice, ...]


def find_features(scope: Scope, cache: PartialsCache, body: FeaturesIn) -> tuple[Planned, Found]:
    """Features and pairs of a prediction, before any instrument.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        There is no such prediction; a given feature or pair cannot be.
    """
    what = planned(scope, cache, body)
    asked = body.model_dump_json(include=set(FeaturesIn.model_fields))
    return what, _features.get(
        what.partials, f"features {what.energy_relative_uncertainty} {asked}", lambda: found(what, body)
    )


def plan(scope: Scope, cache: PartialsCache, body: PlanIn) -> Plan:
    """Try settings and rank them.

    Raises
    ------
    NotFound, Conflict, Unprocessable, ScatteringError
        As for `find_features`; a sample, an instrument, a setting or a calibration that cannot be.
    """
    what, features = find_features(scope, cache, body)
    sample = sample_of(scope, what.prediction, body.isotopes, body.sample)
    calibrated = calibrations(scope, cache, body, body.calibrations)
    # A dataset that is said to be something else is another calibration, but no other request
    rests = [one.told for _, one in sorted(calibrated.items())]
    asked = body.model_dump_json(include=set(PlanIn.model_fields) - {"most", "all_tried"})
    key = f"plan {what.energy_relative_uncertainty} {what.warnings} {rests} {asked}"
    return _plans.get(what.partials, key, lambda: _plan(what, features, sample, calibrated, body))


def _plan(what: Planned, features: Found, sample: Sample, calibrated: Mapping[str, Calibration], body: PlanIn) -> Plan:
    began = time.perf_counter()
    tried = (
        _asked(body)
        if body.settings != "scan"
        else _scan(body, [one.energy + one.energy_uncertainty for one in features.features], calibrated)
    )
    n_settings = sum(len(one.variants) for one in tried)
    if n_settings > MOST_SETTINGS:
        message = f"These are {n_settings} settings; at most {MOST_SETTINGS} are tried. Choose fewer instruments."
        raise Unprocessable(message, [{"loc": "constraints.instruments", "msg": message}])
    stood, target = specimen(what, sample), target_of(body.target)

    def several(one: Tried) -> list[Evaluated]:
        calibration = calibrated.get(one.instrument.name)
        # Choppers change none of the shape, but for a calibration that holds for its own settings alone
        own_shapes = calibration is not None and calibration.kappa is not None
        done = []
        for variants in [[each] for each in one.variants] if own_shapes else [one.variants]:
            shape = shape_of(one.instrument, variants[0], stood, calibration)
            done += evaluate(one.instrument, variants, shape, features.features, features.pairs, target, calibration)
        return done

    evaluated = [each for one in tried for each in several(one)]
    ranking = rank(evaluated, beam_time_h=body.constraints.beam_time_h)
    warnings = [*what.warnings, *features.warnings]
    if sample.form == "single crystal":
        warnings.append(Notice("powder_average_hours"))
    if not ranking.ranked:
        nothing_tried = not n_settings
        warnings.append(
            Notice("no_instrument_left") if nothing_tried else Notice("no_feature_measured", {"limit_h": FAR})
        )
    return Plan(
        what.energy_relative_uncertainty,
        float(what.partials.q[-1] + what.partials.q_step / 2),
        features,
        sample,
        ranking,
        calibrated,
        n_settings,
        time.perf_counter() - began,
        tuple(warnings),
    )


def _scan(body: PlanIn, energies: Sequence[float], calibrated: Mapping[str, Calibration]) -> list[Tried]:
    try:
        chosen = may_be_asked_for(
            facilities=body.constraints.facilities,
            names=body.constraints.instruments,
            single_crystal=body.sample.form == "single crystal",
        )
    except UnknownInstrument as error:
        raise Unprocessable(str(error), [{"loc": "constraints.instruments", "msg": str(error)}]) from error
    if not chosen:
        message = "No instrument is left: none of these facilities' instruments maps such a sample."
        raise Unprocessable(message, [{"loc": "constraints.facilities", "msg": message}])
    tried = [each for instrument in chosen for each in settings_to_try(instrument, energies)]
    for instrument in chosen:
        # Without a flux hours are known for the settings of the data alone
        one = calibrated.get(instrument.name)
        if one is not None and one.kappa is not None and not any(one.settings in each.variants for each in tried):
            tried.append(Tried(instrument, (dict(one.settings),)))
    return tried


def _asked(body: PlanIn) -> list[Tried]:
    assert body.settings != "scan"
    tried = []
    for index, one in enumerate(body.settings):
        instrument, settings = set_instrument(one, f"settings.{index}")
        tried.append(Tried(instrument, (settings,)))
    return tried


def set_instrument(asked: SettingIn, loc: str) -> tuple[Instrument, dict[str, Any]]:
    """An instrument with checked settings.

    Raises
    ------
    Unprocessable
        There is no such instrument or setting; the problem says where in the request.
    """
    try:
        instrument = instruments.get(asked.instrument)
        settings = instrument.validate(asked.settings)
        # Choppers that let nothing through say so here
        resolution.sigma(instrument, settings, np.zeros(1))
    except InvalidFields as error:
        fields = [{"loc": f"{loc}.{field['loc']}", "msg": field["msg"]} for field in error.errors]
        raise Unprocessable(error.errors[0]["msg"], fields) from error
    except ScatteringError as error:
        raise Unprocessable(str(error), [{"loc": f"{loc}.instrument", "msg": str(error)}]) from error
    return instrument, settings


def target_of(body: TargetIn) -> Target:
    """The physics' own form of a target."""
    return Target(body.signal_to_noise, body.source_power, body.background, body.q_slices, body.beam_current)


def instead(scope: Scope, cache: PartialsCache, body: DeuterationIn) -> tuple[Plan, Plan]:
    """Plans for the sample as it is and with other isotopes: the same features, settings and target.

    The other sample has its own thickness for the same scatterer percentage.
    """
    asked = PlanIn(**{name: getattr(body, name) for name in PlanIn.model_fields})
    here = plan(scope, cache, asked)
    same = [one.energy for one in here.found.features]
    there = asked.model_copy(update={"isotopes": {**body.isotopes, **body.instead}, "features_mev": same})
    try:
        return here, plan(scope, cache, there)
    except InvalidView as error:
        fields = [
            {"loc": field["loc"].replace("isotopes", "instead", 1), "msg": field["msg"]} for field in error.errors
        ]
        raise Unprocessable(fields[0]["msg"], fields) from error


def simulate(scope: Scope, cache: PartialsCache, body: MeasurementIn) -> Simulated:
    """Draw the counts of a measurement.

    Raises
    ------
    Unprocessable
        How much the instrument counts is not known, its choppers let nothing through, or there would be too many bins.
    """
    what = planned(scope, cache, body)
    instrument, settings = set_instrument(body.setting, "setting")
    sample = sample_of(scope, what.prediction, body.isotopes, body.sample)
    calibration = calibrations(scope, cache, body, body.calibrations).get(instrument.name)
    stood = specimen(what, sample)
    rates = brought_to_flux(
        instrument, settings, shape_of(instrument, settings, stood, calibration), target_of(body.target), calibration
    )
    if rates is None or rates.basis == "relative":
        where = " with these settings" if rates is None or calibration is not None else ""
        message = (
            f"How much {instrument.name} counts{where} is not known, so a measurement cannot be simulated. "
            "Calibrate it with data of your own whose exposure and mass are known."
        )
        raise Unprocessable(message, [{"loc": "setting.instrument", "msg": message}])
    sigma = widths(instrument, [settings], rates.energy)[0]
    edges, step = _edges(instrument, settings, what, sigma, body.bin_mev)
    made = measure(rates, sigma, edges, body.hours, seed=body.seed)
    return Simulated(
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
    what: Planned,
    sigma: NDArray[np.float64],
    bin_mev: float | None,
) -> tuple[NDArray[np.float64], float]:
    low, high = instrument.energy_range(settings)
    elastic = FWHM_PER_SIGMA * float(sigma[0])
    low = max(low, 1.5 * elastic)
    high = min(high, 1.1 * what.partials.extent * what.view.energy_scale)
    step = bin_mev or float(f"{FWHM_PER_SIGMA * sigma.min() / 3:.1g}")
    if not low + 2 * step <= high:
        message = "Nothing of the sample lies between the elastic line and the end of the range with these settings."
        raise Unprocessable(message, [{"loc": "setting.settings", "msg": message}])
    if (high - low) / step > MOST_BINS:
        message = f"These are more than {MOST_BINS} bins; choose wider ones."
        raise Unprocessable(message, [{"loc": "bin_mev", "msg": message}])
    return np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step, step
