"""Signs of life of the workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from backend.columns import utc_now
from backend.database import transaction
from backend.health.tables import WorkerBeat
from backend.settings import current

BEAT_EVERY_S = 3.0
ALIVE_FOR = timedelta(seconds=4 * BEAT_EVERY_S)


def beat(name: str, slots: int) -> None:
    """A worker lives and can run so many jobs at the same time."""
    with transaction(current()) as session:
        session.merge(WorkerBeat(name=name, slots=slots, seen_at=utc_now()))
        session.exec(delete(WorkerBeat).where(col(WorkerBeat.seen_at) < utc_now() - 10 * ALIVE_FOR))


def stop(name: str) -> None:
    """A worker goes."""
    with transaction(current()) as session:
        session.exec(delete(WorkerBeat).where(col(WorkerBeat.name) == name))


def alive(session: Session, now: datetime) -> list[WorkerBeat]:
    """The workers that live."""
    return list(session.exec(select(WorkerBeat).where(WorkerBeat.seen_at > now - ALIVE_FOR)))


def slots(session: Session, now: datetime) -> int:
    """Jobs that the living workers can run at the same time, busy or not."""
    return sum(worker.slots for worker in alive(session, now))


def any_alive() -> bool:
    """Whether a worker lives."""
    with transaction(current(), reading=True) as session:
        return bool(alive(session, utc_now()))


def forget_all() -> None:
    """No worker lives: the only one was this server's, and it is not started yet or has ended."""
    with transaction(current()) as session:
        session.exec(delete(WorkerBeat))
