"""Counts of jobs and predictions of all owners. Each count is one cheap query of a reading transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy
from sqlalchemy import case
from sqlmodel import Session, col, func, select

from backend.health.tables import WorkerHeartbeat
from backend.jobs.dispatch import serves
from backend.jobs.tables import Job
from backend.predictions.tables import Prediction
from scattering.core.notices import Notice

REASONS: Final = ("worker_died", "time_limit", "unforeseen")
"""Codes of errors that have their own reason; all other codes come from the physics or the engine."""
OTHER_REASON: Final = "cannot_predict"
STATUSES: Final = ("waiting", "queued", "running", "succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class JobCount:
    """Number of jobs with the same status, queue, lane and kind."""

    status: str
    queue: str
    lane: str
    kind: str
    n: int
    n_retried: int


@dataclass(frozen=True)
class OutOfReach:
    """Queued jobs that no living worker can do."""

    queue: str
    engine: str
    n: int


def count_jobs(session: Session) -> list[JobCount]:
    """Count jobs, and jobs with more than one attempt, by status, queue, lane and kind."""
    retried = func.sum(case((col(Job.attempt) > 1, 1), else_=0))
    group = (col(Job.status), col(Job.queue), col(Job.lane), col(Job.kind))
    rows = session.execute(sqlalchemy.select(*group, func.count(), retried).group_by(*group))
    return [JobCount(*row) for row in rows]


def count_predictions(session: Session) -> Counter[tuple[str, str]]:
    """Count predictions by (status, method)."""
    group = (col(Prediction.status), col(Prediction.method))
    rows = session.execute(select(*group, func.count()).group_by(*group))
    return Counter({(status, method): n for status, method, n in rows})


def oldest_queued_s(session: Session, now: datetime) -> dict[tuple[str, str], float]:
    """Return the seconds for which the oldest queued job has waited, by (queue, lane), if there is one."""
    since = func.min(Job.not_before)
    statement = select(Job.queue, Job.lane, since).where(Job.status == "queued").group_by(Job.queue, Job.lane)
    return {(queue, lane): max(0.0, (now - first).total_seconds()) for queue, lane, first in session.exec(statement)}


def count_running_by_engine(session: Session) -> Counter[str]:
    """Count running jobs by the engine that they use; "" stands for no engine."""
    statement = select(Job.engine, func.count()).where(Job.status == "running").group_by(Job.engine)
    return Counter(dict(session.exec(statement).all()))


def count_running_by_worker(session: Session) -> Counter[str]:
    """Count running jobs by worker."""
    statement = select(Job.worker, func.count()).where(Job.status == "running").group_by(Job.worker)
    return Counter({name or "": n for name, n in session.exec(statement)})


def count_failures(session: Session) -> Counter[str]:
    """Count failed jobs by reason; every reason is a key."""
    code = col(Job.error)["code"].as_string()
    reason = case((code.in_(REASONS), code), else_=OTHER_REASON)
    rows = session.execute(select(reason, func.count()).where(col(Job.status) == "failed").group_by(reason))
    counts = {name: n for name, n in rows}  # noqa: C416
    return Counter(dict.fromkeys((*REASONS, OTHER_REASON), 0) | counts)


def failure_reason(error: Notice | None) -> str:
    """Return the reason of an error."""
    return error.code if error is not None and error.code in REASONS else OTHER_REASON


def jobs_out_of_reach(session: Session, workers: Sequence[WorkerHeartbeat]) -> list[OutOfReach]:
    """Count queued jobs that none of these workers can do."""
    statement = select(Job.queue, Job.engine, func.count()).where(Job.status == "queued")
    return [
        OutOfReach(queue, engine, n)
        for queue, engine, n in session.exec(statement.group_by(Job.queue, Job.engine))
        if not any(serves(worker, queue, engine) for worker in workers)
    ]
