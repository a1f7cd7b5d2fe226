"""Body of the jobs' route."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from backend import wording
from backend.engines.catalogue import example
from backend.jobs.tables import Job
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody


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
        return cls.model_validate(
            {
                **row.model_dump(exclude={"stage", "waiting_for", "error"}),
                "stage": wording.message_or_none(row.waiting_for or row.stage) or "",
                "stage_notice": NoticeOut.of_optional(row.stage),
                "waiting_for": NoticeOut.of_optional(row.waiting_for),
                "error": wording.message_or_none(row.error),
                "error_notice": NoticeOut.of_optional(row.error),
            }
        )
