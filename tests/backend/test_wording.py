"""Every code that is given has words, and every word is of a code that is given."""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import pytest

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.trust.bullets import BRIEF
from scattering.core.notices import Notice

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("scattering", "backend", "workers")
MAKERS = ("Notice",)


@dataclass(frozen=True)
class Given:
    """A call of `Notice(...)`: where it stands, its code, and the names of its parameters (None: not seen)."""

    where: str
    code: str
    params: frozenset[str] | None


def _given() -> Iterator[Given]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            yield from _given_in(ast.parse(path.read_text("utf-8")), path.relative_to(ROOT).as_posix(), {})


def _given_in(node: ast.AST, name: str, dicts: dict[str, ast.expr]) -> Iterator[Given]:
    """Calls below a node, with the variables that are assigned once in the function around them."""
    if isinstance(node, ast.FunctionDef):
        assigned = [
            one for one in ast.walk(node) if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        ]
        times = Counter(one.targets[0].id for one in assigned)  # type: ignore[attr-defined]
        dicts = {one.targets[0].id: one.value for one in assigned if times[one.targets[0].id] == 1}  # type: ignore[attr-defined]
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) in MAKERS and node.args:
        where, code = f"{name}:{node.lineno}", node.args[0]
        assert isinstance(code, ast.Constant), f"{where}: the code of a notice is a literal"
        yield Given(where, str(code.value), _names(node.args[1:], dicts))
    for child in ast.iter_child_nodes(node):
        yield from _given_in(child, name, dicts)


def _names(given: list[ast.expr], dicts: dict[str, ast.expr]) -> frozenset[str] | None:
    if not given:
        return frozenset()
    params = dicts.get(given[0].id, given[0]) if isinstance(given[0], ast.Name) else given[0]
    if not isinstance(params, ast.Dict) or not all(isinstance(key, ast.Constant) for key in params.keys):
        return None
    return frozenset(str(key.value) for key in params.keys if isinstance(key, ast.Constant))


def test_every_code_has_words_and_every_word_a_code() -> None:
    codes, words = {one.code for one in _given()}, set(wording.all_words())
    brief = {word for word in words if word.startswith(BRIEF)}
    assert codes | {wording.TEXT} == words - brief
    assert {word.removeprefix(BRIEF) for word in brief} <= codes


def test_words_suit_the_parameters_that_codes_are_given_with() -> None:
    wrong = [fault for one in _given() for code in (one.code, BRIEF + one.code) for fault in _faults(one, code)]
    assert wrong == []


def _faults(one: Given, code: str) -> list[str]:
    words = wording.all_words().get(code)
    if one.params is None or words is None:
        return []
    if isinstance(words, str):
        wanted = {name.split(".")[0].split("[")[0] for _, name, *_ in Formatter().parse(words) if name}
        return [f"{one.where}: {code} lacks {wanted - one.params}"] if wanted - one.params else []
    try:
        inspect.signature(words).bind(**dict.fromkeys(one.params))
    except TypeError as error:
        return [f"{one.where}: {code}: {error}"]
    return []


def test_a_stored_sentence_is_given_back() -> None:
    old = Notice.from_json({"code": wording.TEXT, "params": {"text": "The cell is {large}."}})
    assert wording.message(old) == "The cell is {large}."
    assert NoticeOut.of(old).model_dump() == {**old.to_json(), "message": "The cell is {large}."}


@pytest.mark.parametrize("params", [{}, {"fraction": 0.5}])
def test_an_unknown_code_is_shown_as_it_is(params: dict[str, float]) -> None:
    assert "future_code" in wording.message(Notice("future_code", params))


@pytest.mark.parametrize("params", [{}, {"limit_h": "long"}, {"limit_h": None}, {"limit_h": {"a": []}}])
def test_parameters_that_words_do_not_suit_are_shown_as_they_are(params: dict[str, object]) -> None:
    with pytest.warns(RuntimeWarning, match="time_limit"):
        assert wording.message(Notice("time_limit", params)).startswith("time_limit")
