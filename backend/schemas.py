"""What the request and response bodies of all subjects share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A request: unknown fields and NaN are refused, so that a misspelt name is not silently ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class ResponseBody(BaseModel):
    """A response, read from a row's or a dataclass's attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
