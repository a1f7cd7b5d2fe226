"""A report on two A4 pages: typst, with its own fonts and those of matplotlib, nothing from the network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import typst

from backend.kit.version import VERSION
from backend.reports.capacity import PAPER, Capacity
from backend.reports.document import Document
from backend.reports.lettering import fonts_folder

MAX_PAGES = 2
PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
LONG_WORD = re.compile(r"\S{36,}")
BREAK = "\u200b"
"""A line may break here, and nothing is seen of it."""


@cache
def _fonts() -> Any:
    # The system's too, for names in scripts that neither has
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[fonts_folder()])


@cache
def _template() -> bytes:
    return (Path(__file__).parent / "report.typ").read_bytes()


def pdf(make: Callable[[Capacity], Document]) -> bytes:
    """Return the report on two pages at most: what is too long is shortened, and the report says so.

    Parameters
    ----------
    make
        Returns the report of a capacity.
    """
    for capacity in PAPER:
        content = _compiled(make(capacity))
        if n_pages(content) <= MAX_PAGES:
            break
    return content


def n_pages(content: bytes) -> int:
    """Pages of a PDF that typst has made, whose page objects are not compressed."""
    return len(PAGE.findall(content))


def _compiled(document: Document) -> bytes:
    about = dict(document.provenance)
    fields = {**asdict(document), "version": VERSION, "prediction": about.get("Prediction", "")}
    compiler = typst.Compiler(
        _template(), font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"data": json.dumps(_breakable(fields))}
    )
    content = compiler.compile(format="pdf")
    assert isinstance(content, bytes)
    return content


def _breakable(value: Any, key: str = "") -> Any:
    """The same texts with places to break words in that are broader than a cell; figures as they are."""
    if isinstance(value, dict):
        return {name: _breakable(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(item, key) for item in value]
    if isinstance(value, str) and key != "svg":
        return LONG_WORD.sub(lambda word: BREAK.join(re.findall(".{1,12}", word[0])), value)
    return value
