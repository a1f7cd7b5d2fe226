"""Problem documents as people read them."""

from __future__ import annotations

import pytest

from frontend.client import ApiProblem
from frontend.problems import field_key, field_messages, problem_alert, warning_list

from .components import text


@pytest.mark.parametrize(
    ("loc", "key"),
    [
        ("body.options.supercell.0", "supercell"),
        ("temperature_k", "temperature_k"),
        ("settings.e_init", "e_init"),
        ("instruments.1", "instruments"),
        ("", ""),
    ],
)
def test_field_keys(loc: str, key: str) -> None:
    assert field_key(loc) == key


def test_messages_go_to_the_fields_that_a_form_has() -> None:
    errors = [{"loc": "options.seed", "msg": "too large"}, {"loc": "nowhere", "msg": "?"}]
    problem = ApiProblem(422, "Unprocessable", "", errors)  # type: ignore[arg-type]
    assert field_messages(problem, {"seed", "supercell"}) == {"seed": "too large"}


def test_nothing_is_said_twice() -> None:
    detail = "options.seed: too large"
    problem = ApiProblem(422, "Unprocessable", detail, [{"loc": "options.seed", "msg": "too large"}])
    alert = problem_alert(problem, title="Not like this")
    assert text(alert).count("oo large") == 1
    assert alert.title == "Not like this"


def test_a_file_is_spoken_of_by_the_detail() -> None:
    problem = ApiProblem(422, "Unprocessable", "The file is empty.", [{"loc": "file", "msg": "is empty"}])
    assert "The file is empty." in text(problem_alert(problem))
    assert "is empty:" not in text(problem_alert(problem))


def test_a_failing_server_keeps_its_own_title() -> None:
    assert problem_alert(ApiProblem(503, "Unavailable", "later"), title="Bad file").title == "Unavailable"


def test_no_warnings_no_box() -> None:
    assert warning_list([], title="x") is None
    assert "one" in text(warning_list(["one", "two"], title="x"))
