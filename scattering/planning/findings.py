"""Why a setting is ranked where it is, and what its numbers rest on, as notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scattering.core.notices import Notice
from scattering.instruments import Instrument, resolution
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import MAX_HOURS, Evaluation, FeatureAt
from scattering.planning.features import Pair
from scattering.planning.projection import unsimulated_fraction
from scattering.planning.ranking import Ranking
from scattering.planning.rates import AMBIENT_PER_M_H, DETECTORS_UNCERTAINTY, Basis, known_flux
from scattering.planning.resolving import UNVALIDATED_RESOLUTION_UNCERTAINTY, PairResolution
from scattering.planning.tally import tally

MIN_UNSIMULATED_FRACTION: Final = 0.1
"""Fraction of the solid angle with |q| beyond the simulation above which there is a notice."""
MAX_SHARPER_WIDTH_RATIO: Final = 0.85
"""Largest ratio of two resolutions for which the finer one is named as an alternative."""
MAX_FASTER_TIME_RATIO: Final = 0.7
"""Largest ratio of two times for which the shorter one is named as an alternative."""


def verdict_notice(pair: Pair, resolved: PairResolution) -> Notice:
    """Return whether a pair is resolved."""
    energies = {"low_mev": pair.low.energy, "high_mev": pair.high.energy}
    if resolved.verdict == "not reachable":
        return Notice("pair_not_reachable", energies)
    if resolved.unmeasured:
        unmeasured = list(resolved.unmeasured)
        return Notice("pair_not_measured", {**energies, "unmeasured_mev": unmeasured})
    stated = {**energies, "separation_over_fwhm": resolved.ratio, "probability": resolved.probability}
    if resolved.verdict == "resolved":
        return Notice("pair_resolved", stated)
    if resolved.verdict == "likely":
        return Notice("pair_likely_resolved", stated)
    if resolved.verdict == "unlikely":
        return Notice("pair_unlikely_resolved", stated)
    return Notice("pair_not_resolved", stated)


def unsimulated_q(one: Evaluation, q_end: float) -> tuple[Notice, ...]:
    """Return a notice where detectors see much that was not simulated: |q| beyond `q_end`, Å⁻¹."""
    fractions = {
        each.feature.energy: unsimulated_fraction(q_end, one.instrument, one.settings, each.feature.energy)
        for each in one.measured
    }
    energy = max(fractions, key=lambda energy: fractions[energy], default=None)
    if energy is None or fractions[energy] < MIN_UNSIMULATED_FRACTION:
        return ()
    unseen = {"unsimulated_fraction": fractions[energy], "q_end_inv_angstrom": q_end}
    return (Notice("q_beyond_simulation", {"energy_mev": energy, **unseen}),)


def basis_of_numbers(
    instrument: Instrument, settings: Mapping[str, Any], basis: Basis, calibration: Calibration | None
) -> tuple[Notice, ...]:
    """Return where rates and resolution come from, with their uncertainties."""
    return (*_basis_of_rates(instrument, settings, basis, calibration), _basis_of_resolution(instrument, settings))


def _basis_of_rates(
    instrument: Instrument, settings: Mapping[str, Any], basis: Basis, calibration: Calibration | None
) -> Iterator[Notice]:
    if calibration is not None and basis == "calibrated":
        yield calibration.source
        if calibration.kappa is None:
            yield Notice("calibration_factor", {"measured_over_computed": calibration.factor})
    at = known_flux(instrument, settings)
    if basis == "absolute" and at is not None and instrument.detectors is not None:
        yield Notice(
            "published_flux",
            {
                "flux_n_cm2_s": at.value,
                "source": at.power,
                "flux_factor": 1 + at.relative_uncertainty,
                "solid_angle_sr": instrument.detectors.solid_angle,
                "detector_relative_uncertainty": DETECTORS_UNCERTAINTY,
                "ambient_background_per_m_h": AMBIENT_PER_M_H,
            },
        )
    if basis == "relative":
        yield Notice("no_published_flux", {"calibration_holds_for_its_settings": bool(instrument.settings)})


def _basis_of_resolution(instrument: Instrument, settings: Mapping[str, Any]) -> Notice:
    known = resolution.relative_uncertainty(instrument, instrument.validate(settings))
    if known is None:
        return Notice("resolution_not_validated", {"relative_uncertainty": UNVALIDATED_RESOLUTION_UNCERTAINTY})
    return Notice("resolution_validated", {"relative_uncertainty": known})


def explanation(
    ranking: Ranking, index: int, pairs: Sequence[Pair], *, beam_time_h: float | None
) -> tuple[Notice, ...]:
    """Return why a setting is among the best: features, pairs, beam time, and alternatives of the same instrument."""
    one = ranking.ranked[index]
    return (*_features(one), *_pairs(one, pairs), *_beam_time(one, beam_time_h), *_alternatives(ranking, index))


def _energies(features: Sequence[FeatureAt]) -> list[float]:
    return [one.feature.energy for one in features]


def _features(one: Evaluation) -> Iterator[Notice]:
    counted = tally(one)
    yield Notice("features_measured", {"n_measured": counted.n_measured, "n_features": counted.n_features})
    unreachable = [each for each in one.features if not each.reachable]
    washed_out = [each for each in one.features if each.reachable and each.hours == float("inf")]
    slow = [each for each in one.features if MAX_HOURS <= each.hours < float("inf")]
    if unreachable:
        first = unreachable[0].why
        reason = {"reason": first.to_json()} if first is not None else {}
        yield Notice("features_out_of_reach", {"energies_mev": _energies(unreachable), **reason})
    if washed_out:
        yield Notice("features_washed_out", {"energies_mev": _energies(washed_out)})
    if slow:
        yield Notice("features_too_slow", {"energies_mev": _energies(slow), "limit_h": MAX_HOURS})


def _pairs(one: Evaluation, pairs: Sequence[Pair]) -> Iterator[Notice]:
    reached = [
        (resolved.ratio, pair, resolved)
        for pair, resolved in zip(pairs, one.pairs, strict=True)
        if resolved.ratio is not None
    ]
    if not reached:
        return
    counted = tally(one)
    ratio, pair, resolved = min(reached, key=lambda each: each[0])
    yield Notice(
        "pairs_resolved",
        {
            "n_resolved": counted.n_resolved,
            "n_pairs": counted.n_pairs,
            "closest_low_mev": pair.low.energy,
            "closest_high_mev": pair.high.energy,
            "closest_separation_over_fwhm": ratio,
            "closest_verdict": resolved.verdict,
        },
    )


def _beam_time(one: Evaluation, limit_h: float | None) -> Iterator[Notice]:
    slowest = max(one.measured, key=lambda each: each.hours).feature.energy
    if one.basis == "relative":
        yield Notice("hours_relative_only", {"slowest_mev": slowest})
        return
    hours = {"hours": one.hours, "hours_low": one.hours_low, "hours_high": one.hours_high}
    yield Notice("hours_estimated", {**hours, "slowest_mev": slowest})
    if limit_h is not None and one.hours > limit_h:
        yield Notice("beam_time_exceeded", {"limit_h": limit_h})
    elif limit_h is not None and one.hours_high > limit_h:
        yield Notice("beam_time_perhaps_exceeded", {"limit_h": limit_h})


def _alternatives(ranking: Ranking, index: int) -> Iterator[Notice]:
    """The quickest and the sharpest setting of the same instrument that measures as much."""
    one = ranking.ranked[index]
    width = one.resolution_percent
    same = [
        other
        for other in ranking.ranked
        if other.instrument is one.instrument and other is not one and tally(other).n_measured >= tally(one).n_measured
    ]
    if not same or width is None:
        return
    sharper = [other for other in same if (other.resolution_percent or width) < MAX_SHARPER_WIDTH_RATIO * width]
    if sharper:
        other = min(sharper, key=lambda each: each.hours)
        yield Notice("sharper_setting", _compared(one, other))
    quicker = [other for other in same if other.hours < MAX_FASTER_TIME_RATIO * one.hours]
    if quicker:
        other = min(quicker, key=lambda each: each.resolution_percent or float("inf"))
        yield Notice("faster_setting", _compared(one, other))


def _compared(one: Evaluation, other: Evaluation) -> dict[str, Any]:
    return {
        "instrument": other.instrument.name,
        "settings": dict(other.settings),
        "resolution_percent": one.resolution_percent,
        "other_resolution_percent": other.resolution_percent,
        "time_ratio": other.hours / one.hours,
    }
