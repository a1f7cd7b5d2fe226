"""Sentences about fields that the schema of a request refuses, in place of those of pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SENTENCES: Final[Mapping[str, str]] = {
    "bool_parsing": "Choose true or false.",
    "finite_number": "Give a finite number.",
    "float_parsing": "Give a number.",
    "float_type": "Give a number.",
    "greater_than": "Must be above {gt:g}.",
    "greater_than_equal": "Must be at least {ge:g}.",
    "int_from_float": "Give a whole number.",
    "int_parsing": "Give a whole number.",
    "int_type": "Give a whole number.",
    "less_than": "Must be below {lt:g}.",
    "less_than_equal": "Must be at most {le:g}.",
    "missing": "This is required.",
    "string_too_long": "Must have at most {max_length} characters.",
    "string_too_short": "Must have at least {min_length} characters.",
    "uuid_parsing": "This is not an id of Beamcast.",
}
"""By the type of pydantic's error, over its context."""


def field_message(code: str, params: Mapping[str, Any], given: str) -> str:
    """Return the sentence of an error of pydantic.

    Parameters
    ----------
    code
        Type of the error, such as `less_than_equal`.
    params
        Its context, such as `{"le": 3000}`.
    given
        Pydantic's own sentence, which stands where there is no other.
    """
    words = SENTENCES.get(code)
    try:
        return words.format(**params) if words else given
    except (LookupError, ValueError):
        return given
