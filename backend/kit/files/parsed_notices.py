"""Notices of confined parsers as JSON: parameters come from untrusted files, so texts are printable and short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scattering.core.notices import Notice

MAX_NOTICES: Final = 40
"""More than a user reads."""
MAX_CHARACTERS: Final = 500


def printable(text: str, longest: int = MAX_CHARACTERS) -> str:
    """Return a text on one line, without characters that cannot be printed, cut to a length."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable())[:longest]


def to_json(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    """Return notices for the answer of a parser, each once; beyond `MAX_NOTICES` only their number."""
    kept: list[dict[str, Any]] = []
    for notice in notices:
        stored = {"code": notice.code, "params": _plain(notice.params)}
        if stored not in kept:
            kept.append(stored)
    if len(kept) <= MAX_NOTICES:
        return kept
    return [*kept[:MAX_NOTICES], Notice("more_notices", {"n_notices": len(kept) - MAX_NOTICES}).to_json()]


def from_json(answer: Sequence[Mapping[str, Any]]) -> list[Notice]:
    """Return the notices in the answer of a parser."""
    return [Notice.from_json(one) for one in answer]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
