"""What jobs make: a row of another subject, which says how far it is.

Jobs know nothing of that subject but the columns that stand here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import NoticeColumn, NoticesColumn, Owned, UTCDateTime
from scattering.core.notices import Notice


class Work(Owned):
    """Something that jobs make, and how far they are."""

    estimate_s: float | None = Field(default=None, description="expected when it was asked for")

    status: str = Field(default="queued", max_length=16)
    stage: Notice | None = Field(default=None, sa_type=NoticeColumn, description="what workers do")
    waiting_for: Notice | None = Field(default=None, sa_type=NoticeColumn, description="why no worker does anything")
    progress: float = 0.0
    eta_s: float | None = None
    error: Notice | None = Field(default=None, sa_type=NoticeColumn)
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
    provenance: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)

    attempt: int = Field(default=0, description="of the job that was tried most often")
    cancel_requested: bool = False
    started_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


WorkT = TypeVar("WorkT", bound=type[Work])
_tables: list[type[Work]] = []


def made_by_jobs(table: WorkT) -> WorkT:
    """Register the table whose rows jobs make; `Job.prediction_id` refers to it."""
    _tables.append(table)
    return table


def work_table() -> type[Work]:
    """Return the table whose rows jobs make."""
    (table,) = _tables
    return table
