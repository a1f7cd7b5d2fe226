"""Body of the jobs' route."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from backend.engines.catalogue import example
from backend.kit.http.schemas import ResponseBody


class JobOut(ResponseBody):
    """A part of a prediction that one worker does in one piece."""

    kind: str = Field(description="whole, prepare, replica or combine", examples=["replica"])
    number: int = Field(description="of the replica, from 0", examples=[2])
    status: str = Field(description="waiting: for other jobs; queued: for a worker", examples=["running"])
    stage: str = Field(examples=["running molecular dynamics"])
    progress: float = Field(examples=[0.42])
    attempt: int = Field(description="0: not begun yet", examples=[1])
    queue: str = Field(examples=["gpu"])
    engine: str = Field(description="that its worker must have; empty: none", examples=[example()])
    worker: str | None = Field(description="who does it, or did it last", examples=["celery@node7"])
    seconds: float = Field(description="worked on it, in the attempt that stands", examples=[310.0])
    error: str | None
    created_at: datetime
    started_at: datetime | None = Field(description="of the attempt that stands")
    finished_at: datetime | None
