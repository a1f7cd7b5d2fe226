"""A report on two A4 pages by typst, with its fonts and those of matplotlib; nothing is loaded from the network."""

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
PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b(?!s)")
LONG_WORD = re.compile(r"\S{36,}")
ZERO_WIDTH_SPACE = "\u200b"
"""Invisible place where a line may break."""


@cache
def _fonts() -> Any:
    # Fonts of the system too, for names in scripts that the others do not have
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=[fonts_folder()])


@cache
def _template() -> bytes:
    return (Path(__file__).parent / "report.typ").read_bytes()


def pdf(make: Callable[[Capacity], Document]) -> bytes:
    """Return the report on at most two pages; long parts are shortened, and the report states that.

    Parameters
    ----------
    make
        Function that returns the report for a capacity.
    """
    for capacity in PAPER:
        content = _compile(make(capacity))
        if n_pages(content) <= MAX_PAGES:
            break
    return content


def n_pages(content: bytes) -> int:
    """Return the number of pages of a PDF by typst, whose page objects are not compressed."""
    return len(PAGE_OBJECT.findall(content))


def _compile(document: Document) -> bytes:
    about = dict(document.provenance)
    fields = {**asdict(document), "version": VERSION, "prediction": about.get("Prediction", "")}
    compiler = typst.Compiler(
        _template(), font_paths=_fonts(), ignore_system_fonts=True, sys_inputs={"data": json.dumps(_add_breaks(fields))}
    )
    content = compiler.compile(format="pdf")
    assert isinstance(content, bytes)
    return content


def _add_breaks(value: Any, key: str = "") -> Any:
    """Return the texts with places to break in words that are wider than a cell; figures are unchanged."""
    if isinstance(value, dict):
        return {name: _add_breaks(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_add_breaks(item, key) for item in value]
    if isinstance(value, str) and key != "svg":
        return LONG_WORD.sub(lambda word: ZERO_WIDTH_SPACE.join(re.findall(".{1,12}", word[0])), value)
    return value
