"""The answer of a plan: the best setting, and what the other instruments cannot do."""

from __future__ import annotations

from typing import Any

import pytest

from scattering import instruments
from scattering.core.notices import Notice
from scattering.planning.answer import answer
from scattering.planning.evaluation import Evaluation, FeatureAt
from scattering.planning.features import Feature, Pair
from scattering.planning.ranking import rank
from scattering.planning.rates import Basis
from scattering.planning.resolving import NOT_REACHABLE, PairResolution

from .planned import plate

FEATURES = [Feature(at, True, "peak", 0.5, 0.0, 0.0, {}) for at in (36.5, 40.4, 120.0)]
PAIRS = [Pair(FEATURES[0], FEATURES[1]), Pair(FEATURES[1], FEATURES[2])]
SAMPLE = plate(mass_g=1.0)
MAPS = {"e_init": 150.0, "chopper_package": "A", "chopper_frequency": 400}
BROAD = Notice("above_range", {"end_mev": 100.0})


def setting(
    name: str,
    hours: tuple[float, ...],
    verdicts: tuple[str, ...] = ("resolved", "resolved"),
    basis: Basis = "calibrated",
    settings: dict[str, Any] | None = None,
) -> Evaluation:
    """An instrument that measures features in these hours (0: it does not reach one)."""
    done = [
        FeatureAt(each, None, 1.0, 0.1, None, time, time / 2, 2 * time) if time else FeatureAt(each, BROAD)
        for each, time in zip(FEATURES, hours, strict=True)
    ]
    pairs = [
        NOT_REACHABLE if verdict == "not reachable" else PairResolution(1.5, 0.1, 0.5, verdict)  # type: ignore[arg-type]
        for verdict in verdicts
    ]
    return Evaluation(instruments.get(name), settings or {}, basis, tuple(done), tuple(pairs))


def answered(*settings: Evaluation, beam_time_h: float | None = None) -> Notice:
    ranking = rank(settings, beam_time_h=beam_time_h)
    return answer(ranking, settings, PAIRS, SAMPLE, beam_time_h=beam_time_h)


def limits(notice: Notice) -> list[tuple[str, Any]]:
    return [(one["code"], one["params"]) for one in notice.params["limits"]]


TOSCA = setting("TOSCA", (1.0, 3.0, 2.0))
BLUNT = setting("MAPS", (1.0, 1.0, 1.0), ("not resolved", "resolved"), "absolute", MAPS)


def test_the_best_setting_with_its_hours_and_what_another_instrument_cannot_resolve() -> None:
    found = answered(TOSCA, BLUNT)
    assert found.code == "answer_hours"
    wanted = {
        "instrument": "TOSCA",
        "settings": {},
        "basis": "calibrated",
        "hours": 3.0,
        "hours_low": 1.5,
        "hours_high": 6.0,
        "mass_g": pytest.approx(1.0),
        "thickness_mm": SAMPLE.thickness_mm,
        "geometry": "plate",
        "missing_mev": [],
    }
    assert {name: found.params[name] for name in wanted} == wanted
    assert limits(found) == [("cannot_resolve", {"instrument": "MAPS", "low_mev": 36.5, "high_mev": 40.4})]


def test_an_instrument_is_not_said_to_fail_if_another_of_its_settings_does_not() -> None:
    sharp = setting("MAPS", (900.0, 900.0, 0.0), ("resolved", "not reachable"), "absolute", {**MAPS, "e_init": 60.0})
    assert [code for code, _ in limits(answered(TOSCA, BLUNT, sharp))] == ["hours_of_instrument"]


def test_what_no_instrument_resolves_is_said_first() -> None:
    found = answered(setting("TOSCA", (1.0, 3.0, 2.0), ("unlikely", "resolved")), BLUNT)
    (first, unresolved), (second, other) = limits(found)
    assert (first, unresolved) == ("no_instrument_resolves", {"low_mev": 36.5, "high_mev": 40.4, "n_more": 0})
    assert second == "hours_of_instrument"
    assert {found.params["instrument"], other["instrument"]} == {"TOSCA", "MAPS"}
    assert (other["n_measured"], other["n_features"]) == (3, 3)


def test_what_another_instrument_does_not_reach() -> None:
    low = setting("Lagrange", (1.0, 2.0, 0.0), ("resolved", "not reachable"), "relative")
    found = answered(TOSCA, low)
    assert limits(found) == [("cannot_measure", {"instrument": "Lagrange", "energies_mev": [120.0]})]
    assert answered(low).params["missing_mev"] == [120.0]


@pytest.mark.parametrize(
    ("beam_time_h", "code"),
    [(7.0, "answer_hours"), (4.0, "answer_hours_perhaps_beyond"), (2.0, "answer_hours_beyond")],
)
def test_beam_time(beam_time_h: float, code: str) -> None:
    """3 h, between 1.5 and 6."""
    found = answered(TOSCA, beam_time_h=beam_time_h)
    assert found.code == code
    assert found.params.get("beam_time_h") == (None if code == "answer_hours" else beam_time_h)


def test_without_known_hours_the_best_setting_that_has_some_is_named() -> None:
    relative = setting("TOSCA", (1.0, 3.0, 2.0), basis="relative")
    found = answered(relative, BLUNT)
    assert found.code == "answer_relative"
    assert "hours" not in found.params
    assert found.params["with_hours"]["instrument"] == "MAPS"
    assert found.params["with_hours"]["hours"] == 1.0
    alone = answered(relative)
    assert alone.params["with_hours"] is None
    vision = answered(TOSCA, setting("VISION", (1.0, 3.0, 2.0), basis="relative"))
    assert limits(vision) == [("hours_of_instruments_unknown", {"instruments": ["VISION"]})]


def test_nothing_is_measured() -> None:
    assert answered().code == "answer_no_instrument"
    unreached = setting("TOSCA", (0.0, 0.0, 0.0), ("not reachable", "not reachable"))
    assert answered(unreached) == Notice("answer_nothing_reached", {"energies_mev": [36.5, 40.4, 120.0]})
    slow = setting("TOSCA", (2000.0, 2000.0, 0.0), ("not resolved", "not reachable"))
    assert answered(slow) == Notice("answer_nothing_measured", {"limit_h": 1000.0})
