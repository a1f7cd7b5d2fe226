"""Dispatch of wake-up messages: one for each queued job that a free slot could take.

A message states only that there is work. It goes to one worker with a free slot for the job: another worker of the same
queue could take it and find nothing, because it lacks the engine or its slots for long jobs are taken. The worker
claims the best job that it can do (`backend.jobs.leases.claim`). A superfluous message wakes a worker that finds
nothing; the sweep sends missing ones.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, func, null, or_, select, update

from backend.engines import catalogue
from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs.graph import jobs, summarise
from backend.jobs.tables import Job, work_column
from backend.jobs.work import work_tables
from backend.kit.db.database import clock
from backend.kit.queue.wake_up import wake_worker
from scattering.core.notices import Notice

DELIVERY_TIME = timedelta(seconds=1)
"""Time in which no second message is sent for a job: delivery takes 0.1 s, and longer on a busy machine."""
LOST_MESSAGE_AFTER = timedelta(seconds=5)
"""Time after which the message of a job counts as lost, if a free worker has not taken the job."""
NO_WORKER_CODES: Final = ("waiting_for_engine", "waiting_for_queue")
"""Reasons to wait for a job that no living worker can do."""


class FreeSlots:
    """Free slots of a worker."""

    def __init__(self, worker: WorkerHeartbeat, running: Counter[str], n_long: Counter[str]) -> None:
        self.worker = worker
        self.slots = worker.slots - running[worker.name]
        self.long_slots = worker.long_slots - n_long[worker.name]

    def suit(self, job: Job) -> bool:
        """Return whether a slot is free for a job."""
        return (
            serves(self.worker, job.queue, job.engine)
            and self.slots > 0
            and (job.lane != "long" or self.long_slots > 0)
        )

    def take(self, job: Job) -> None:
        """Reserve a slot for a job."""
        self.slots -= 1
        self.long_slots -= job.lane == "long"


def serves(worker: WorkerHeartbeat, queue: str, engine: str) -> bool:
    """Return whether a worker can do jobs of a queue that need an engine; "" means no engine."""
    return queue in worker.queues and engine in ("", *worker.engines)


def wake_for_queued_jobs(session: Session, now: datetime, *, sent_before: timedelta = DELIVERY_TIME) -> int:
    """Send wake-up messages, after the transaction is committed, for the queued jobs that free slots could take.

    Parameters
    ----------
    now
        The current time.
    sent_before
        Age of the last message of a job before which no other is sent.

    Returns
    -------
    Number of messages.
    """
    session.flush()
    free = [one for one in free_slots(session, heartbeats.living_workers(session, now)) if one.slots > 0]
    messages, rung = Counter[str](), list[uuid.UUID]()
    for job in _first_queued(session, now, free) if free else ():
        suitable = [one for one in free if one.suit(job)]
        if not suitable:
            continue
        chosen = max(suitable, key=lambda one: one.slots)
        chosen.take(job)
        if job.rung_at is None or job.rung_at <= now - sent_before:
            rung.append(job.id)
            messages[chosen.worker.name] += 1
    # By a statement: the owner of a job may have deleted it since it was read. In one order, against deadlocks
    for job_id in sorted(rung):
        session.exec(update(Job).where(col(Job.id) == job_id).values(rung_at=now))
    for worker, times in messages.items():
        wake_worker(session, worker, times)
    return messages.total()


def _first_queued(session: Session, now: datetime, free: list[FreeSlots]) -> Sequence[Job]:
    """Return the first queued jobs: more than there are slots, because a slot may not suit the first of them."""
    statement = select(Job).where(
        Job.status == "queued",
        Job.not_before <= now,
        col(Job.queue).in_({queue for one in free for queue in one.worker.queues}),
        col(Job.engine).in_({"", *(engine for one in free for engine in one.worker.engines)}),
    )
    if all(one.long_slots < 1 for one in free):
        statement = statement.where(Job.lane == "short")
    in_order = statement.order_by(col(Job.priority), col(Job.created_at), col(Job.number))
    return session.exec(in_order.limit(2 * sum(one.slots for one in free) + 20)).all()


def free_slots(session: Session, workers: list[WorkerHeartbeat]) -> list[FreeSlots]:
    """Return the free slots of each of these workers."""
    running, n_long = Counter[str](), Counter[str]()
    statement = select(Job.worker, Job.lane, func.count()).where(Job.status == "running")
    for name, lane, count in session.exec(statement.group_by(col(Job.worker), col(Job.lane))):
        running[name or ""] += count
        n_long[name or ""] += count if lane == "long" else 0
    return [FreeSlots(worker, running, n_long) for worker in workers]


def queue_jobs(session: Session, new: Sequence[Job]) -> None:
    """Add the rows of new jobs, wake workers for them after the commit, and note why those wait that nobody can do."""
    session.add_all(new)
    now = clock(session)
    wake_for_queued_jobs(session, now)
    update_reasons_to_wait(session, now)


def update_reasons_to_wait(session: Session, now: datetime) -> None:
    """Update the reasons to wait of queued jobs, by whether a living worker can do them."""
    session.flush()
    workers = heartbeats.living_workers(session, now)
    wanted = session.exec(select(Job.queue, Job.engine).where(Job.status == "queued").distinct()).all()
    for queue, engine in wanted if workers else ():
        there = any(serves(worker, queue, engine) for worker in workers)
        _write_reason(session, now, queue, engine, None if there else _reason_to_wait(queue, engine))


def _write_reason(session: Session, now: datetime, queue: str, engine: str, reason: Notice | None) -> None:
    code = col(Job.waiting_for)["code"].as_string()
    changed = (
        code.in_(NO_WORKER_CODES) if reason is None else or_(col(Job.waiting_for).is_(null()), code != reason.code)
    )
    for kind, of in work_tables().items():
        statement = select(Job, of.table).join(of.table, work_column(kind) == col(of.table.id))
        for job, work in session.exec(
            statement.where(
                Job.status == "queued", Job.queue == queue, Job.engine == engine, Job.not_before <= now, changed
            )
        ):
            job.waiting_for = reason
            session.add(job)
            session.flush()
            summarise(work, jobs(session, work))
            session.add(work)


def _reason_to_wait(queue: str, engine: str) -> Notice:
    if not engine:
        return Notice("waiting_for_queue", {"queue": queue})
    return Notice("waiting_for_engine", {"engine": engine, "title": catalogue.title(engine)})
