"""Count assertions on English sentences: `python -m tests.count_prose_assertions [FOLDER]`, by folder of the tests.

An assertion on prose has a string literal with two words or more: in an `assert`, in `match=` of `pytest.raises` and
`pytest.warns`, or in an `expect(…)` of Playwright. Tests of the sentences themselves (`test_wording*.py`) are left out.
Literals that a test takes from its parameters or from a constant are not seen.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PROSE = re.compile(r"[A-Za-z’']{2,},? [a-z’']{2,}")


def prose_assertions(source: str) -> Iterator[int]:
    """Line numbers of the assertions on prose in a module."""
    for node in ast.walk(ast.parse(source)):
        if any(PROSE.search(literal) for asserted in _asserted(node) for literal in _literals(asserted)):
            yield node.lineno  # type: ignore[attr-defined]


def _asserted(node: ast.AST) -> list[ast.expr]:
    """What a node asserts something of."""
    if isinstance(node, ast.Assert):
        return [node.test]
    if isinstance(node, ast.Call):
        found = [keyword.value for keyword in node.keywords if keyword.arg == "match"]
        if isinstance(node.func, ast.Attribute) and node.func.attr.startswith(("to_", "not_to_")):
            found += node.args
        return found
    return []


def _literals(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def counts(tests: Path) -> Counter[str]:
    """Assertions on prose by the folder that a test lies in."""
    found = Counter[str]()
    for path in sorted(tests.rglob("*.py")):
        if not path.name.startswith("test_wording"):
            folder = path.parent.relative_to(tests.parent).as_posix()
            found[folder] += len(list(prose_assertions(path.read_text("utf-8"))))
    return found


def main() -> None:
    """Print them."""
    found = counts(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
    for folder, n in sorted(found.items()):
        print(f"{n:5d}  {folder}")
    print(f"{found.total():5d}  all")


if __name__ == "__main__":
    main()
