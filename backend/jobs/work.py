"""The common result of several jobs: a row of another module, with the columns that jobs read and write."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import NoticeColumn, NoticesColumn, Owned, UTCDateTime
from scattering.core.notices import Notice


class Work(Owned):
    """Base of the table whose rows are made by jobs, with the summary of the state of these jobs."""

    estimate_s: float | None = Field(default=None, description="duration, estimated at the time of the request")

    status: str = Field(default="queued", max_length=16)
    stage: Notice | None = Field(default=None, sa_type=NoticeColumn, description="stage of the running jobs")
    waiting_for: Notice | None = Field(default=None, sa_type=NoticeColumn, description="reason why no job runs")
    progress: float = 0.0
    eta_s: float | None = None
    error: Notice | None = Field(default=None, sa_type=NoticeColumn)
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
    provenance: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)

    attempt: int = Field(default=0, description="largest number of attempts of a job")
    cancel_requested: bool = False
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


WorkT = TypeVar("WorkT", bound=type[Work])
_tables: list[type[Work]] = []


def register_work_table(table: WorkT) -> WorkT:
    """Register the table whose rows are made by jobs. `Job.prediction_id` refers to it."""
    _tables.append(table)
    return table


def work_table() -> type[Work]:
    """Return the table whose rows are made by jobs."""
    (table,) = _tables
    return table
