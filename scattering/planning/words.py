"""Settings, hours and choices in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scattering.instruments import Instrument, resolution
from scattering.planning.calibration import UNCERTAINTY, Calibration
from scattering.planning.evaluation import FAR, Evaluated, FeatureAt
from scattering.planning.features import Pair
from scattering.planning.projection import unsimulated
from scattering.planning.ranking import Ranking
from scattering.planning.rates import DETECTORS_UNCERTAINTY, ROOM_PER_M_H, Basis, known_flux
from scattering.planning.resolving import UNKNOWN_RESOLUTION

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

LISTED = 4
NOTABLE_SHARE = 0.1


def label(instrument: Instrument, settings: Mapping[str, Any]) -> str:
    """An instrument as it is set: "MAPS, Eᵢ = 120 meV, A, 400 Hz"."""
    parts = [instrument.name]
    for setting in instrument.settings:
        value = settings.get(setting.name, setting.default)
        if setting.name == "e_init":
            parts.append(f"Eᵢ = {value:g} meV")
        elif setting.type == "string":
            parts.append(str(value))
        else:
            parts.append(f"{value:g} {setting.unit}" if setting.unit else f"{value:g}")
    return ", ".join(parts)


def hours(value: float) -> str:
    """Hours as one says them: minutes below one, days above four."""
    if value < 1 / 60:
        return "under a minute"
    if value < 1:
        return f"{60 * value:.0f} min"
    if value < 10:
        return f"{value:.1f} h".replace(".0 h", " h")
    return f"{value:.0f} h" if value < 96 else f"{value / 24:.0f} days"


def power_of_ten(value: float) -> str:
    """A number too large or too small to be written out: 2.5 × 10⁷."""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits.removesuffix('.0')} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def percent(share: float) -> str:
    """A share as one writes it."""
    return f"{100 * share:.0f} %"


def band(value: float, low: float, high: float) -> str:
    """Hours with their band."""
    return f"{hours(value)} ({hours(low)} to {hours(high)})"


def not_simulated(one: Evaluated, q_end: float) -> tuple[str, ...]:
    """A sentence where detectors see much that was not simulated: up to `q_end`, Å⁻¹."""
    shares = {
        each.feature.energy: unsimulated(q_end, one.instrument, one.settings, each.feature.energy)
        for each in one.measured
    }
    most = max(shares, key=lambda energy: shares[energy], default=None)
    if most is None or shares[most] < NOTABLE_SHARE:
        return ()
    return (
        f"{percent(shares[most])} of what its detectors see at {most:g} meV lies beyond the {q_end:.0f} Å⁻¹ that were "
        "simulated, and counts as the rest.",
    )


def rests_on(
    instrument: Instrument, settings: Mapping[str, Any], basis: Basis, calibration: Calibration | None
) -> tuple[str, ...]:
    """Where the numbers come from, and how far they may be off."""
    found = []
    if calibration is not None and basis == "calibrated":
        found.append(f"{calibration.words} Rates are taken to be right within {percent(UNCERTAINTY)}.")
        if calibration.kappa is None:
            found.append(f"It counted {calibration.factor:.2g} times what was computed.")
    at = known_flux(instrument, settings)
    if basis == "absolute" and at is not None and instrument.detectors is not None:
        found.append(
            f"Flux {power_of_ten(at.value)} n/(cm² s) at {at.power}, computed with PyChop and known within a factor of "
            f"{1 + at.relative_uncertainty:g}; detectors of {instrument.detectors.solid_angle:g} sr within "
            f"{percent(DETECTORS_UNCERTAINTY)}; the room as MARI's, {ROOM_PER_M_H:g} counts an hour and metre of tube."
        )
    if basis == "relative":
        found.append(
            "Nobody gives its flux and efficiency: hours follow once it is calibrated with data of your own"
            f"{', measured with these settings' if instrument.settings else ''}."
        )
    known = resolution.relative_uncertainty(instrument, instrument.validate(settings))
    found.append(
        f"Resolution within {percent(known)}."
        if known is not None
        else f"Resolution taken to be right within {percent(UNKNOWN_RESOLUTION)}: it was never compared with data."
    )
    return tuple(found)


def explanation(ranking: Ranking, index: int, pairs: Sequence[Pair], *, beam_time_h: float | None) -> str:
    """Why a setting is among the best: what it shows, what it takes, and what one would gain or lose beside it."""
    one = ranking.ranked[index]
    sentences = [_reach(one), *_pairs(one, pairs), _time(one, beam_time_h)]
    sentences += _alternatives(ranking, index)
    return " ".join(sentence for sentence in sentences if sentence)


def _energies(features: Sequence[FeatureAt]) -> str:
    named = [f"{one.feature.energy:g}" for one in features[:LISTED]]
    more = f" and {len(features) - LISTED} more" if len(features) > LISTED else ""
    return f"{', '.join(named)}{more} meV"


def _reach(one: Evaluated) -> str:
    n = len(one.features)
    measured = one.measured
    missed = [feature for feature in one.features if not feature.reachable]
    washed = [feature for feature in one.features if feature.reachable and feature.hours == float("inf")]
    faint = [feature for feature in one.features if FAR <= feature.hours < float("inf")]
    if len(measured) == n:
        text = "Measures the feature." if n == 1 else f"Measures all {n} features."
    else:
        text = f"Measures {len(measured)} of {n} features."
    if missed:
        text += f" Does not reach {_energies(missed)}: {missed[0].why}."
    if washed:
        text += f" At its resolution nothing stands out at {_energies(washed)}."
    if faint:
        text += f" At {_energies(faint)} six weeks would not suffice."
    return text


def _pairs(one: Evaluated, pairs: Sequence[Pair]) -> list[str]:
    told = [
        (resolved.ratio, pair, resolved)
        for pair, resolved in zip(pairs, one.pairs, strict=True)
        if resolved.ratio is not None
    ]
    if not told:
        return []
    ratio, pair, resolved = min(told, key=lambda each: each[0])
    between = f"{pair.low.energy:g} and {pair.high.energy:g} meV, {ratio:.1f} widths apart"
    if one.n_resolved == len(pairs):
        return [f"Tells {'both' if len(pairs) == 1 else f'all {len(pairs)} pairs'} apart (closest: {between})."]
    if one.n_resolved == 0:
        return [f"Tells no pair apart ({between}, is {resolved.verdict})."]
    return [f"Tells {one.n_resolved} of {len(pairs)} pairs apart; {between}, is {resolved.verdict}."]


def _time(one: Evaluated, beam_time_h: float | None) -> str:
    slowest = max(one.measured, key=lambda each: each.hours).feature
    if one.basis == "relative":
        return (
            f"How long is not known: nobody gives its flux. The slowest feature is {slowest.energy:g} meV; "
            "calibrate with data of your own to get hours."
        )
    text = f"Takes {band(one.hours, one.hours_low, one.hours_high)}, longest for {slowest.energy:g} meV."
    if beam_time_h is not None and one.hours > beam_time_h:
        text += f" That is more than the {beam_time_h:g} h asked for."
    elif beam_time_h is not None and one.hours_high > beam_time_h:
        text += f" If the rates are at their low end, the {beam_time_h:g} h asked for do not suffice."
    return text


def _alternatives(ranking: Ranking, index: int) -> list[str]:
    """The quickest and the sharpest setting of the same instrument that measures as much."""
    one = ranking.ranked[index]
    same = [
        other
        for other in ranking.ranked
        if other.instrument is one.instrument and other is not one and len(other.measured) >= len(one.measured)
    ]
    if not same or one.resolution_percent is None:
        return []
    found = []
    sharper = [
        other
        for other in same
        if other.resolution_percent is not None and other.resolution_percent < 0.85 * one.resolution_percent
    ]
    if sharper:
        other = min(sharper, key=lambda each: each.hours)
        found.append(f"Sharper: {_change(one, other)}.")
    quicker = [other for other in same if other.hours < 0.7 * one.hours]
    if quicker:
        other = min(quicker, key=lambda each: each.resolution_percent or float("inf"))
        found.append(f"Quicker: {_change(one, other)}.")
    return found


def _change(one: Evaluated, other: Evaluated) -> str:
    changed = {name: value for name, value in other.settings.items() if value != one.settings.get(name)}
    named = label(other.instrument, other.settings).partition(", ")[2] if changed else "the same"
    return (
        f"{named} ({other.resolution_percent:.1f} % instead of {one.resolution_percent:.1f} %, "
        f"{other.hours / one.hours:.1f} times as long)"
    )
