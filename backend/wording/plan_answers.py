"""The answer of a plan in one sentence: "TOSCA: 2–4 h for 1 g, 2 mm thick; MAPS cannot resolve 36.5 from 40.4 meV."."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend import wording
from backend.wording.formatting import (
    SPACE,
    counted,
    duration,
    hours_range,
    listed,
    listed_energies,
    number,
    setting_label,
)
from scattering import instruments
from scattering.core.notices import Notice

MAX_G_IN_MG: Final = 0.1
"""Mass in g below which it is stated in mg, and thickness in mm below which it is stated in µm."""


def _sample(mass_g: float, thickness_mm: float, geometry: str) -> str:
    mass = f"{number(mass_g)}{SPACE}g" if mass_g >= MAX_G_IN_MG else f"{number(1e3 * mass_g)}{SPACE}mg"
    thickness = (
        f"{number(thickness_mm)}{SPACE}mm" if thickness_mm >= MAX_G_IN_MG else f"{number(1e3 * thickness_mm)}{SPACE}µm"
    )
    return f"{mass}, {thickness} {'in diameter' if geometry == 'cylinder' else 'thick'}"


def _without(missing_mev: Sequence[float]) -> str:
    return f", without the {'features' if len(missing_mev) > 1 else 'feature'} at {listed_energies(missing_mev)}"


def _label(instrument: str, settings: Mapping[str, Any]) -> str:
    return setting_label(instruments.get(instrument), settings)


def _sentence(clauses: Sequence[str], limits: Sequence[Mapping[str, Any]]) -> str:
    return f"{'; '.join([*clauses, *(wording.message(Notice.from_json(one)) for one in limits)])}."


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
        f"{_label(instrument, settings)}: {hours_range(hours_low, hours_high)} for "
        f"{_sample(mass_g, thickness_mm, geometry)}{_without(missing_mev) if missing_mev else ''}{remark}"
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
        f"{_label(instrument, settings)} is the best setting for {_sample(mass_g, thickness_mm, geometry)}"
        f"{_without(missing_mev) if missing_mev else ''}, but its hours are not known without a calibration"
    )
    known = [] if with_hours is None else [f"with hours known, {_time_of(_label, **with_hours)}"]
    # It would state the same hours twice
    others = [one for one in limits if with_hours is None or one["params"].get("hours") != with_hours["hours"]]
    return _sentence([first, *known], others)


def _time_of(
    label: Any,
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
    return f"{label(instrument, settings)} takes {hours_range(hours_low, hours_high)}{part}"


def _hours_of_instrument(**taken: Any) -> str:
    return _time_of(lambda instrument, _: instrument, **taken)


def _hours_of_instruments_unknown(*, instruments: Sequence[str]) -> str:
    return f"the hours of {listed(instruments)} are not known"


def _cannot_measure(*, instrument: str, energies_mev: Sequence[float]) -> str:
    return f"{instrument} cannot measure {listed_energies(energies_mev)}"


def _no_instrument_resolves(*, low_mev: float, high_mev: float, n_more: int) -> str:
    more = f", nor {counted(n_more, 'other pair')}" if n_more else ""
    return f"no instrument resolves {low_mev:g} from {high_mev:g}{SPACE}meV{more}"


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
    "cannot_resolve": "{instrument} cannot resolve {low_mev:g} from {high_mev:g}\u00a0meV",
    "cannot_measure": _cannot_measure,
    "no_instrument_resolves": _no_instrument_resolves,
    "hours_of_instrument": _hours_of_instrument,
    "hours_of_instruments_unknown": _hours_of_instruments_unknown,
}
