"""Every code that is given has words, and every word is of a code that is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend import wording
from backend.wording.schemas import NoticeOut
from scattering.core.notices import Notice

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("scattering", "backend", "workers")
MAKERS = ("Notice",)


def _given_codes() -> Iterator[tuple[str, Path]]:
    """Codes that stand as literals in calls of `Notice(...)`."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) in MAKERS and node.args:
                    code = node.args[0]
                    assert isinstance(code, ast.Constant), f"{path}:{node.lineno}: the code of a notice is a literal"
                    yield str(code.value), path


def test_every_code_has_words_and_every_word_a_code() -> None:
    given = {code for code, _ in _given_codes()} | {wording.TEXT}
    assert given == set(wording.all_words())


def test_a_stored_sentence_is_given_back() -> None:
    old = Notice.from_json({"code": wording.TEXT, "params": {"text": "The cell is {large}."}})
    assert wording.message(old) == "The cell is {large}."
    assert NoticeOut.of(old).model_dump() == {**old.to_json(), "message": "The cell is {large}."}


@pytest.mark.parametrize("params", [{}, {"fraction": 0.5}])
def test_an_unknown_code_is_shown_as_it_is(params: dict[str, float]) -> None:
    assert "future_code" in wording.message(Notice("future_code", params))
