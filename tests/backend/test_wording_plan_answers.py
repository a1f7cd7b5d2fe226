"""The answer of a plan in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from backend import wording
from backend.wording import plan_answers
from backend.wording.formatting import hours_range
from scattering.core.notices import Notice

MAPS = {"e_init": 120.0, "chopper_package": "A", "chopper_frequency": 400}
SAMPLE = {"mass_g": 1.0, "thickness_mm": 1.234, "geometry": "plate"}
HOURS = {"basis": "calibrated", "hours": 3.0, "hours_low": 2.0, "hours_high": 4.0}
TOSCA = {"instrument": "TOSCA", "settings": {}, **SAMPLE, "missing_mev": [], "limits": []}
MERGED = Notice("cannot_resolve", {"instrument": "MAPS", "low_mev": 36.5, "high_mev": 40.4}).to_json()
SLOW = {"instrument": "MAPS", "settings": MAPS, "basis": "absolute", "hours": 5.0, "hours_low": 2.5, "hours_high": 10.0}
SLOW |= {"n_measured": 7, "n_features": 8}


def told(code: str, **params: Any) -> str:
    return wording.message(Notice(code, params)).replace("\u00a0", " ")


def test_hours_of_the_best_and_the_limit_of_another() -> None:
    assert told("answer_hours", **HOURS, **{**TOSCA, "limits": [MERGED]}) == (
        "TOSCA: 2–4 h for 1 g; MAPS cannot resolve 36.5 from 40.4 meV."
    )


def test_beam_time_and_missing_features() -> None:
    params = {**TOSCA, **HOURS, "missing_mev": [450.0], "beam_time_h": 1.5}
    assert told("answer_hours_beyond", **params) == (
        "TOSCA: 2–4 h for 1 g without 450 meV, more than the 1.5 h of beam time."
    )
    assert "perhaps more than the 1.5 h" in told("answer_hours_perhaps_beyond", **params)
    many = {**TOSCA, **HOURS, "missing_mev": [40.0, 136.25, 450.0]}
    assert told("answer_hours", **many) == "TOSCA: 2–4 h for 1 g without 3 of the features."


def test_the_sentence_states_the_most_important_limit_only() -> None:
    taken = Notice("hours_of_instrument", SLOW).to_json()
    assert told("answer_hours", **HOURS, **{**TOSCA, "limits": [MERGED, taken]}) == (
        "TOSCA: 2–4 h for 1 g; MAPS cannot resolve 36.5 from 40.4 meV."
    )
    on_maps = {**HOURS, **TOSCA, "instrument": "MAPS", "settings": MAPS}
    assert told("answer_hours", **on_maps) == "MAPS at 120 meV: 2–4 h for 1 g."


def test_hours_that_are_not_known() -> None:
    assert told("answer_relative", **TOSCA, with_hours=None) == (
        "TOSCA for 1 g: hours not known without a calibration."
    )
    same = Notice("hours_of_instrument", SLOW).to_json()
    assert told("answer_relative", **{**TOSCA, "limits": [same]}, with_hours=SLOW) == (
        "TOSCA for 1 g: hours not known without a calibration; MAPS takes 2.5–10 h for 7 of 8 features."
    )


def test_small_samples_have_small_units() -> None:
    small = {**TOSCA, **HOURS, "mass_g": 0.05, "thickness_mm": 0.02, "geometry": "cylinder"}
    assert told("answer_hours", **small) == "TOSCA: 2–4 h for 50 mg."


def test_every_code_makes_a_sentence() -> None:
    made = {
        "answer_no_instrument": told("answer_no_instrument"),
        "answer_nothing_reached": told("answer_nothing_reached", energies_mev=[450.0]),
        "answer_nothing_measured": told("answer_nothing_measured", limit_h=1000.0),
    }
    clauses = {
        "cannot_resolve": told("cannot_resolve", **MERGED["params"]),
        "cannot_measure": told("cannot_measure", instrument="Lagrange", energies_mev=[450.0, 460.0]),
        "no_instrument_resolves": told("no_instrument_resolves", low_mev=36.5, high_mev=40.4, n_more=2),
        "hours_of_instrument": told("hours_of_instrument", **SLOW),
        "hours_of_instruments_unknown": told("hours_of_instruments_unknown", instruments=["TOSCA", "VISION"]),
    }
    assert all(text.endswith(".") and "{" not in text for text in made.values())
    assert not any(text.endswith(".") or "{" in text for text in clauses.values())
    hours = {"answer_hours", "answer_hours_beyond", "answer_hours_perhaps_beyond", "answer_relative"}
    assert {*made, *clauses, *hours} == set(plan_answers.WORDS)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (2.0, 4.0, "2–4 h"),
        (0.5, 2.0, "30 min – 2 h"),
        (3.0, 3.01, "3 h"),
        (0.001, 0.1, "up to 6 min"),
        (120.0, 240.0, "5–10 days"),
    ],
)
def test_a_band_of_hours(low: float, high: float, text: str) -> None:
    assert hours_range(low, high) == text
