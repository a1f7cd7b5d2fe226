"""What is wrong with a request, whatever its subject."""

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


def _with_unit(text: str, unit: str | None) -> str:
    return f"{text} {unit}" if unit else text


def _out_of_range(minimum: float, maximum: float, value: float, unit: str | None) -> str:
    return f"{_with_unit(f'Choose a value between {minimum:g} and {maximum:g}', unit)}; it is {value:g}."


def _not_a_multiple(factor: float, value: float, unit: str | None) -> str:
    return f"{_with_unit(f'Choose a multiple of {factor:g}', unit)}; it is {value:g}."


def _unknown_choice(choices: Sequence[str]) -> str:
    return f"Choose {'one of ' if len(choices) > 1 else ''}{', '.join(choices)}."


WORDS: Final[Mapping[str, Words]] = {
    "invalid_fields": _invalid_fields,
    "not_a_multiple": _not_a_multiple,
    "not_a_number": "Give a number.",
    "not_a_whole_number": "Give a whole number.",
    "not_true_or_false": "Choose true or false.",
    "of_candidate": _of_candidate,
    "out_of_range": _out_of_range,
    "unknown_choice": _unknown_choice,
    "unknown_instrument": _unknown_instrument,
}
