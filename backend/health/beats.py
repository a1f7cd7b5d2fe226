"""Signs of life of the workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from backend.health.tables import WorkerBeat
from backend.kit.db.database import clock, transaction
from backend.kit.settings import current

BEAT_EVERY_S = 3.0
ALIVE_FOR = timedelta(seconds=4 * BEAT_EVERY_S)


def beat(worker: WorkerBeat) -> None:
    """A worker lives, and can do what its row says."""
    with transaction(current()) as session:
        now = clock(session)
        session.merge(WorkerBeat(**worker.model_dump(exclude={"seen_at"}), seen_at=now))
        session.exec(delete(WorkerBeat).where(col(WorkerBeat.seen_at) < now - 10 * ALIVE_FOR))


def long_slots(slots: int) -> int:
    """How many of a worker's slots may hold long jobs: one is kept for short ones, where there are several."""
    return max(1, slots - 1)


def stop(name: str) -> None:
    """A worker goes."""
    with transaction(current()) as session:
        session.exec(delete(WorkerBeat).where(col(WorkerBeat.name) == name))


def alive(session: Session, now: datetime) -> list[WorkerBeat]:
    """The workers that live."""
    return list(session.exec(select(WorkerBeat).where(WorkerBeat.seen_at > now - ALIVE_FOR)))


def any_alive() -> bool:
    """Whether a worker lives."""
    with transaction(current(), reading=True) as session:
        return bool(alive(session, clock(session)))


def forget_all() -> None:
    """No worker lives: the only one was this server's, and it is not started yet or has ended."""
    with transaction(current()) as session:
        session.exec(delete(WorkerBeat))
