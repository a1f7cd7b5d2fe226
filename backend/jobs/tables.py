"""Table of jobs. The row has the state of a job; the broker carries only wake-up messages."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from backend.kit.db.columns import NoticeColumn, Owned, UTCDateTime, utc_now
from scattering.core.notices import Notice


class Job(Owned, table=True):
    """A part of a prediction that one worker runs; its owner is that of the prediction."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_tally", "status", "queue", "lane", "kind", "attempt"),)

    prediction_id: uuid.UUID = Field(foreign_key="predictions.id", ondelete="CASCADE", index=True)
    kind: str = Field(max_length=16, description="whole, prepare, replica or combine")
    number: int = Field(default=0, description="number of the replica")
    queue: str = Field(max_length=16)
    engine: str = Field(max_length=32, description="engine that the worker needs")
    lane: str = Field(max_length=8, description="short or long: one slot of each worker is reserved for short jobs")
    priority: int = Field(description="jobs with smaller numbers start first")
    weight: float = Field(description="fraction of the work of the prediction")

    status: str = Field(default="waiting", max_length=16)
    stage: Notice | None = Field(default=None, sa_type=NoticeColumn, description="current or last stage")
    waiting_for: Notice | None = Field(default=None, sa_type=NoticeColumn, description="reason to wait")
    progress: float = 0.0
    seconds: float = Field(default=0.0, description="duration of the current or last attempt")
    attempt: int = 0
    error: Notice | None = Field(default=None, sa_type=NoticeColumn)

    worker: str | None = Field(default=None, max_length=200, description="worker with the lease")
    pid: int | None = Field(default=None, description="process id of the child of the worker that runs it")
    lease: uuid.UUID | None = Field(default=None, description="token that allows its worker to write")
    lease_expires_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    heartbeat_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    not_before: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime)
    rung_at: datetime | None = Field(default=None, sa_type=UTCDateTime, description="time of its last wake-up message")
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
