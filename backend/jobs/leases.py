"""What a worker may do to a job's row, each in a short transaction of its own.

A running job is leased to one worker, which renews the lease by reporting. Who lost the lease may write nothing more:
neither to the row nor, through `succeed`, into the prediction's folder. Rows are locked in one order, prediction before
job, so that no two transactions wait for each other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select, update

from backend.health.tables import WorkerBeat
from backend.jobs import graph
from backend.jobs.dispatch import ring_for_waiting
from backend.jobs.tables import Job
from backend.jobs.work import Work, work_table
from backend.kit.db.database import clock, transaction
from backend.kit.settings import current
from scattering.core.notices import Notice

START: Final = Notice("start")


class Cancelled(Exception):
    """The prediction is not wanted any more, or has failed elsewhere: stop, then call `cancelled`."""


class LeaseLost(Exception):
    """The job was deleted or is another worker's: stop, write nothing, leave nothing."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a job."""

    token: uuid.UUID
    job_id: uuid.UUID
    kind: str
    number: int
    attempt: int
    prediction_id: uuid.UUID


def claim(worker: str, pid: int) -> Lease | None:
    """Take the best queued job that this worker can do; None when there is none.

    Previews go first, then the owner with the fewest running jobs, then who came first. One slot of a worker with
    several is kept for short jobs.

    Parameters
    ----------
    worker
        Name under which the worker shows its life (`backend.health.beats`).
    pid
        Of the process that will run the job.
    """
    settings = current()
    with transaction(settings) as session:
        # Its children claim one after the other, so that each sees what the others have taken
        me = session.exec(select(WorkerBeat).where(WorkerBeat.name == worker).with_for_update()).first()
        if me is None:
            return None
        passed_over = set[uuid.UUID]()
        while (found := _best(session, me, passed_over)) is not None:
            job_id, prediction_id = found
            prediction = _locked(session, prediction_id)
            if prediction is None or (lease := _take(session, prediction, job_id, worker, pid)) is None:
                passed_over.add(job_id)
                continue
            return lease
    return None


def _best(session: Session, me: WorkerBeat, passed_over: set[uuid.UUID]) -> tuple[uuid.UUID, uuid.UUID] | None:
    n_long = session.exec(
        select(func.count()).where(Job.status == "running", Job.worker == me.name, Job.lane == "long")
    ).one()
    others = select(Job.owner, func.count().label("n")).where(Job.status == "running").group_by(Job.owner).subquery()
    statement = (
        select(Job.id, Job.prediction_id)
        .outerjoin(others, col(Job.owner) == others.c.owner)
        .where(
            Job.status == "queued",
            Job.not_before <= clock(session),
            col(Job.queue).in_(me.queues),
            col(Job.engine).in_(["", *me.engines]),
            col(Job.id).not_in(passed_over),
        )
        .order_by(col(Job.priority), func.coalesce(others.c.n, 0), col(Job.created_at), col(Job.number))
        .limit(1)
    )
    if n_long >= me.long_slots:
        statement = statement.where(Job.lane == "short")
    return session.exec(statement).first()


def _take(session: Session, prediction: Work, job_id: uuid.UUID, worker: str, pid: int) -> Lease | None:
    now, token = clock(session), uuid.uuid4()
    taken = session.exec(
        update(Job)
        .where(col(Job.id) == job_id, col(Job.status) == "queued")
        .values(
            status="running",
            stage=START,
            waiting_for=None,
            progress=0.0,
            seconds=0.0,
            attempt=Job.attempt + 1,
            worker=worker,
            pid=pid,
            lease=token,
            lease_expires_at=now + timedelta(seconds=current().lease_s),
            heartbeat_at=now,
            started_at=now,
        )
    )
    if taken.rowcount != 1:
        return None
    job = session.get_one(Job, job_id, populate_existing=True)
    prediction.started_at = prediction.started_at or now
    graph.summarise(prediction, graph.jobs(session, prediction))
    session.add(prediction)
    return Lease(
        token=token,
        job_id=job.id,
        kind=job.kind,
        number=job.number,
        attempt=job.attempt,
        prediction_id=prediction.id,
    )


def _locked(session: Session, prediction_id: uuid.UUID) -> Work | None:
    table = work_table()
    statement = select(table).where(table.id == prediction_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


@contextmanager
def _leased(lease: Lease) -> Iterator[tuple[Session, Work, Job, datetime]]:
    """The rows, to be changed, as long as the lease holds."""
    with transaction(current()) as session:
        prediction = _locked(session, lease.prediction_id)
        job = session.exec(
            select(Job).where(Job.id == lease.job_id, Job.status == "running", Job.lease == lease.token)
        ).first()
        if prediction is None or job is None:
            raise LeaseLost(f"job {lease.job_id} of prediction {lease.prediction_id} is not ours any more")
        yield session, prediction, job, clock(session)


def report(lease: Lease, stage: Notice, progress: float) -> None:
    """Say how far the job is, which also renews the lease.

    Parameters
    ----------
    stage
        What is being done.
    progress
        0 to 1, of this job.

    Raises
    ------
    Cancelled
        The user has asked for it, or the prediction has failed elsewhere.
    LeaseLost
        The job is not this worker's any more.
    """
    with _leased(lease) as (session, prediction, job, now):
        job.heartbeat_at, job.lease_expires_at = now, now + timedelta(seconds=current().lease_s)
        job.stage, job.progress = stage, min(max(progress, 0.0), 1.0)
        job.seconds = (now - job.started_at).total_seconds() if job.started_at else 0.0
        session.add(job)
        stop = prediction.cancel_requested or prediction.status not in graph.ONGOING
        if not stop:
            session.flush()
            graph.summarise(prediction, graph.jobs(session, prediction))
            session.add(prediction)
    if stop:
        raise Cancelled(str(lease.prediction_id))


def succeed(
    lease: Lease,
    publish: Callable[[], object],
    *,
    provenance: dict[str, Any] | None = None,
    warnings: list[Notice] | None = None,
) -> None:
    """The job is done.

    Parameters
    ----------
    publish
        Puts the result where it belongs, within the transaction in which the lease is seen to hold: a rename.
    provenance, warnings
        Of the prediction, where this job was the last one.

    Raises
    ------
    LeaseLost
        It was another worker's already; nothing was published.
    Cancelled
        The prediction is not wanted any more; nothing was published.
    """
    with _leased(lease) as (session, prediction, job, now):
        if prediction.cancel_requested or prediction.status not in graph.ONGOING:
            raise Cancelled(str(lease.prediction_id))
        publish()
        job.progress = 1.0
        if provenance is not None:
            prediction.provenance = provenance
        if warnings is not None:
            prediction.warnings = warnings
        _end(session, prediction, job, "succeeded", now)


def fail(lease: Lease, error: Notice) -> None:
    """The prediction cannot be made; `error` says why."""
    with _leased(lease) as (session, prediction, job, now):
        job.error = error
        _end(session, prediction, job, "failed", now)


def cancelled(lease: Lease) -> None:
    """The worker has stopped because `report` said so."""
    with _leased(lease) as (session, prediction, job, now):
        _end(session, prediction, job, "cancelled", now)


def release(lease: Lease, *, wait_s: float = 0.0, waiting_for: Notice | None = None) -> None:
    """Hand a job back as it stands, to be taken up again: it does not count as an attempt.

    Parameters
    ----------
    wait_s
        Nobody takes it for so long.
    waiting_for
        What must change before it can go on.
    """
    with _leased(lease) as (session, prediction, job, now):
        job.attempt -= 1
        back_to_queue(job, now + timedelta(seconds=wait_s), waiting_for)
        session.add(job)
        graph.advance(session, prediction, now)
        ring_for_waiting(session, now)


def _end(session: Session, prediction: Work, job: Job, status: str, now: datetime) -> None:
    job.status, job.finished_at, job.lease, job.lease_expires_at = status, now, None, None
    job.seconds = (now - job.started_at).total_seconds() if job.started_at else 0.0
    session.add(job)
    graph.advance(session, prediction, now)
    ring_for_waiting(session, now)


def back_to_queue(job: Job, not_before: datetime, waiting_for: Notice | None = None) -> None:
    """Make a job one that nobody works on."""
    job.status, job.stage, job.waiting_for, job.progress = "queued", None, waiting_for, 0.0
    job.not_before = not_before
    job.worker = job.pid = job.lease = job.lease_expires_at = job.heartbeat_at = job.rung_at = None


def take_back(prediction_id: uuid.UUID, job_id: uuid.UUID, *, if_still: Callable[[Job, datetime], bool]) -> bool:
    """Take a job from a worker that is gone; whether it was so.

    Parameters
    ----------
    if_still
        Looks at the locked row again, and at the time: the worker may have reported meanwhile.
    """
    settings = current()
    with transaction(settings) as session:
        prediction = _locked(session, prediction_id)
        job = session.exec(select(Job).where(Job.id == job_id, Job.status == "running")).first()
        if prediction is None or job is None or not if_still(job, now := clock(session)):
            return False
        if job.attempt >= settings.max_attempts:
            job.status, job.finished_at, job.lease = "failed", now, None
            stage = None if job.stage is None else job.stage.to_json()
            job.error = Notice("worker_died", {"attempts": job.attempt, "stage": stage})
        else:
            back_to_queue(job, now)
        session.add(job)
        graph.advance(session, prediction, now)
        ring_for_waiting(session, now)
    return True
