"""What a job does at its end, where the database is lost between the result's move and the commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.tasks import _Result


def test_a_result_is_published_once_though_it_is_done_twice(tmp_path: Path) -> None:
    written, place = tmp_path / "result-of-a-lease", tmp_path / "partials.h5"
    written.write_text("partials")
    result = _Result(written, place)
    for _ in range(2):
        result.publish()
    assert place.read_text() == "partials"
    assert not written.exists()


def test_a_result_that_is_nowhere_is_not_taken_for_published(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _Result(tmp_path / "lost", tmp_path / "partials.h5").publish()
