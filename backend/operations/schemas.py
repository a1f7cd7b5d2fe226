"""Body of the route for operators."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import Field

from backend.engines.catalogue import example
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody


class QueueOut(ResponseBody):
    """One lane of one queue. Every worker reserves a slot for the short lane."""

    name: str = Field(examples=["cpu"])
    lane: str = Field(examples=["long"])
    waiting: int = Field(description="jobs that wait for other jobs of their prediction", examples=[3])
    queued: int = Field(description="jobs that a worker may claim", examples=[12])
    running: int = Field(examples=[4])
    oldest_queued_s: float | None = Field(
        description="time for which the oldest job has been queued; null if there is none", examples=[90]
    )


class OperatedJobOut(ResponseBody):
    """A job, as operators see it."""

    prediction_id: uuid.UUID | None = Field(description="null: a job of a training")
    training_id: uuid.UUID | None = Field(description="null: no job of a training")
    reading_id: uuid.UUID | None = Field(None, description="source that is being read; null: no reading")
    structure_id: uuid.UUID | None = Field(description="null: the reading of a source")
    own: bool = Field(description="whether the prediction or training belongs to the operator, who can then open it")
    owner: str = Field(description="an id, never a name", examples=["local"])
    method: str = Field(description="method of the prediction, or training", examples=["md"])
    kind: str = Field(examples=["replica"])
    number: int = Field(examples=[0])
    engine: str = Field(examples=[example()])
    stage: str = Field(description="current or last stage", examples=["running molecular dynamics"])
    stage_notice: NoticeOut | None
    attempt: int = Field(examples=[1])


class RunningJobOut(OperatedJobOut):
    """A running job."""

    progress: float = Field(examples=[0.42])
    seconds: float = Field(description="seconds since the start of the attempt", examples=[310.0])


class WorkerOut(ResponseBody):
    """A worker with its capabilities and its running jobs."""

    name: str = Field(examples=["celery@node7"])
    host: str = Field(examples=["node7"])
    queues: list[str] = Field(examples=[["cpu"]])
    engines: dict[str, str] = Field(description="name → version", examples=[{example(): "1.0"}])
    slots: int = Field(examples=[8])
    long_slots: int = Field(examples=[7])
    cores: int = Field(examples=[16])
    started_at: datetime
    seen_s_ago: float = Field(description="seconds since its last heartbeat", examples=[1.4])
    alive: bool
    running: list[RunningJobOut]


class FailureOut(OperatedJobOut):
    """A failed job."""

    when: datetime
    reason: str = Field(description="worker_died, time_limit, unforeseen or cannot_predict", examples=["worker_died"])
    error: str = Field(examples=["The worker process ended unexpectedly in 3 attempts at this prediction. …"])
    error_notice: NoticeOut | None
    worker: str | None = Field(examples=["celery@node7"])


class OutOfReachOut(ResponseBody):
    """Queued jobs that no living worker can do."""

    queue: str = Field(examples=["gpu"])
    engine: str = Field(description="empty if any worker of the queue can do them", examples=[example()])
    jobs: int = Field(examples=[5])


class DiskOut(ResponseBody):
    """Disk of the data folder."""

    free_bytes: int | None = Field(examples=[52_000_000_000])
    total_bytes: int | None = Field(examples=[100_000_000_000])
    predictions_bytes: int | None = Field(
        description="size of all predictions, counted every five minutes; null before the first count",
        examples=[3_200_000_000],
    )


class OperationsOut(ResponseBody):
    """State of the server and its workers."""

    version: str = Field(examples=["0.1.0"])
    time: datetime
    broker: bool = Field(description="whether the broker accepts messages; without it, jobs start some seconds later")
    queues: list[QueueOut]
    workers: list[WorkerOut]
    engines: dict[str, int] = Field(
        description="name → number of living workers that have the engine", examples=[{example(): 2}]
    )
    out_of_reach: list[OutOfReachOut]
    jobs_by_status: dict[str, int] = Field(examples=[{"running": 4, "succeeded": 310}])
    predictions_by_status: dict[str, int] = Field(examples=[{"running": 2, "succeeded": 100}])
    failures_by_reason: dict[str, int] = Field(examples=[{"worker_died": 1, "cannot_predict": 4}])
    recent_failures: list[FailureOut] = Field(description="at most twenty, newest first")
    disk: DiskOut
