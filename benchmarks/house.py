"""Counts of the code that say whether it is still easy to change: `python -m benchmarks.house`.

Nothing is measured and nothing is run: the files are read as text and as syntax trees. Assertions on sentences are
counted by `python -m tests.count_prose_assertions`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("scattering", "backend", "workers", "frontend")
MAX_MODULE_LINES: Final = 400
MAX_FUNCTION_LINES: Final = 60
MAX_MODULES_IN_FOLDER: Final = 15


def modules(*rooms: str) -> Iterator[Path]:
    """Yield the modules of rooms."""
    for room in rooms or ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of a module with its number of lines, the docstring left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield node.name, lines


def occurrences(pattern: str, *rooms: str) -> int:
    """Return how often a pattern stands in the modules of rooms."""
    return sum(len(re.findall(pattern, path.read_text("utf-8"))) for path in modules(*rooms))


def main() -> None:
    """Print the counts."""
    inner = ("scattering", "backend", "workers")
    folders: dict[Path, int] = {}
    for path in modules():
        folders[path.parent] = folders.get(path.parent, 0) + (path.name != "__init__.py")
    long_modules = [path for path in modules() if len(path.read_text("utf-8").splitlines()) > MAX_MODULE_LINES]
    long_functions = [
        f"{path.relative_to(ROOT)} {name} ({lines})"
        for path in modules(*inner)
        if "migrations" not in path.parts
        for name, lines in functions(path)
        if lines > MAX_FUNCTION_LINES
    ]
    full = [
        f"{folder.relative_to(ROOT)} ({count})" for folder, count in folders.items() if count > MAX_MODULES_IN_FOLDER
    ]
    counts = {
        'look-ups options["…"]': occurrences(r"options\[[\"']", *inner),
        "places that ask for a sampling": occurrences(r"\bsampling (?:==|!=|in) ", *inner),
        "imports of pip's internals": occurrences(r"pip\._internal", *inner),
        f"modules over {MAX_MODULE_LINES} lines": len(long_modules),
        f"functions over {MAX_FUNCTION_LINES} lines": len(long_functions),
        f"folders of more than {MAX_MODULES_IN_FOLDER} modules": len(full),
    }
    for name, count in counts.items():
        print(f"{count:5d}  {name}")
    for name in (*(str(path.relative_to(ROOT)) for path in long_modules), *long_functions, *full):
        print(f"       {name}")


if __name__ == "__main__":
    main()
