"""Notices in the bodies of responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from pydantic import ConfigDict, Field

from backend import wording
from backend.kit.http.schemas import ResponseBody
from scattering.core.notices import Notice


class NoticeOut(ResponseBody):
    """Information for the user: a code for programs, a message for people."""

    code: str = Field(description="code in snake case")
    params: dict[str, Any] = Field(description="parameters of the message, with units in their names")
    message: str

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"code": "text", "params": {"text": "The cell is large."}, "message": "The cell is large."}]
        }
    )

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """Return the body of a notice."""
        return cls(code=notice.code, params=dict(notice.params), message=wording.message(notice))

    @classmethod
    def of_optional(cls, notice: Notice | None) -> Self | None:
        """Return the body of a notice, or None for None."""
        return None if notice is None else cls.of(notice)

    @classmethod
    def of_all(cls, notices: Iterable[Notice]) -> list[Self]:
        """Return the bodies of notices."""
        return [cls.of(notice) for notice in notices]
