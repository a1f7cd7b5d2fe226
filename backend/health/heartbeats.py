"""Heartbeats of workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from backend.health.tables import WorkerHeartbeat
from backend.kit.db.database import clock, transaction
from backend.kit.settings import current

INTERVAL_S = 3.0
TIMEOUT = timedelta(seconds=4 * INTERVAL_S)
"""Age of the last heartbeat of a worker that counts as dead."""


def record(worker: WorkerHeartbeat) -> None:
    """Write the heartbeat of a worker, with its slots, queues and engines."""
    with transaction(current()) as session:
        now = clock(session)
        session.merge(WorkerHeartbeat(**worker.model_dump(exclude={"seen_at"}), seen_at=now))
        session.exec(delete(WorkerHeartbeat).where(col(WorkerHeartbeat.seen_at) < now - 10 * TIMEOUT))


def long_slots(slots: int) -> int:
    """Return the number of slots for long jobs: a worker with several slots keeps one for short jobs."""
    return max(1, slots - 1)


def remove(name: str) -> None:
    """Remove the heartbeat of a worker that stops."""
    with transaction(current()) as session:
        session.exec(delete(WorkerHeartbeat).where(col(WorkerHeartbeat.name) == name))


def living_workers(session: Session, now: datetime) -> list[WorkerHeartbeat]:
    """Return the heartbeats of all living workers."""
    return list(session.exec(select(WorkerHeartbeat).where(WorkerHeartbeat.seen_at > now - TIMEOUT)))


def has_living_worker() -> bool:
    """Return whether any worker is alive."""
    with transaction(current(), reading=True) as session:
        return bool(living_workers(session, clock(session)))


def remove_all() -> None:
    """Remove all heartbeats: the server calls this while its embedded worker, the only one, does not run."""
    with transaction(current()) as session:
        session.exec(delete(WorkerHeartbeat))
