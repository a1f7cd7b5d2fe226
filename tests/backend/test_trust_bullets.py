"""The three lines that tell most about the reliability: the rule that chooses them, the route and the reports."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any, get_args

import pytest

from backend import wording
from backend.kit.settings import Settings
from backend.trust.bullets import MOST_TELLING_TOPICS, choose_bullets
from backend.trust.points import Point
from backend.trust.schemas import N_BULLETS, Topic, Verdict
from backend.wording import trust_briefly
from backend.wording.formatting import percent
from backend.wording.reports import HEADINGS
from backend.wording.trust import TOPICS
from scattering.core.notices import Notice

from .conftest import Client
from .predicting import ask, run, succeeded
from .reporting import text_of
from .test_trust import findings, trust
from .test_wording_trust import notices

MAX_CHARACTERS = 160
"""A line of a list, not a paragraph."""
DISPLACED = Notice("atoms_displaced_by_relaxation")


def points(**verdicts: Verdict) -> list[Point]:
    """All points, good unless said otherwise."""
    assert set(verdicts) <= set(MOST_TELLING_TOPICS)
    return [
        Point(topic, verdicts.get(topic, "good"), Notice("text", {"text": topic}))
        for topic in reversed(MOST_TELLING_TOPICS)
    ]


def chosen(*objections: Notice, **verdicts: Verdict) -> list[str]:
    return [bullet.topic for bullet in choose_bullets(points(**verdicts), objections)]


def test_every_topic_has_its_place_and_title() -> None:
    assert sorted(MOST_TELLING_TOPICS) == sorted(TOPICS) == sorted(get_args(Topic))


@pytest.mark.parametrize(
    ("verdicts", "topics"),
    [
        # Nothing was compared, and nothing else is wrong: a harmonic forecast by a general potential
        (
            {"phonons": "unknown", "potential": "fair", "anharmonicity": "unknown", "method": "fair"},
            ["phonons", "potential", "anharmonicity"],
        ),
        # What is poor comes first, however little its topic tells in general
        (
            {"phonons": "unknown", "potential": "fair", "quantum": "poor", "training": "poor"},
            ["quantum", "training", "phonons"],
        ),
        # Fair and unknown ones are equal
        ({"phonons": "good", "method": "fair", "training": "unknown"}, ["training", "method", "phonons"]),
        # A comparison has its place even if it is good, and the potential in general tells nothing beside it
        (
            {"phonons": "good", "potential": "fair", "anharmonicity": "unknown", "method": "fair", "run": "fair"},
            ["run", "anharmonicity", "phonons"],
        ),
        ({"phonons": "fair", "potential": "fair", "method": "fair"}, ["phonons", "method", "quantum"]),
        # But not before three poor ones
        (
            {"phonons": "good", "quantum": "poor", "stability": "poor", "method": "poor"},
            ["quantum", "stability", "method"],
        ),
        ({}, ["phonons", "quantum", "run"]),
    ],
)
def test_what_limits_most_comes_first(verdicts: dict[str, Verdict], topics: list[str]) -> None:
    assert chosen(**verdicts) == topics


def test_an_objection_without_a_point_has_a_line() -> None:
    bullets = choose_bullets(
        points(phonons="unknown", training="poor"), [Notice("structure_outside_training"), DISPLACED]
    )
    assert [(one.topic, one.verdict) for one in bullets] == [
        ("stability", "poor"),
        ("training", "poor"),
        ("phonons", "unknown"),
    ]
    assert bullets[0].notice.code == "brief_atoms_displaced_by_relaxation"


def test_there_are_always_three_in_the_order_of_their_verdicts() -> None:
    rank = {"poor": 0, "fair": 1, "unknown": 1, "good": 2}
    topics = ("phonons", "potential", "quantum", "method")
    for verdicts in itertools.product(get_args(Verdict), repeat=len(topics)):
        for objections in ((), (DISPLACED,)):
            bullets = choose_bullets(points(**dict(zip(topics, verdicts, strict=True))), objections)
            assert len(bullets) == N_BULLETS
            assert len({one.notice.params.get("text") for one in bullets}) == N_BULLETS
            ranks = [rank[one.verdict] for one in bullets]
            assert ranks == sorted(ranks)


def of_points() -> Iterator[Notice]:
    """The brief forms of all notices of points."""
    for notice in notices():
        code = f"brief_{notice.code}"
        if code in trust_briefly.WORDS:
            yield Notice(code, notice.params)


def test_every_point_has_a_short_line() -> None:
    made = {notice.code: wording.message(notice) for notice in of_points()}
    assert set(made) == set(trust_briefly.WORDS)
    for code, text in made.items():
        assert len(text) <= MAX_CHARACTERS, (code, text)
        assert "{" not in text, code
        assert text.endswith("."), code
        assert code not in text, text


@pytest.mark.parametrize(
    ("warnings", "ending"),
    [
        (["It is small."], "It is small."),
        (["A.", "B."], "(1 more warning.)"),
        (["A.", "B.", "C."], "(2 more warnings.)"),
    ],
)
def test_a_line_has_the_first_warning_and_the_number_of_the_others(warnings: list[str], ending: str) -> None:
    stored = [Notice("text", {"text": text}).to_json() for text in warnings]
    text = wording.message(Notice("brief_run_with_warnings", {"warnings": stored}))
    assert text.startswith(warnings[0])
    assert text.endswith(ending)


def test_the_line_names_the_nuclei_that_lack_most() -> None:
    params = {"temperature_k": 10.0, "highest_mev": 400.0, "reduced_highest": 460.0}
    text = wording.message(
        Notice("brief_zero_point_motion_missing", {**params, "missing_energy": {"C": 0.9, "H": 0.98}})
    )
    assert f"{percent(0.98)} of the vibrational energy of H" in text
    none = wording.message(Notice("brief_zero_point_motion_missing", {**params, "missing_energy": {}}))
    assert "zero-point motion" in none


def lines(told: Mapping[str, Any]) -> list[str]:
    return [one["message"] for one in told["bullets"]]


def test_the_route_has_exactly_three(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    told = trust(client, succeeded(client, settings, structure))
    assert [(one["topic"], one["verdict"], one["code"]) for one in told["bullets"]] == [
        ("phonons", "unknown", "brief_phonons_not_computed"),
        ("potential", "fair", "brief_potential_documented"),
        ("run", "fair", "brief_run_with_warnings"),
    ]
    assert told["bullets"][0]["params"] == {"material": "silicon"}
    assert lines(told)[0] == wording.message(Notice("brief_phonons_not_computed", {"material": "silicon"}))


@pytest.mark.parametrize(
    "found",
    [
        findings(),
        findings(imaginary_fraction=0.2, lowest_energy_mev=-20.0, largest_shift_angstrom=0.5),
        findings(1.0, training_range={"largest": 2.5, "spread": 1.5}),
        {"species": ["Si"]},
    ],
    ids=["biased", "unstable", "outside training", "not compared"],
)
def test_reports_have_the_three_lines_of_the_route(
    client: Client, settings: Settings, structure: dict[str, Any], found: dict[str, Any]
) -> None:
    prediction_id = ask(client, structure)["id"]
    run(settings, prediction_id, found)
    told = trust(client, prediction_id)
    page = client.get(f"/predictions/{prediction_id}/report.html").text
    after = page[page.index(f"<h2>{HEADINGS['reliability']}</h2>") :]
    first, folded = re.findall(r"<ul>(.*?)</ul>", after, re.DOTALL)[:2]
    assert [unescape(one) for one in re.findall(r"<li>(.*?)</li>", first)] == lines(told)
    assert [unescape(one) for one in re.findall(r"<li>(.*?)</li>", folded)] == [one["text"] for one in told["points"]]
    assert after.index("<details>") > after.index(first)
    assert told["label"] in unescape(after)
    printed = text_of(client.get(f"/predictions/{prediction_id}/report.pdf").content)[1]
    for words in (told["label"], *lines(told)):
        # The column beside the figure breaks lines anywhere: compare the letters
        assert re.sub(r"\W", "", words)[:20] in re.sub(r"\W", "", printed)
