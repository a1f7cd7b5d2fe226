"""Ring the workers' bells: as often as there are queued jobs that a free slot could take, and no oftener.

A bell says that there is work on a queue, and not which: the worker that hears it takes the best job that it can do
(`backend.jobs.leases.claim`). A bell too many wakes a worker that finds nothing; a bell too few is mended by the sweep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, func, null, or_, select

from backend.engines import catalogue
from backend.health import beats
from backend.health.tables import WorkerBeat
from backend.jobs.graph import jobs, summarise
from backend.jobs.tables import Job
from backend.jobs.work import work_table
from backend.kit.queue.wake_up import ring
from scattering.core.notices import Notice

ON_ITS_WAY = timedelta(seconds=1)
"""A bell takes 0.1 s to be heard, and a busy machine some more: no other is rung for the same job meanwhile."""
LOST_AFTER = timedelta(seconds=5)
"""A queued job that no free worker took for so long has lost its bell."""
NO_WORKER_CODES: Final = ("waiting_for_engine", "waiting_for_queue")
"""Reasons to wait of jobs that no living worker can do."""


class _Free:
    """What a worker could still take."""

    def __init__(self, worker: WorkerBeat, running: Counter[str], n_long: Counter[str]) -> None:
        self.worker = worker
        self.slots = worker.slots - running[worker.name]
        self.long_slots = worker.long_slots - n_long[worker.name]

    def takes(self, job: Job) -> bool:
        """Take a job, if there is room for it."""
        if (
            not serves(self.worker, job.queue, job.engine)
            or self.slots < 1
            or (job.lane == "long" and self.long_slots < 1)
        ):
            return False
        self.slots -= 1
        self.long_slots -= job.lane == "long"
        return True


def serves(worker: WorkerBeat, queue: str, engine: str) -> bool:
    """Whether a worker can do jobs of a queue that need an engine; "" is none in particular."""
    return queue in worker.queues and engine in ("", *worker.engines)


def ring_for_waiting(session: Session, now: datetime, *, rung_before: timedelta = ON_ITS_WAY) -> int:
    """Ring, once the transaction is committed, for the queued jobs that free slots could take.

    Parameters
    ----------
    now
        The time.
    rung_before
        Leave out jobs for which a bell was rung less than so long ago.

    Returns
    -------
    How many bells.
    """
    session.flush()
    free = [one for one in _free(session, beats.alive(session, now)) if one.slots > 0]
    bells = Counter[str]()
    for job in _first_queued(session, now, free) if free else ():
        if any(one.takes(job) for one in free) and (job.rung_at is None or job.rung_at <= now - rung_before):
            job.rung_at = now
            session.add(job)
            bells[job.queue] += 1
    for queue, times in bells.items():
        ring(session, queue, times)
    return bells.total()


def _first_queued(session: Session, now: datetime, free: list[_Free]) -> Sequence[Job]:
    """The queued jobs that go first, some more than those slots can take: a slot may not suit the first of them."""
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


def _free(session: Session, workers: list[WorkerBeat]) -> list[_Free]:
    running, n_long = Counter[str](), Counter[str]()
    statement = select(Job.worker, Job.lane, func.count()).where(Job.status == "running")
    for name, lane, count in session.exec(statement.group_by(col(Job.worker), col(Job.lane))):
        running[name or ""] += count
        n_long[name or ""] += count if lane == "long" else 0
    return [_Free(worker, running, n_long) for worker in workers]


def say_what_is_missing(session: Session, now: datetime) -> None:
    """Write into the rows of what is queued that no worker can do it, or that one has come who can."""
    session.flush()
    workers = beats.alive(session, now)
    table = work_table()
    wanted = session.exec(select(Job.queue, Job.engine).where(Job.status == "queued").distinct()).all()
    for queue, engine in wanted if workers else ():
        there = any(serves(worker, queue, engine) for worker in workers)
        reason = None if there else _missing(queue, engine)
        code = col(Job.waiting_for)["code"].as_string()
        changed = (
            code.in_(NO_WORKER_CODES) if reason is None else or_(col(Job.waiting_for).is_(null()), code != reason.code)
        )
        statement = select(Job, table).join(table, col(Job.prediction_id) == col(table.id))
        for job, prediction in session.exec(
            statement.where(
                Job.status == "queued", Job.queue == queue, Job.engine == engine, Job.not_before <= now, changed
            )
        ):
            job.waiting_for = reason
            session.add(job)
            session.flush()
            summarise(prediction, jobs(session, prediction))
            session.add(prediction)


def _missing(queue: str, engine: str) -> Notice:
    if not engine:
        return Notice("waiting_for_queue", {"queue": queue})
    return Notice("waiting_for_engine", {"engine": engine, "title": catalogue.title(engine)})
