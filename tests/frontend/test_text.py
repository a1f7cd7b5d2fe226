"""Quantities as text and as HTML."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from frontend import text
from frontend.rendering import formula, json_data, space_group


@pytest.mark.parametrize(
    ("n_bytes", "written"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (3.3e6, "3.3 MB"),
        (74e9, "74 GB"),
        (271e9, "271 GB"),
        (2.5e12, "2.5 TB"),
    ],
)
def test_file_sizes(n_bytes: float | None, written: str) -> None:
    assert text.file_size(n_bytes) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
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
def test_durations(seconds: float | None, written: str) -> None:
    assert text.duration(seconds) == written


def test_ages_and_days() -> None:
    now = datetime(2026, 5, 2, 12, 0, tzinfo=UTC)
    assert text.ago("2026-05-02T11:59:30Z", now=now) == "just now"
    assert text.ago("2026-05-02T11:58:30Z", now=now) == "1 minute ago"
    assert text.ago("2026-04-30T12:00:00+00:00", now=now) == "2 days ago"
    assert text.ago("2026-05-02T09:00:00", now=now) == "3 hours ago"  # no zone: UTC
    assert text.ago("yesterday", now=now) == text.ago(None, now=now) == ""
    assert text.day("2026-05-02T11:59:30.5Z") == "2 May 2026"


@pytest.mark.parametrize(
    ("value", "written"), [(0.31416, "0.314"), (12345.0, "12\u202f300"), (0, "0"), (None, "—"), (7, "7")]
)
def test_significant_digits(value: float | None, written: str) -> None:
    assert text.significant(value) == written


def test_formulas_and_space_groups() -> None:
    assert formula("H2O<") == '<span class="formula">H<sub>2</sub>O&lt;</span>'
    assert "3 bar" in space_group("Fd-3m", 227)
    assert "2<sub>1</sub>" in space_group("P2_1/c", 14)
    assert space_group(None) == "not found"


def test_data_cannot_end_their_element() -> None:
    assert "<" not in json_data({"name": "</script>"})
