"""Every code that is given has words, and every word is of a code that is given."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from backend import wording
from backend.kit.http.notices import NoticeOut
from scattering.core.notices import Notice

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("scattering", "backend", "workers")
MAKERS = ("Notice",)


def _calls() -> Iterator[tuple[str, ast.Call]]:
    """Calls of `Notice(...)` with a code in them, and where they stand."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) in MAKERS and node.args:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def _code(where: str, call: ast.Call) -> str:
    assert isinstance(call.args[0], ast.Constant), f"{where}: the code of a notice is a literal"
    return str(call.args[0].value)


def _stated(call: ast.Call) -> set[str] | None:
    """Names of the parameters, where they stand there."""
    if len(call.args) < 2:
        return set()
    params = call.args[1]
    if not isinstance(params, ast.Dict) or not all(isinstance(key, ast.Constant) for key in params.keys):
        return None
    return {key.value for key in params.keys if isinstance(key, ast.Constant)}


def test_every_code_has_words_and_every_word_a_code() -> None:
    given = {_code(where, call) for where, call in _calls()} | {wording.TEXT}
    assert given == set(wording.all_words())


def test_words_suit_the_parameters_that_codes_are_given_with() -> None:
    wrong = []
    for where, call in _calls():
        code, stated = _code(where, call), _stated(call)
        words = wording.all_words().get(code)
        if stated is None or words is None:
            continue
        if isinstance(words, str):
            wanted = {name.split(".")[0].split("[")[0] for _, name, *_ in Formatter().parse(words) if name}
            wrong += [f"{where}: {code} lacks {', '.join(wanted - stated)}"] if wanted - stated else []
            continue
        try:
            inspect.signature(words).bind(**dict.fromkeys(stated))
        except TypeError as error:
            wrong.append(f"{where}: {code}: {error}")
    assert wrong == []


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
