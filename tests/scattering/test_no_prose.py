"""Sentences for users stand in `backend/wording`: the physics returns notices."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_WORDS = 6
MESSAGE_NAMES = ("message", "msg")
"""Variables that hold the message of an error."""
SCHEMA_CALLS = ("Field", "about")
"""Titles and descriptions of options in their JSON Schema."""
ALLOWED = {
    # Descriptions of choices, for JSON Schema
    "scattering/core/quantum.py": {""},
}
"""Module → functions that may hold sentences; "" is the module itself. To be emptied."""


def _is_error(call: ast.Call) -> bool:
    """Whether a call makes an error: `InvalidPlan.at(…)`, `ValueError(…)`, `super().__init__(…)` of one."""
    name = ast.unparse(call.func)
    return name.endswith((".at", "Error", ".__init__", *SCHEMA_CALLS)) or name.split(".")[-1].startswith("Invalid")


def _without_prose(node: ast.AST) -> bool:
    """Whether sentences under a node are none for pages: docstrings, messages of errors, schemas."""
    if isinstance(node, ast.Raise):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Call):
        return _is_error(node)
    if isinstance(node, ast.Assign):
        return any(isinstance(one, ast.Name) and one.id in MESSAGE_NAMES for one in node.targets)
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "msg" for key in node.keys)
    return False


def _sentences(node: ast.AST, function: str = "") -> Iterator[tuple[str, str]]:
    """Function and text of every literal that is long enough for a sentence."""
    if _without_prose(node):
        return
    text = None
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else "value" for one in node.values]
        text = "".join(str(part) for part in parts)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    if text is not None:
        if len(re.findall(r"[A-Za-z]{2,}", text)) > MAX_WORDS:
            yield function, text
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = node.name
    for child in ast.iter_child_nodes(node):
        yield from _sentences(child, function)


@pytest.mark.parametrize("path", sorted((ROOT / "scattering").rglob("*.py")), ids=lambda path: path.stem)
def test_no_sentences_for_users(path: Path) -> None:
    module = path.relative_to(ROOT).as_posix()
    found = {function for function, _ in _sentences(ast.parse(path.read_text("utf-8")))}
    assert found <= set(ALLOWED.get(module, ())), module
