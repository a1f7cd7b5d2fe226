"""Leases: actions of a worker on the row of a job, each in its own short transaction.

A running job is leased to one worker, which renews the lease by its reports. A worker that lost its lease may not write
any more, neither to the row nor, through `succeed`, into the folder of its work. Rows are locked in one order,
prediction or training before job, so that no two transactions wait for each other.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session, col, func, select, update

from backend.health.tables import WorkerHeartbeat
from backend.jobs import graph
from backend.jobs.dispatch import wake_for_queued_jobs
from backend.jobs.tables import Job
from backend.jobs.work import ONGOING, PREDICTION, Work, WorkId, table_of, work_tables
from backend.kit.db.database import clock, transaction
from backend.kit.settings import current
from scattering.core.notices import Notice

START: Final = Notice("start")


class Cancelled(Exception):
    """The prediction is cancelled, or another job of it has failed: stop, then call `end_cancelled`."""


class LeaseLost(Exception):
    """The job was deleted or belongs to another worker: stop, write nothing, leave no files."""


@dataclass(frozen=True)
class Lease:
    """The right to work on a job."""

    token: uuid.UUID
    job_id: uuid.UUID
    kind: str
    number: int
    attempt: int
    work: WorkId

    @property
    def prediction_id(self) -> uuid.UUID | None:
        """Id of the prediction; None of another kind of work."""
        return self.work.id if self.work.kind == PREDICTION else None


def claim(worker: str, pid: int) -> Lease | None:
    """Claim the best queued job that this worker can do; return None if there is none.

    Previews go first, then jobs of the owner with the fewest running jobs, then the oldest. A worker with several slots
    keeps one for short jobs.

    Parameters
    ----------
    worker
        Name of the worker in its heartbeat (`backend.health.heartbeats`).
    pid
        Process that will run the job.
    """
    settings = current()
    with transaction(settings) as session:
        # The children of a worker claim one after the other, so that each sees the claims of the others
        me = session.exec(select(WorkerHeartbeat).where(WorkerHeartbeat.name == worker).with_for_update()).first()
        if me is None:
            return None
        passed_over = set[uuid.UUID]()
        while (found := _find_best_job(session, me, passed_over)) is not None:
            job_id, work_id = found
            work = _lock_work(session, work_id)
            if work is None or (lease := _take_job(session, work, job_id, worker, pid)) is None:
                passed_over.add(job_id)
                continue
            return lease
    return None


def _find_best_job(
    session: Session, me: WorkerHeartbeat, passed_over: set[uuid.UUID]
) -> tuple[uuid.UUID, WorkId] | None:
    n_long = session.exec(
        select(func.count()).where(Job.status == "running", Job.worker == me.name, Job.lane == "long")
    ).one()
    others = select(Job.owner, func.count().label("n")).where(Job.status == "running").group_by(Job.owner).subquery()
    statement = (
        select(Job)
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
    job = session.exec(statement).first()
    return None if job is None else (job.id, job.work)


def _take_job(session: Session, prediction: Work, job_id: uuid.UUID, worker: str, pid: int) -> Lease | None:
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
        work=WorkId(table_of(prediction).kind, prediction.id),
    )


def _lock_work(session: Session, work: WorkId) -> Work | None:
    table = work_tables()[work.kind].table
    statement = select(table).where(table.id == work.id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).first()


@contextmanager
def _open_lease(lease: Lease) -> Iterator[tuple[Session, Work, Job, datetime]]:
    """Yield the rows for a change, if the lease is still valid."""
    with transaction(current()) as session:
        prediction = _lock_work(session, lease.work)
        job = session.exec(
            select(Job).where(Job.id == lease.job_id, Job.status == "running", Job.lease == lease.token)
        ).first()
        if prediction is None or job is None:
            raise LeaseLost(f"job {lease.job_id} of {lease.work} belongs to another worker, or was deleted")
        yield session, prediction, job, clock(session)


def report(lease: Lease, stage: Notice, progress: float) -> None:
    """Report the stage and the progress of a job, which renews the lease.

    Parameters
    ----------
    stage
        Notice of the current stage.
    progress
        Progress of this job, 0 to 1.

    Raises
    ------
    Cancelled
        The user has cancelled the prediction, or another job of it has failed.
    LeaseLost
        The job does not belong to this worker any more.
    """
    with _open_lease(lease) as (session, prediction, job, now):
        job.heartbeat_at, job.lease_expires_at = now, now + timedelta(seconds=current().lease_s)
        job.stage, job.progress = stage, min(max(progress, 0.0), 1.0)
        job.seconds = (now - job.started_at).total_seconds() if job.started_at else 0.0
        session.add(job)
        stop = prediction.cancel_requested or prediction.status not in ONGOING
        if not stop:
            session.flush()
            graph.summarise(prediction, graph.jobs(session, prediction))
            session.add(prediction)
    if stop:
        raise Cancelled(str(lease.work))


def succeed(
    lease: Lease,
    publish: Callable[[], object],
    *,
    provenance: dict[str, Any] | None = None,
    warnings: list[Notice] | None = None,
    record: Callable[[Session, Work], object] | None = None,
) -> None:
    """End a job with success.

    Parameters
    ----------
    publish
        Moves the result to its place by a rename, within the transaction that checks the lease.
    provenance, warnings
        Provenance and warnings of the prediction, if this job was the last one.
    record
        Writes further results into the row of the work, and adds other rows, within the same transaction.

    Raises
    ------
    LeaseLost
        The job belongs to another worker; nothing was published.
    Cancelled
        The prediction is cancelled; nothing was published.
    """
    with _open_lease(lease) as (session, prediction, job, now):
        if prediction.cancel_requested or prediction.status not in ONGOING:
            raise Cancelled(str(lease.work))
        publish()
        job.progress = 1.0
        if provenance is not None:
            prediction.provenance = provenance
        if warnings is not None:
            prediction.warnings = warnings
        if record is not None:
            record(session, prediction)
        _end(session, prediction, job, "succeeded", now)


def fail(lease: Lease, error: Notice) -> None:
    """Fail a job and its prediction with an error."""
    with _open_lease(lease) as (session, prediction, job, now):
        job.error = error
        _end(session, prediction, job, "failed", now)


def end_cancelled(lease: Lease) -> None:
    """End a job whose worker has stopped because `report` raised `Cancelled`."""
    with _open_lease(lease) as (session, prediction, job, now):
        _end(session, prediction, job, "cancelled", now)


def release(lease: Lease, *, wait_s: float = 0.0, waiting_for: Notice | None = None) -> None:
    """Hand a job back, so that a worker resumes it; this does not count as an attempt.

    Parameters
    ----------
    wait_s
        Time before which no worker takes it.
    waiting_for
        Reason to wait.
    """
    with _open_lease(lease) as (session, prediction, job, now):
        job.attempt -= 1
        back_to_queue(job, now + timedelta(seconds=wait_s), waiting_for)
        session.add(job)
        graph.advance(session, prediction, now)
        wake_for_queued_jobs(session, now)


def _end(session: Session, prediction: Work, job: Job, status: str, now: datetime) -> None:
    job.status, job.finished_at, job.lease, job.lease_expires_at = status, now, None, None
    job.seconds = (now - job.started_at).total_seconds() if job.started_at else 0.0
    session.add(job)
    graph.advance(session, prediction, now)
    wake_for_queued_jobs(session, now)


def back_to_queue(job: Job, not_before: datetime, waiting_for: Notice | None = None) -> None:
    """Put a job back into its queue."""
    job.status, job.stage, job.waiting_for, job.progress = "queued", None, waiting_for, 0.0
    job.not_before = not_before
    job.worker = job.pid = job.lease = job.lease_expires_at = job.heartbeat_at = job.rung_at = None


def take_back(
    work: WorkId, job_id: uuid.UUID, *, if_still: Callable[[Job, datetime], bool], ended_by: str | None = None
) -> bool:
    """Take a job back from a dead worker; return whether it was taken back.

    Parameters
    ----------
    if_still
        Checks the locked row and the time again, because the worker may have reported meanwhile.
    ended_by
        Signal that ended the process of the job, such as SIGSEGV, or "exit"; None: not known.
    """
    settings = current()
    with transaction(settings) as session:
        prediction = _lock_work(session, work)
        job = session.exec(select(Job).where(Job.id == job_id, Job.status == "running")).first()
        if prediction is None or job is None or not if_still(job, now := clock(session)):
            return False
        if job.attempt >= settings.max_attempts:
            job.status, job.finished_at, job.lease = "failed", now, None
            stage = None if job.stage is None else job.stage.to_json()
            params = {"work": work.kind, "attempts": job.attempt, "stage": stage, "ended_by": ended_by}
            job.error = Notice("worker_died", params)
        else:
            back_to_queue(job, now)
        session.add(job)
        graph.advance(session, prediction, now)
        wake_for_queued_jobs(session, now)
    return True
