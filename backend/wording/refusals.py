"""What is wrong with a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backend.wording import Words, message
from scattering.core.notices import Notice

LISTED: Final = 5


def _invalid_fields(fields: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{field['loc']}: {field['msg']}" for field in fields[:LISTED]) or "The request cannot be read."


def _unknown_instrument(name: str, known: Sequence[str]) -> str:
    return f"There is no instrument {name!r}; choose one of {', '.join(known)}."


def _of_candidate(label: str, wrong: Mapping[str, Any]) -> str:
    return f"{label}: {message(Notice.from_json(wrong))}"


WORDS: Final[Mapping[str, Words]] = {
    "invalid_fields": _invalid_fields,
    "of_candidate": _of_candidate,
    "unknown_instrument": _unknown_instrument,
}
