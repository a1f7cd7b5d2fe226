"""The jobs that a new job has to wait for, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlmodel import Session, and_, col, or_

from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs.dispatch import serves
from backend.jobs.tables import Job, work_column
from backend.jobs.work import ONGOING, work_tables

MAX_SCHEDULED: Final = 2000
"""Jobs whose order is worked out; with more of them ahead, the wait is unknown."""


@dataclass(frozen=True)
class Ahead:
    """The queue in front of a new job.

    Attributes
    ----------
    n_jobs
        Number of jobs that run or come first, in the slots that the new job could use.
    wait_s
        Estimated seconds until a slot is free; None if no living worker can do the job, or if the duration of a job
        ahead is unknown.
    """

    n_jobs: int
    wait_s: float | None


class _Waiting(NamedTuple):
    """A job ahead; `seconds` is the estimated rest of its work on all cores of a machine."""

    engine: str
    lane: str
    running: bool
    seconds: float | None


@dataclass
class _Slot:
    """A slot of a worker."""

    takes_long: bool
    share: int
    """Number of slots among which the worker divides its cores."""
    free_at: float = 0.0

    def take(self, seconds: float) -> None:
        self.free_at += self.share * seconds


def find_ahead(session: Session, job: Job, now: datetime) -> Ahead:
    """Find the jobs ahead of a new job, which is not in the database, and estimate its wait.

    Jobs of other owners count. Turns between owners, and times before which a job does not start again, are ignored.

    Parameters
    ----------
    job
        The job, with its queue, engine, lane and priority.
    now
        The current time.
    """
    workers = [one for one in heartbeats.living_workers(session, now) if serves(one, job.queue, job.engine)]
    waiting = _jobs_before(session, job)
    if workers:
        waiting = [one for one in waiting if any(serves(worker, job.queue, one.engine) for worker in workers)]
    # A worker with one slot runs long and short jobs in it
    mixed = any(worker.slots <= worker.long_slots for worker in workers)
    n_jobs = sum(mixed or one.lane == job.lane for one in waiting)
    if not workers or len(waiting) > MAX_SCHEDULED:
        return Ahead(n_jobs, None)
    return Ahead(n_jobs, _wait(workers, waiting, job.lane))


def _jobs_before(session: Session, job: Job) -> list[_Waiting]:
    first = col(Job.priority) <= job.priority
    found: list[Any] = []
    for kind, of in work_tables().items():
        table = of.table
        statement = (
            sqlalchemy.select(
                col(Job.engine),
                col(Job.lane),
                col(Job.status),
                col(Job.weight),
                col(Job.progress),
                col(table.estimate_s),
                col(Job.priority),
                col(Job.created_at),
                col(Job.number),
            )
            .join(table, work_column(kind) == col(table.id))
            .where(
                col(Job.queue) == job.queue,
                col(table.status).in_(ONGOING),
                or_(
                    col(Job.status) == "running",
                    and_(col(Job.status) == "queued", first),
                    # Replicas are queued as soon as their preparation ends: before this job
                    and_(col(Job.status) == "waiting", col(Job.kind) == "replica", first),
                ),
            )
        )
        found += session.execute(statement).all()
    found.sort(key=lambda row: (row.status != "running", row.priority, row.created_at, row.number))
    return [
        _Waiting(
            row.engine,
            row.lane,
            row.status == "running",
            None if row.estimate_s is None else row.weight * row.estimate_s * (1 - row.progress),
        )
        for row in found
    ]


def _wait(workers: Sequence[WorkerHeartbeat], waiting: Sequence[_Waiting], lane: str) -> float | None:
    """Return the seconds until a slot is free: each job ahead takes the slot that is free first."""
    slots = [
        _Slot(takes_long=number < worker.long_slots, share=worker.long_slots)
        for worker in workers
        for number in range(worker.slots)
    ]
    for one in waiting:
        if (slot := _first_free(slots, one.lane)) is None:
            continue
        if one.seconds is None:
            return None
        slot.take(one.seconds)
    mine = _first_free(slots, lane)
    return None if mine is None else mine.free_at


def _first_free(slots: Sequence[_Slot], lane: str) -> _Slot | None:
    allowed = [slot for slot in slots if lane == "short" or slot.takes_long]
    # Short jobs use the slots that long ones may not, if these are free as early
    return min(allowed, key=lambda slot: (slot.free_at, slot.takes_long), default=None)
