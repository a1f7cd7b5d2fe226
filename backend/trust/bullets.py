"""The three lines of a reliability assessment that tell most, for pages and reports alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.trust.points import Point
from backend.trust.schemas import N_BULLETS, Topic, Verdict
from scattering.core.notices import Notice

BRIEF: Final = "brief_"
"""Before the code of a notice: the same in one short line."""
MOST_TELLING_TOPICS: Final[Sequence[Topic]] = (
    "phonons",
    "potential",
    "quantum",
    "run",
    "state",
    "stability",
    "lo_modes",
    "statistics",
    "anharmonicity",
    "expansion",
    "magnetism",
    "training",
    "method",
)
"""Topics by what they tell of this forecast: evidence about this crystal first, what holds for every forecast last."""
TOPICS_OF_OBJECTIONS: Final[dict[str, Topic]] = {"atoms_displaced_by_relaxation": "stability"}
"""Objections that no point states, with their topics."""
_RANKS: Final[dict[Verdict, int]] = {"poor": 0, "fair": 1, "unknown": 1, "good": 2}


@dataclass(frozen=True)
class Bullet:
    """One of the three lines; `backend.wording.trust_briefly` has its sentence."""

    topic: Topic
    verdict: Verdict
    notice: Notice


def choose_bullets(points: Sequence[Point], objections: Sequence[Notice]) -> list[Bullet]:
    """Return the three lines that tell most, those that limit the forecast most first.

    The rule (docs/method/trust.md): poor points, then fair and unknown ones, then good ones; of equal ones in the order
    of `MOST_TELLING_TOPICS`. A comparison with measured phonons of this crystal counts as fair even if it is good, and
    replaces the accuracy of the potential in general. The chosen three are put in the order of their verdicts.
    """
    of_objections = [
        Bullet(TOPICS_OF_OBJECTIONS[one.code], "poor", _brief(one))
        for one in objections
        if one.code in TOPICS_OF_OBJECTIONS
    ]
    is_compared = any(one.topic == "phonons" and one.verdict != "unknown" for one in points)
    of_points = [
        Bullet(one.topic, one.verdict, _brief(one.notice))
        for one in points
        if not (is_compared and one.topic == "potential")
    ]
    by_telling = sorted([*of_objections, *of_points], key=_precedence)
    return sorted(by_telling[:N_BULLETS], key=lambda bullet: _RANKS[bullet.verdict])


def _precedence(bullet: Bullet) -> tuple[int, int]:
    rank = _RANKS[bullet.verdict]
    if bullet.topic == "phonons":
        rank = min(rank, _RANKS["fair"])
    return rank, MOST_TELLING_TOPICS.index(bullet.topic)


def _brief(notice: Notice) -> Notice:
    return replace(notice, code=BRIEF + notice.code)
