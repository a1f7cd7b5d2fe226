"""Heartbeats of workers are rows, because asking workers through the broker takes a second."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from backend.kit.db.columns import UTCDateTime, utc_now


class WorkerHeartbeat(SQLModel, table=True):
    """The last heartbeat of a worker, with its slots, queues and engines."""

    __tablename__ = "worker_beats"

    name: str = Field(primary_key=True, max_length=200)
    slots: int = Field(description="jobs that it runs at the same time")
    long_slots: int = Field(description="slots for long jobs")
    queues: list[str] = Field(sa_type=JSON)
    engines: dict[str, str] = Field(sa_type=JSON, description="name → version of its engines")
    host: str = Field(default="", max_length=200)
    cores: int = 0
    started_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime)
    seen_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime, index=True)
