"""How quantities are written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dash import html

from frontend import notation

from .components import text, walk


def test_formula_has_its_counts_below_the_line() -> None:
    shown = notation.formula("Ba8ScTi7HO24")
    assert text(shown) == "Ba8ScTi7HO24"
    assert [sub.children for sub in walk(shown) if isinstance(sub, html.Sub)] == ["8", "7", "24"]


def test_space_group_bars_and_screws() -> None:
    diamond = notation.space_group("Fd-3m", 227)
    assert text(diamond) == "Fd3m (No. 227)"
    assert [part.children for part in walk(diamond) if getattr(part, "className", "") == "overbar"] == ["3"]
    screw = notation.space_group("P2_1/c", 14)
    assert [sub.children for sub in walk(screw) if isinstance(sub, html.Sub)] == ["1"]
    assert text(notation.space_group(None)) == "not found"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "—"),
        (0.2, "under 1 s"),
        (42, "42 s"),
        (240, "4 min"),
        (3600 * 2.5, "2 h 30 min"),
        (3600 * 2.98, "3 h"),
        (3600 * 60, "2 days"),
    ],
)
def test_durations_are_said_as_a_person_would(seconds: float | None, said: str) -> None:
    assert notation.duration(seconds) == said


def test_ago() -> None:
    now = datetime(2026, 5, 2, 12, 0, tzinfo=UTC)
    assert notation.ago("2026-05-02T11:59:30Z", now=now) == "just now"
    assert notation.ago("2026-05-02T11:58:30Z", now=now) == "1 minute ago"
    assert notation.ago("2026-04-30T12:00:00+00:00", now=now) == "2 days ago"
    assert notation.ago("2026-05-02T09:00:00", now=now) == "3 hours ago"  # no zone: UTC
    assert notation.ago("yesterday", now=now) == notation.ago(None, now=now) == ""


@pytest.mark.parametrize(("value", "said"), [(0.31416, "0.314"), (12345.0, "12 300"), (0, "0"), (None, "—"), (7, "7")])
def test_significant(value: float | None, said: str) -> None:
    assert notation.significant(value) == said
