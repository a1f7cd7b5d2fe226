"""What the request and response bodies of all subjects share."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

DEPRECATED: dict[str, JsonValue] = {"deprecated": True}
"""For the schema of a field that another one has replaced; it stays for the programs that know it."""
LARGEST_NUMBER = 1e15
"""No setting or option comes near it; an integer of 400 digits cannot become a float."""


class RequestBody(BaseModel):
    """A request: unknown fields and NaN are refused, so that a misspelt name is not silently ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ResponseBody(BaseModel):
    """A response, read from a row's or a dataclass's attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _plain(value: JsonValue) -> JsonValue:
    waiting: list[JsonValue] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str) and any("\ud800" <= character <= "\udfff" for character in item):
            raise ValueError("a text has half of a character (a lone surrogate)")
        elif isinstance(item, float) and not math.isfinite(item):
            raise ValueError("numbers must be finite")
        elif isinstance(item, int | float) and abs(item) > LARGEST_NUMBER:
            raise ValueError("a number is too large")
    return value


FreeForm = Annotated[dict[str, JsonValue], AfterValidator(_plain)]
"""A mapping that the physics checks in detail; here only that numbers are numbers and texts are texts."""
