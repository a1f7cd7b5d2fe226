"""Readers of structures, potentials and partials refuse files by notices, not by sentences."""

from __future__ import annotations

import ast
from pathlib import Path

from backend import wording
from scattering.core.notices import Notice

BACKEND = Path(__file__).resolve().parents[2] / "backend"
ROOMS = ("datasets", "kit", "structures", "families", "potentials", "observing")
REFUSALS = ("Unreadable", "UnusablePotential", "InvalidNep", "UnreadablePartials")


def test_no_refusal_is_made_of_a_sentence() -> None:
    sentences = []
    for path in (path for room in ROOMS for path in (BACKEND / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS:
                texts = (one for one in node.args if isinstance(one, ast.Constant | ast.JoinedStr | ast.BinOp))
                sentences += [f"{path.relative_to(BACKEND)}:{text.lineno}" for text in texts]
    assert sentences == []


def test_an_archive_states_why_partials_cannot_be_read() -> None:
    wrong = Notice("array_without_numbers", {"array": "q"})
    stated = wording.message(Notice("unreadable_partials", {"wrong": wrong.to_json()}))
    assert stated.endswith(wording.message(wrong))
