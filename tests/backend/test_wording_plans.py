"""Sentences about plans: every code of them makes one from the parameters that it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend import wording
from backend.wording import formatting, plans
from scattering import instruments
from scattering.core.notices import Notice
from scattering.observe.view import View
from scattering.planning.calibration import Calibration
from scattering.planning.evaluation import Evaluation, FeatureAt
from scattering.planning.features import Feature, Pair, find_features
from scattering.planning.findings import basis_of_numbers, explanation, unsimulated_q, verdict_notice
from scattering.planning.ranking import Ranking
from scattering.planning.resolving import NOT_REACHABLE, PairResolution, Verdict
from scattering.planning.tally import Tally, tally, tally_notice
from tests.scattering.planned import lines

MAPS, TOSCA = instruments.get("MAPS"), instruments.get("TOSCA")
SETTINGS = {"e_init": 120.0, "chopper_package": "A", "chopper_frequency": 400}
FEATURES = [Feature(at, True, "peak", 0.5, 0.0, 0.0, {}) for at in (40.0, 44.0, 50.0, 60.0, 70.0, 80.0)]
OUT_OF_REACH = (
    Notice("above_incident_fraction", {"end_mev": 42.75, "incident_fraction": 0.95}),
    Notice("above_range", {"end_mev": 500.0}),
    Notice("perhaps_above_range", {"end_mev": 42.75, "energy_uncertainty_mev": 4.0}),
    Notice("under_elastic_line", {"fwhm_mev": 2.4}),
    Notice("below_range", {"start_mev": 0.8}),
    Notice("no_intensity_in_window"),
)
CALIBRATION = Calibration(
    "MAPS",
    SETTINGS,
    np.array([40.0]),
    None,
    np.zeros(1),
    1.7,
    Notice(
        "calibrated_by_dataset", {"dataset": "run 7", "mass_g": 3.0, "exposure_uah": 320.0, "relative_uncertainty": 0.2}
    ),
)


def resolved(verdict: Verdict) -> PairResolution:
    return PairResolution(2.6, 0.4, 0.97, verdict)


def evaluated(verdicts: tuple[Verdict, ...] = ("resolved",), *, hours: float = 4.0, fwhm: float = 2.0) -> Evaluation:
    """MAPS, which measures two features, and not four others for three reasons."""
    done = [FeatureAt(each, None, fwhm, 0.1, None, hours, hours / 2, 2 * hours) for each in FEATURES[:2]]
    done += [FeatureAt(FEATURES[2], None, fwhm, 0.1, None, *3 * (2000.0,)), FeatureAt(FEATURES[3], None, fwhm)]
    done += [FeatureAt(each, OUT_OF_REACH[0]) for each in FEATURES[4:]]
    return Evaluation(MAPS, SETTINGS, "absolute", tuple(done), tuple(resolved(verdict) for verdict in verdicts))


PAIR = Pair(FEATURES[0], FEATURES[1])


def told(verdicts: tuple[Verdict, ...] = ("resolved",), **more: Any) -> list[str]:
    ranking = Ranking((evaluated(verdicts),), frozenset(), (0,))
    return wording.messages(explanation(ranking, 0, [PAIR] * len(verdicts), **{"beam_time_h": None, **more}))


def notices() -> Iterator[Notice]:
    """Every notice that plans give."""
    yield from OUT_OF_REACH
    for verdict in ("resolved", "likely", "unlikely", "not resolved"):
        yield verdict_notice(PAIR, resolved(verdict))
    yield verdict_notice(PAIR, NOT_REACHABLE)
    yield verdict_notice(PAIR, resolved("likely").without([44.0]))
    yield tally_notice(tally(evaluated()))
    one = evaluated()
    ranked = (one, evaluated(fwhm=1.0), evaluated(hours=1.0))
    for limit in (1.0, 6.0):
        yield from explanation(Ranking(ranked, frozenset(), (0,)), 0, [PAIR], beam_time_h=limit)
    yield from explanation(Ranking((replace(one, basis="relative"),), frozenset(), (0,)), 0, [PAIR], beam_time_h=None)
    yield from unsimulated_q(one, 3.0)
    yield from basis_of_numbers(MAPS, SETTINGS, "absolute", None)
    yield from basis_of_numbers(MAPS, SETTINGS, "calibrated", CALIBRATION)
    yield from basis_of_numbers(instruments.get("ARCS"), instruments.get("ARCS").defaults, "absolute", None)
    yield from basis_of_numbers(TOSCA, {}, "relative", None)
    yield from find_features(lines(), View(), given=[70.0], pairs=None, energy_relative_uncertainty=0.0).warnings
    # These are given by requests
    yield Notice("known_energy_bias", {"bias": -0.11, "energy_scale": 1.12})
    yield Notice("natural_mass_frequencies")
    yield Notice("powder_average_hours")
    yield Notice(
        "calibrated_by_standard",
        {
            "standard": "vanadium",
            "mass_g": 25.0,
            "from_mev": 12.0,
            "to_mev": 36.0,
            "relative_uncertainty": 0.2,
            "source": "run 31415",
            "entered_by": "A. Scientist",
            "measured_on": "2026-03-14",
        },
    )
    yield Notice("no_instrument_left")
    yield Notice("nothing_simulated_in_window")
    yield Notice("no_feature_measured", {"limit_h": 1000.0})


def test_every_sentence_is_made_from_its_parameters() -> None:
    made = {notice.code: wording.message(notice) for notice in notices()}
    assert set(made) == set(plans.WORDS)
    phrases = {*(reason.code for reason in OUT_OF_REACH), "nothing_simulated_in_window", "setting_tally"}
    for code, text in made.items():
        assert text.endswith(".") != (code in phrases), code
        assert "{" not in text, code
        assert "  " not in text, code


def test_an_explanation_in_full() -> None:
    assert told(beam_time_h=6.0) == [
        "Measures 2 of 6 target features.",
        "Does not reach 70 and 80 meV: above 43 meV, 95\u00a0% of the incident energy.",
        "At this resolution, the target features at 60 meV are not visible as peaks.",
        "Needs more than 42 days for 50 meV.",
        "Resolves the pair (40 and 44 meV, 2.6 widths apart: resolved).",
        "Takes 4 h (2 to 8 h); the slowest feature is 40 meV.",
        "If the count rates are at the low end of their band, the 6 h of beam time available are not enough.",
    ]


@pytest.mark.parametrize(
    ("verdicts", "start"),
    [
        (("likely", "resolved"), "Resolves all 2 pairs (closest"),
        (("unlikely", "resolved"), "Resolves 1 of 2 pairs (closest"),
        (("unlikely", "not resolved"), "Resolves none of the 2 pairs (closest"),
        (("not resolved",), "Does not resolve the pair (40 and 44 meV, 2.6 widths apart: not resolved)."),
    ],
)
def test_pairs_are_counted(verdicts: tuple[Verdict, ...], start: str) -> None:
    assert told(verdicts)[4].startswith(start)


def test_the_tally_of_a_setting() -> None:
    assert wording.message(tally_notice(Tally(8, 8, 8, 7, 7))) == "8 of 8 features measured, 7 of 7 pairs resolved"
    assert wording.message(tally_notice(Tally(8, 8, 7, 7, 6))) == (
        "7 of 8 features measured (8 in reach), 6 of 7 pairs resolved"
    )
    assert wording.message(tally_notice(Tally(1, 1, 1, 0, 0))) == "1 of 1 feature measured"


def test_of_many_energies_some_are_named() -> None:
    notice = Notice("no_peak_at_features", {"energies_mev": [40.0, 44.5, 50.0, 60.0, 70.0, 80.0]})
    assert "at 40, 44.5, 50, 60 and 2 more meV" in wording.message(notice)


def test_settings_hours_and_bands() -> None:
    assert formatting.setting_label(MAPS, SETTINGS) == "MAPS, Eᵢ = 120 meV, A, 400 Hz"
    assert formatting.band(4.0, 2.0, 8.0) == "4 h (2 to 8 h)"
    assert formatting.band(1.5, 0.5, 4.0) == "1.5 h (30 min to 4 h)"
    assert formatting.band(0.001, 0.001, 0.002) == "under a minute"
    assert plans.counts_unit(0.5, 12.0) == "counts per 0.5 meV in 12 h"
