"""Sentences about files of structures: every key that the readers use has words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from backend import wording
from backend.structures import formats
from backend.structures.formats.aims import UNSUPPORTED
from backend.wording.refusals.structures import EXPECTED, KEYWORD_REASONS, QUANTITIES
from scattering.core.notices import Notice

READERS = [ast.parse(path.read_text("utf-8")) for path in Path(formats.__file__).parent.glob("*.py")]


def literals(*functions: str, argument: int) -> set[str]:
    """Return the literals that the readers pass to these functions as their argument of a place."""
    calls = [node for tree in READERS for node in ast.walk(tree) if isinstance(node, ast.Call)]
    passed = [
        call.args[argument] for call in calls if ast.unparse(call.func) in functions and len(call.args) > argument
    ]
    return {str(one.value) for one in passed if isinstance(one, ast.Constant)}


def test_expected_text_and_quantities_have_words() -> None:
    expected = literals("lines.next", "lines.unexpected", argument=0) | literals("unexpected", argument=1)
    assert expected == EXPECTED.keys()
    quantities = literals("lines.numbers", argument=2) | literals("lines.count", argument=1)
    assert quantities | {"cell", "occupancy"} == QUANTITIES.keys()
    assert UNSUPPORTED | {"mixture"} == KEYWORD_REASONS.keys()


@pytest.mark.parametrize(
    ("place", "start"),
    [
        ({"line": 9, "quantity": "position"}, "Line 9: a position: '1_0' is"),
        ({"line": 2, "quantity": "n_columns", "name": "pos"}, "Line 2: the number of columns of pos: '1_0' is"),
        ({"site": "C1"}, "Site C1: '1_0' is"),
        ({"quantity": "cell"}, "The cell: '1_0' is"),
    ],
)
def test_place_of_an_unreadable_number(place: dict[str, object], start: str) -> None:
    notice = Notice("unreadable_number", {"found": "1_0", "kind": "finite_number", **place})
    assert wording.message(notice) == f"{start} not a finite number."


def test_only_some_sites_are_listed() -> None:
    sites = {"sites": ["C1", "C2"], "occupancies": [0.5, 0.25], "n_sites": 5}
    assert "C1 (0.5), C2 (0.25) and 3 more." in wording.message(Notice("partial_occupancies", sites))
