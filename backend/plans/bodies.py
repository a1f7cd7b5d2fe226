"""Bodies of plans; infinite numbers become null."""

from __future__ import annotations

import math
from collections.abc import Sequence

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.plans.schemas import (
    DeuterationOut,
    FeatureAtOut,
    FeatureOut,
    FrontPointOut,
    MeasurementOut,
    PairAtOut,
    PairOut,
    PlanIn,
    PlannedFeaturesOut,
    PlanOut,
    SettingOut,
)
from backend.plans.service import Plan, SimulatedMeasurement
from backend.plans.specimens import Forecast
from backend.samples import service as samples
from backend.wording.formatting import setting_label
from backend.wording.plans import counts_unit
from scattering.core.notices import Notice
from scattering.planning.evaluation import MAX_HOURS, Evaluation, FeatureAt
from scattering.planning.features import Feature, FeatureSet, Pair
from scattering.planning.findings import basis_of_numbers, explanation, unsimulated_q, verdict_notice
from scattering.planning.resolving import PairResolution
from scattering.planning.tally import tally, tally_notice


def plan(made: Plan, body: PlanIn) -> PlanOut:
    """Return the body of a plan: the best settings first, including all that have an explanation."""
    ranking = made.ranking
    shown = sorted({*range(min(body.most, len(ranking.ranked))), *ranking.best})
    tried = range(len(ranking.ranked)) if body.all_tried else ()
    return PlanOut(
        answer=NoticeOut.of(made.answer),
        features=[_feature(one) for one in made.features.features],
        pairs=[_pair(one) for one in made.features.pairs],
        sample=samples.sample_body(made.sample),
        ranked=[_setting(made, index, body) for index in shown],
        tried=[_point(made, index) for index in tried],
        n_settings=made.n_settings,
        seconds=made.seconds,
        energy_relative_uncertainty=made.energy_relative_uncertainty,
        warnings=wording.messages(made.warnings),
        notices=_notices(made.warnings),
    )


def features(what: Forecast, found: FeatureSet) -> PlannedFeaturesOut:
    """Return the body of features and pairs, with their spectrum."""
    warnings = (*what.warnings, *found.warnings)
    return PlannedFeaturesOut(
        features=[_feature(one) for one in found.features],
        pairs=[_pair(one) for one in found.pairs],
        energy_mev=found.spectrum.energy.tolist(),
        intensity=found.spectrum.intensity.tolist(),
        search_fwhm_mev=found.search_fwhm.tolist(),
        warnings=wording.messages(warnings),
        notices=_notices(warnings),
    )


def deuteration(here: Plan, there: Plan, body: PlanIn) -> DeuterationOut:
    """Return the body of the plans of both samples."""
    spectra = [one.features.spectrum for one in (here, there)]
    return DeuterationOut(
        as_planned=plan(here, body),
        instead=plan(there, body),
        energy_mev=spectra[0].energy.tolist(),
        intensity=spectra[0].intensity.tolist(),
        intensity_instead=spectra[1].intensity.tolist(),
        warnings=wording.messages(spectra[1].notices),
        notices=_notices(spectra[1].notices),
    )


def measurement(made: SimulatedMeasurement, hours: float) -> MeasurementOut:
    """Return the body of a simulated measurement."""
    drawn = made.measurement
    return MeasurementOut(
        label=setting_label(made.instrument, made.settings),
        basis=made.basis,
        hours=hours,
        energy_mev=drawn.energy.tolist(),
        counts=drawn.counts.tolist(),
        standard_error=drawn.standard_error.tolist(),
        expected=drawn.expected.tolist(),
        background=drawn.background.tolist(),
        unit=counts_unit(made.bin_mev, hours),
        rests_on=wording.messages(made.rests_on),
        rests_on_notices=_notices(made.rests_on),
        warnings=wording.messages(made.warnings),
        notices=_notices(made.warnings),
    )


def _notices(notices: Sequence[Notice]) -> list[NoticeOut]:
    return [NoticeOut.of(notice) for notice in notices]


def _feature(one: Feature) -> FeatureOut:
    return FeatureOut(
        energy_mev=one.energy,
        source="found" if one.from_forecast else "given",
        measure=one.measure,
        fwhm_mev=one.fwhm,
        energy_uncertainty_mev=one.energy_uncertainty,
        elements=dict(one.elements),
    )


def _pair(one: Pair) -> PairOut:
    return PairOut(low_mev=one.low.energy, high_mev=one.high.energy, separation_mev=one.separation)


def _setting(made: Plan, index: int, body: PlanIn) -> SettingOut:
    one, best = made.ranking.ranked[index], made.ranking.best
    known, counted = one.basis != "relative", tally(one)
    beam_time = body.constraints.beam_time_h
    calibration = made.calibrations.get(one.instrument.name)
    rests_on = (
        *basis_of_numbers(one.instrument, one.settings, one.basis, calibration),
        *unsimulated_q(one, made.q_end),
    )
    why_best = explanation(made.ranking, index, made.features.pairs, beam_time_h=beam_time) if index in best else ()
    return SettingOut(
        rank=index + 1,
        instrument=one.instrument.name,
        facility=one.instrument.facility,
        settings=dict(one.settings),
        label=setting_label(one.instrument, one.settings),
        basis=one.basis,
        hours=one.hours if known else None,
        hours_low=one.hours_low if known else None,
        hours_high=one.hours_high if known else None,
        resolution_percent=one.resolution_percent,
        n_features=counted.n_features,
        n_reachable=counted.n_reachable,
        n_measured=counted.n_measured,
        n_pairs=counted.n_pairs,
        n_resolved=counted.n_resolved,
        tally=NoticeOut.of(tally_notice(counted)),
        within_beam_time=one.hours <= beam_time if known and beam_time is not None else None,
        on_front=index in made.ranking.pareto_front,
        features=_features_at(one),
        pairs=[_pair_at(pair, each) for pair, each in zip(made.features.pairs, one.pairs, strict=True)],
        rests_on=wording.messages(rests_on),
        rests_on_notices=_notices(rests_on),
        explanation=" ".join(wording.messages(why_best)) or None,
        explanation_notices=_notices(why_best),
    )


def _features_at(one: Evaluation) -> list[FeatureAtOut]:
    fastest = min((each.hours for each in one.measured), default=math.inf)
    return [_feature_at(one, each, fastest) for each in one.features]


def _feature_at(one: Evaluation, each: FeatureAt, fastest: float) -> FeatureAtOut:
    known = one.basis != "relative"
    counted, hours = each.counted, each.hours if each.hours < MAX_HOURS else None
    return FeatureAtOut(
        energy_mev=each.feature.energy,
        reachable=each.reachable,
        why="" if each.why is None else wording.message(each.why),
        why_notice=None if each.why is None else NoticeOut.of(each.why),
        fwhm_mev=each.fwhm,
        fwhm_uncertainty_mev=each.fwhm_uncertainty,
        signal_per_hour=counted.signal if counted is not None and known else None,
        background_per_hour=counted.background if counted is not None and known else None,
        hours=hours if known else None,
        hours_low=each.hours_low if known and hours is not None else None,
        hours_high=each.hours_high if known and hours is not None else None,
        relative_time=hours / fastest if not known and hours is not None else None,
        counts=counted.signal * one.hours if counted is not None and known else None,
    )


def _pair_at(pair: Pair, one: PairResolution) -> PairAtOut:
    return PairAtOut(
        low_mev=pair.low.energy,
        high_mev=pair.high.energy,
        separation_over_fwhm=one.ratio,
        uncertainty=one.uncertainty,
        probability=one.probability,
        verdict=one.verdict,
        verdict_notice=NoticeOut.of(verdict_notice(pair, one)),
    )


def _point(made: Plan, index: int) -> FrontPointOut:
    one = made.ranking.ranked[index]
    counted = tally(one)
    return FrontPointOut(
        instrument=one.instrument.name,
        label=setting_label(one.instrument, one.settings),
        hours=one.hours if one.basis != "relative" else None,
        resolution_percent=one.resolution_percent,
        n_measured=counted.n_measured,
        n_resolved=counted.n_resolved,
        on_front=index in made.ranking.pareto_front,
    )
