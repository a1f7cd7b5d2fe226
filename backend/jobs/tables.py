"""Table of jobs. The row has the state of a job; the broker carries only wake-up messages."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, Index
from sqlalchemy.orm import Mapped
from sqlmodel import Field, col

from backend.jobs.work import PREDICTION, READING, TRAINING, Work, WorkId, table_of
from backend.kit.db.columns import NoticeColumn, Owned, UTCDateTime, utc_now
from scattering.core.notices import Notice


class Job(Owned, table=True):
    """A part of a prediction or of a training, or the reading of a source; its owner is that of the latter."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_tally", "status", "queue", "lane", "kind", "attempt"),)

    # Exactly one of them is not null; `work` tells which
    prediction_id: uuid.UUID | None = Field(default=None, foreign_key="predictions.id", ondelete="CASCADE", index=True)
    training_id: uuid.UUID | None = Field(default=None, foreign_key="trainings.id", ondelete="CASCADE", index=True)
    reading_id: uuid.UUID | None = Field(default=None, foreign_key="source_readings.id", ondelete="CASCADE", index=True)
    kind: str = Field(max_length=16, description="whole, prepare, replica, combine, label, train or read")
    number: int = Field(default=0, description="number of the replica")
    queue: str = Field(max_length=16)
    engine: str = Field(max_length=32, description="engine that the worker needs")
    lane: str = Field(max_length=8, description="short or long: one slot of each worker is reserved for short jobs")
    priority: int = Field(description="jobs with smaller numbers start first")
    weight: float = Field(description="fraction of the work of the prediction or training")

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

    @property
    def work(self) -> WorkId:
        """The row that this job works for."""
        if self.prediction_id is not None:
            return WorkId(PREDICTION, self.prediction_id)
        if self.training_id is not None:
            return WorkId(TRAINING, self.training_id)
        assert self.reading_id is not None
        return WorkId(READING, self.reading_id)


def belongs_to(work: Work) -> ColumnElement[bool]:
    """Return the condition for the jobs of a row."""
    return work_column(table_of(work).kind) == work.id


def work_column(kind: str) -> Mapped[uuid.UUID | None]:
    """Return the column of jobs that refers to the rows of a kind."""
    return {
        PREDICTION: col(Job.prediction_id),
        TRAINING: col(Job.training_id),
        READING: col(Job.reading_id),
    }[kind]
