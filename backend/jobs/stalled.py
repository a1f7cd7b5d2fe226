"""Queued jobs that nobody serves: the workers live, but take nothing, or no worker can do the job."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, func, select

from backend.health import heartbeats
from backend.health.unserved import UnservedJobs
from backend.jobs.dispatch import free_slots, serves
from backend.jobs.tables import Job

STALLED_AFTER: Final = timedelta(seconds=30)
"""Time for which a job may wait beside a free slot: lost messages are sent again after 5 s."""


def find_unserved(session: Session, now: datetime) -> list[UnservedJobs]:
    """Return the queued jobs that have waited for `STALLED_AFTER` and that no worker takes, by queue and engine."""
    long_ago = now - STALLED_AFTER
    columns = (Job.queue, Job.engine, Job.lane)
    statement = select(*columns, func.count()).where(Job.status == "queued", Job.not_before <= long_ago)
    waiting = session.exec(statement.group_by(*columns)).all()
    if not waiting:
        return []
    living = heartbeats.living_workers(session, now)
    active = _active_workers(session, long_ago)
    idle = [
        one
        for one in free_slots(session, living)
        if one.slots > 0 and one.worker.name not in active and one.worker.started_at <= long_ago
    ]
    counts = Counter[tuple[str, str, bool]]()
    for queue, engine, lane, n in waiting:
        if not any(serves(worker, queue, engine) for worker in living):
            counts[queue, engine, False] += n
        elif any(serves(one.worker, queue, engine) and (lane != "long" or one.long_slots > 0) for one in idle):
            counts[queue, engine, True] += n
    return [UnservedJobs(queue, engine, n, is_stalled) for (queue, engine, is_stalled), n in counts.items()]


def _active_workers(session: Session, since: datetime) -> set[str | None]:
    """Return the names of the workers that took or ended a job since a time."""
    statement = select(Job.worker).where((col(Job.started_at) > since) | (col(Job.finished_at) > since))
    return set(session.exec(statement.distinct()))
