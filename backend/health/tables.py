"""Workers say that they live by writing a row now and then: asking them through the broker takes a second."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from backend.columns import UTCDateTime, utc_now


class WorkerBeat(SQLModel, table=True):
    """A worker's last sign of life."""

    __tablename__ = "worker_beats"

    name: str = Field(primary_key=True, max_length=200)
    slots: int = Field(description="jobs that it runs at the same time")
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime, index=True)
