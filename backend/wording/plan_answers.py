"""The answer of a plan in one short sentence: "TOSCA: 2–4 h for 1 g; MAPS cannot resolve 36.5 from 40.4 meV."."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend import wording
from backend.wording.formatting import (
    SPACE,
    counted,
    duration,
    feature_energy,
    hours_range,
    listed,
    listed_energies,
    number,
)
from scattering.core.notices import Notice

MAX_G_IN_MG: Final = 0.1
"""Mass in g below which it is stated in mg."""
MAX_LIMITS: Final = 1
"""Limits that the sentence states, the most important first; the table behind it has all."""
MAX_MISSING: Final = 2
"""Missing features that the sentence names; more are counted."""


def _mass(mass_g: float) -> str:
    return f"{number(mass_g)}{SPACE}g" if mass_g >= MAX_G_IN_MG else f"{number(1e3 * mass_g)}{SPACE}mg"


def _without(missing_mev: Sequence[float]) -> str:
    if not missing_mev:
        return ""
    if len(missing_mev) > MAX_MISSING:
        return f" without {len(missing_mev)} of the features"
    return f" without {listed_energies(missing_mev)}"


def _label(instrument: str, settings: Mapping[str, Any]) -> str:
    """Return an instrument with its incident energy; the table behind the answer has the other settings."""
    energy = settings.get("e_init")
    return instrument if energy is None else f"{instrument} at {energy:g}{SPACE}meV"


def _sentence(clauses: Sequence[str], limits: Sequence[Mapping[str, Any]]) -> str:
    stated = [wording.message(Notice.from_json(one)) for one in limits[:MAX_LIMITS]]
    return f"{'; '.join([*clauses, *stated])}."


def _answer_hours(
    *,
    instrument: str,
    settings: Mapping[str, Any],
    basis: str,
    hours: float,
    hours_low: float,
    hours_high: float,
    mass_g: float,
    thickness_mm: float,
    geometry: str,
    missing_mev: Sequence[float],
    limits: Sequence[Mapping[str, Any]],
    remark: str = "",
) -> str:
    first = (
        f"{_label(instrument, settings)}: {hours_range(hours_low, hours_high)} for {_mass(mass_g)}"
        f"{_without(missing_mev)}{remark}"
    )
    return _sentence([first], limits)


def _answer_hours_beyond(*, beam_time_h: float, **answer: Any) -> str:
    return _answer_hours(**answer, remark=f", more than the {duration(beam_time_h)} of beam time")


def _answer_hours_perhaps_beyond(*, beam_time_h: float, **answer: Any) -> str:
    return _answer_hours(**answer, remark=f", perhaps more than the {duration(beam_time_h)} of beam time")


def _answer_relative(
    *,
    instrument: str,
    settings: Mapping[str, Any],
    mass_g: float,
    thickness_mm: float,
    geometry: str,
    missing_mev: Sequence[float],
    limits: Sequence[Mapping[str, Any]],
    with_hours: Mapping[str, Any] | None,
) -> str:
    first = (
        f"{_label(instrument, settings)} for {_mass(mass_g)}{_without(missing_mev)}: "
        "hours not known without a calibration"
    )
    return _sentence([first], limits) if with_hours is None else _sentence([first, _time_of(**with_hours)], [])


def _time_of(
    *,
    instrument: str,
    settings: Mapping[str, Any],
    basis: str,
    hours: float,
    hours_low: float,
    hours_high: float,
    n_measured: int,
    n_features: int,
) -> str:
    part = f" for {n_measured} of {n_features} features" if n_measured < n_features else ""
    return f"{instrument} takes {hours_range(hours_low, hours_high)}{part}"


def _hours_of_instruments_unknown(*, instruments: Sequence[str]) -> str:
    return f"the hours of {listed(instruments)} are not known"


def _cannot_measure(*, instrument: str, energies_mev: Sequence[float]) -> str:
    return f"{instrument} cannot measure {listed_energies(energies_mev)}"


def _no_instrument_resolves(*, low_mev: float, high_mev: float, n_more: int) -> str:
    more = f", nor {counted(n_more, 'other pair')}" if n_more else ""
    return f"no instrument resolves {_from(low_mev, high_mev)}{more}"


def _cannot_resolve(*, instrument: str, low_mev: float, high_mev: float) -> str:
    return f"{instrument} cannot resolve {_from(low_mev, high_mev)}"


def _from(low_mev: float, high_mev: float) -> str:
    return f"{feature_energy(low_mev)} from {feature_energy(high_mev)}{SPACE}meV"


def _answer_nothing_reached(*, energies_mev: Sequence[float]) -> str:
    return (
        f"No instrument within the constraints reaches {listed_energies(energies_mev)}: loosen the constraints, or "
        "choose other features."
    )


def _answer_nothing_measured(*, limit_h: float) -> str:
    return (
        f"No setting measures a feature within {duration(limit_h)}: use more sample, choose other features, or lower "
        "the signal-to-noise ratio."
    )


WORDS: Final[Mapping[str, wording.Words]] = {
    "answer_hours": _answer_hours,
    "answer_hours_beyond": _answer_hours_beyond,
    "answer_hours_perhaps_beyond": _answer_hours_perhaps_beyond,
    "answer_relative": _answer_relative,
    "answer_no_instrument": "No instrument within the constraints transmits neutrons for these features: loosen the "
    "constraints.",
    "answer_nothing_reached": _answer_nothing_reached,
    "answer_nothing_measured": _answer_nothing_measured,
    # Clauses of the answer
    "cannot_resolve": _cannot_resolve,
    "cannot_measure": _cannot_measure,
    "no_instrument_resolves": _no_instrument_resolves,
    "hours_of_instrument": _time_of,
    "hours_of_instruments_unknown": _hours_of_instruments_unknown,
}
