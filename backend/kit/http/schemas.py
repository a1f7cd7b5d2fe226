"""Base classes and types of the request and response bodies of all subjects."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice

DEPRECATED: dict[str, JsonValue] = {"deprecated": True}
"""Mark of a replaced field in its schema; the field stays for older programs."""
MAX_FREE_VALUES = 5000
"""Keys and values of a free-form field, at all levels."""
LARGEST_NUMBER = 1e15
"""Far above any setting or option; Python cannot convert an integer of 400 digits to a float."""


class RequestBody(BaseModel):
    """A request body; it refuses unknown fields (misspelt names) and NaN."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ResponseBody(BaseModel):
    """A response body, read from the attributes of a row or a dataclass."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def one_line(text: str) -> str:
    """Return the printable characters of a name in one line; PostgreSQL stores no NUL.

    Raises
    ------
    ValueError
        There are none.
    """
    plain = "".join(char for char in " ".join(text.split()) if char.isprintable())
    if not plain:
        raise ValueError("it has no printable characters")
    return plain


def _plain(value: JsonValue) -> JsonValue:
    waiting: list[JsonValue] = [value]
    n_values = 0
    while waiting:
        item = waiting.pop()
        n_values += 1
        if n_values > MAX_FREE_VALUES:
            raise ScatteringError(Notice("too_many_values", {"maximum": MAX_FREE_VALUES}))
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and any("\ud800" <= character <= "\udfff" for character in item):
            raise ScatteringError(Notice("lone_surrogate"))
        elif isinstance(item, float) and not math.isfinite(item):
            raise ScatteringError(Notice("not_a_finite_number"))
        elif isinstance(item, int | float) and abs(item) > LARGEST_NUMBER:
            raise ScatteringError(Notice("large_number", {"maximum": LARGEST_NUMBER}))
    return value


FreeForm = Annotated[dict[str, JsonValue], AfterValidator(_plain)]
"""A mapping of valid numbers and texts; the physics checks the rest."""
