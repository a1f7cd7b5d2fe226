"""The answer of a plan in short: the best setting with its hours, and the limits of the other instruments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from scattering.core.notices import Notice
from scattering.planning.evaluation import MAX_HOURS, Evaluation
from scattering.planning.features import Pair
from scattering.planning.ranking import Ranking
from scattering.planning.tally import tally
from scattering.sample import Sample

MAX_OTHERS: Final = 2
"""Other instruments that an answer names."""


def answer(
    ranking: Ranking,
    evaluated: Sequence[Evaluation],
    pairs: Sequence[Pair],
    sample: Sample,
    *,
    beam_time_h: float | None,
) -> Notice:
    """Return what a plan comes to.

    Parameters
    ----------
    ranking
        Of `evaluated`.
    evaluated
        All tried settings that transmit neutrons.
    pairs
        That were to be resolved.
    beam_time_h
        Available beam time, or None.
    """
    if not ranking.ranked:
        return _nothing_measured(evaluated)
    best = ranking.ranked[0]
    stated = {
        **_setting(best),
        "mass_g": sample.mass_g,
        "thickness_mm": sample.thickness_mm,
        "geometry": sample.geometry,
        "missing_mev": [one.feature.energy for one in best.features if not one.measured],
        "limits": [one.to_json() for one in _limits(ranking, pairs)],
    }
    if best.basis == "relative":
        known = next((one for one in ranking.ranked if one.basis != "relative"), None)
        return Notice("answer_relative", {**stated, "with_hours": None if known is None else _with_hours(known)})
    stated |= _hours(best)
    if beam_time_h is None or best.hours_high <= beam_time_h:
        return Notice("answer_hours", stated)
    within = {"beam_time_h": beam_time_h}
    if best.hours <= beam_time_h:
        return Notice("answer_hours_perhaps_beyond", {**stated, **within})
    return Notice("answer_hours_beyond", {**stated, **within})


def _nothing_measured(evaluated: Sequence[Evaluation]) -> Notice:
    if not evaluated:
        return Notice("answer_no_instrument")
    features = [one for setting in evaluated for one in setting.features]
    if any(one.reachable for one in features):
        return Notice("answer_nothing_measured", {"limit_h": MAX_HOURS})
    energies = sorted({one.feature.energy for one in features})
    return Notice("answer_nothing_reached", {"energies_mev": energies})


def _setting(one: Evaluation) -> dict[str, Any]:
    return {"instrument": one.instrument.name, "settings": dict(one.settings)}


def _hours(one: Evaluation) -> dict[str, Any]:
    return {"basis": one.basis, "hours": one.hours, "hours_low": one.hours_low, "hours_high": one.hours_high}


def _with_hours(one: Evaluation) -> dict[str, Any]:
    counted = tally(one)
    numbers = {"n_measured": counted.n_measured, "n_features": counted.n_features}
    return {**_setting(one), **_hours(one), **numbers}


def _limits(ranking: Ranking, pairs: Sequence[Pair]) -> Iterator[Notice]:
    """Yield what no setting does, then what other instruments cannot do, then how long they take."""
    best = ranking.ranked[0]
    unresolved = [
        pair
        for index, pair in enumerate(pairs)
        if not any(one.pairs[index].is_resolved for one in ranking.ranked)
        and best.pairs[index].verdict != "not reachable"
    ]
    if unresolved:
        closest = min(unresolved, key=lambda pair: pair.separation)
        energies = {"low_mev": closest.low.energy, "high_mev": closest.high.energy}
        yield Notice("no_instrument_resolves", {**energies, "n_more": len(unresolved) - 1})
    takes: list[Notice] = []
    unknown: list[str] = []
    for index in ranking.best[1 : 1 + MAX_OTHERS]:
        other = ranking.ranked[index]
        limit = _limit_of(ranking, other, pairs)
        if limit is None:
            unknown.append(other.instrument.name)
        elif limit.code == "hours_of_instrument":
            takes.append(limit)
        else:
            yield limit
    yield from takes
    if unknown:
        yield Notice("hours_of_instruments_unknown", {"instruments": unknown})


def _limit_of(ranking: Ranking, other: Evaluation, pairs: Sequence[Pair]) -> Notice | None:
    """Return the limit of another instrument, with all its settings; `other` is the best of them.

    None if it has no limit but that its hours are not known.
    """
    best, name = ranking.ranked[0], {"instrument": other.instrument.name}
    settings = [one for one in ranking.ranked if one.instrument is other.instrument]
    merged = [
        pair
        for index, pair in enumerate(pairs)
        if best.pairs[index].is_resolved
        and not any(one.pairs[index].is_resolved for one in settings)
        and any(one.pairs[index].ratio is not None for one in settings)
    ]
    if merged:
        closest = min(merged, key=lambda pair: pair.separation)
        return Notice("cannot_resolve", {**name, "low_mev": closest.low.energy, "high_mev": closest.high.energy})
    lacking = [
        feature.feature.energy
        for index, feature in enumerate(best.features)
        if feature.measured and not any(one.features[index].measured for one in settings)
    ]
    if lacking:
        return Notice("cannot_measure", {**name, "energies_mev": lacking})
    if other.basis == "relative":
        return None
    return Notice("hours_of_instrument", _with_hours(other))
