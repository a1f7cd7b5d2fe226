"""Bodies of jobs, and of what they make."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from backend import wording
from backend.engines.catalogue import example
from backend.jobs.tables import Job
from backend.jobs.work import Status, Work
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody


def _state(row: Job | Work) -> dict[str, Any]:
    """Return the columns of a row, with its notices as messages and codes."""
    return {
        **row.model_dump(exclude={"stage", "waiting_for", "error", "warnings"}),
        "stage": wording.message_or_none(row.waiting_for or row.stage) or "",
        "stage_notice": NoticeOut.of_optional(row.stage),
        "waiting_for": NoticeOut.of_optional(row.waiting_for),
        "error": wording.message_or_none(row.error),
        "error_notice": NoticeOut.of_optional(row.error),
    }


class JobOut(ResponseBody):
    """A part of a prediction that one worker runs."""

    kind: str = Field(description="whole, prepare, replica or combine", examples=["replica"])
    number: int = Field(description="number of the replica, from 0", examples=[2])
    status: str = Field(description="waiting: waits for other jobs; queued: waits for a worker", examples=["running"])
    stage: str = Field(description="stage of the job, or its reason to wait", examples=["running molecular dynamics"])
    stage_notice: NoticeOut | None = Field(description="current or last stage of the job")
    waiting_for: NoticeOut | None = Field(
        description="reason why no worker claims it; null: it is not queued, or it is next"
    )
    progress: float = Field(examples=[0.42])
    attempt: int = Field(description="0: not started", examples=[1])
    queue: str = Field(examples=["gpu"])
    engine: str = Field(description="engine that its worker needs; empty: none", examples=[example()])
    worker: str | None = Field(description="current or last worker", examples=["celery@node7"])
    seconds: float = Field(description="duration of the current or last attempt", examples=[310.0])
    error: str | None
    error_notice: NoticeOut | None
    created_at: datetime
    started_at: datetime | None = Field(description="start of the current or last attempt")
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Job) -> Self:
        """Return the body of a row."""
        return cls.model_validate(_state(row))


class WorkOut(ResponseBody):
    """The state of a row that jobs make, with their stages and progress together."""

    id: uuid.UUID
    created_at: datetime
    status: Status
    stage: str = Field(description="stage of the running jobs, or the reason to wait", examples=["displacing atoms"])
    stage_notice: NoticeOut | None = Field(description="stage of the running jobs; null if none runs")
    waiting_for: NoticeOut | None = Field(description="reason why no job runs; null if one runs")
    progress: float = Field(ge=0, le=1)
    eta_s: float | None = Field(description="estimated seconds until the end")
    attempt: int
    error: str | None
    error_notice: NoticeOut | None
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
    provenance: dict[str, Any]
    cancel_requested: bool
    started_at: datetime | None
    finished_at: datetime | None

    @staticmethod
    def facts(row: Work) -> dict[str, Any]:
        """Return the columns of a row, with its notices as messages and codes."""
        return {**_state(row), "warnings": wording.messages(row.warnings), "notices": NoticeOut.of_all(row.warnings)}
