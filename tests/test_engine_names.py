"""No module names an engine but its own, and the records: docs/decisions/0009-records.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from backend.engines import catalogue

from .conftest import ROOT

SCANNED = ("backend", "workers", "scattering", "frontend", "benchmarks", "serve.py")
RECORDS = ("backend/engines/records", "backend/families/records", "backend/potentials/pretrained", "workers/engines")
"""Where engines are named: their records and code, and the records of potentials, which say what loads them."""


FORMATS = ("backend/sources/formats", "backend/wording/refusals/sources.py")
"""Where such a word names the program that wrote a file."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Return what a file says, without comments and docstrings, which may cite an engine's manual."""
    source = path.read_text("utf-8")
    if path.suffix != ".py":
        source = re.sub(r"/\*.*?\*/|(?<![:\w])//[^\n]*", "", source, flags=re.DOTALL)
        yield from enumerate(source.splitlines(), 1)
        return
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.ImportFrom | ast.Import):
            yield node.lineno, ast.unparse(node)


def test_only_records_and_code_of_engines_name_them() -> None:
    names = {name for engine in catalogue.engines().values() for name in (engine.name, engine.title, engine.package)}
    names |= {name.replace("-", "_") for name in names}
    pattern = re.compile(
        rf"(?<![\w-])({'|'.join(map(re.escape, sorted(filter(None, names))))})(?![\w-])", re.IGNORECASE
    )
    found = []
    for place in SCANNED:
        for path in [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*")):
            here = path.relative_to(ROOT).as_posix()
            if (
                path.suffix not in (".py", ".js", ".css", ".typ")
                or here.startswith(RECORDS + FORMATS)
                or "/lib/" in here
            ):
                continue
            found += [f"{here}:{line}: {text.strip()[:80]}" for line, text in texts(path) if pattern.search(text)]
    assert found == []
