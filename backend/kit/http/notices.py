"""Notices in the bodies of responses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from pydantic import ConfigDict, Field

from backend import wording
from backend.kit.http.schemas import ResponseBody
from scattering.core.notices import Notice


class NoticeOut(ResponseBody):
    """Something that a user should know: programs read the code, people the message."""

    code: str = Field(description="what it is, in snake case")
    params: dict[str, Any] = Field(description="what the message states, units in the names")
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
        """Return the body of a notice, where there is one."""
        return None if notice is None else cls.of(notice)

    @classmethod
    def of_all(cls, notices: Iterable[Notice]) -> list[Self]:
        """Return the bodies of notices."""
        return [cls.of(notice) for notice in notices]
