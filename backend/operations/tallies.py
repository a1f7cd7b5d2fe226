"""How many of what: grouped counts over all owners' rows, each one cheap query of a reading transaction."""

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
"""Why jobs fail, by the codes of their errors; any other code comes of the physics or the engine."""
OTHER_REASON: Final = "cannot_predict"
STATUSES: Final = ("waiting", "queued", "running", "succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class JobCount:
    """Jobs that are alike."""

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
    """All jobs by status, queue, lane and kind, and how many of them were tried more than once."""
    retried = func.sum(case((col(Job.attempt) > 1, 1), else_=0))
    group = (col(Job.status), col(Job.queue), col(Job.lane), col(Job.kind))
    rows = session.execute(sqlalchemy.select(*group, func.count(), retried).group_by(*group))
    return [JobCount(*row) for row in rows]


def count_predictions(session: Session) -> Counter[tuple[str, str]]:
    """All predictions by (status, method)."""
    group = (col(Prediction.status), col(Prediction.method))
    rows = session.execute(select(*group, func.count()).group_by(*group))
    return Counter({(status, method): n for status, method, n in rows})


def oldest_queued_s(session: Session, now: datetime) -> dict[tuple[str, str], float]:
    """By (queue, lane): for how many seconds a job has waited that could be done; absent where none waits."""
    since = func.min(Job.not_before)
    statement = select(Job.queue, Job.lane, since).where(Job.status == "queued").group_by(Job.queue, Job.lane)
    return {(queue, lane): max(0.0, (now - first).total_seconds()) for queue, lane, first in session.exec(statement)}


def running_by_engine(session: Session) -> Counter[str]:
    """Running jobs by the engine that they use; "" for those that use none."""
    statement = select(Job.engine, func.count()).where(Job.status == "running").group_by(Job.engine)
    return Counter(dict(session.exec(statement).all()))


def running_by_worker(session: Session) -> Counter[str]:
    """Running jobs by the worker that holds them."""
    statement = select(Job.worker, func.count()).where(Job.status == "running").group_by(Job.worker)
    return Counter({name or "": n for name, n in session.exec(statement)})


def failures(session: Session) -> Counter[str]:
    """Failed jobs by kind of reason; all of them, also those with none."""
    code = col(Job.error)["code"].as_string()
    reason = case((code.in_(REASONS), code), else_=OTHER_REASON)
    rows = session.execute(select(reason, func.count()).where(col(Job.status) == "failed").group_by(reason))
    found = {name: n for name, n in rows}  # noqa: C416
    return Counter(dict.fromkeys((*REASONS, OTHER_REASON), 0) | found)


def reason_of(error: Notice | None) -> str:
    """The kind of reason that an error states."""
    return error.code if error is not None and error.code in REASONS else OTHER_REASON


def out_of_reach(session: Session, workers: Sequence[WorkerHeartbeat]) -> list[OutOfReach]:
    """What is queued although none of these workers can do it."""
    statement = select(Job.queue, Job.engine, func.count()).where(Job.status == "queued")
    return [
        OutOfReach(queue, engine, n)
        for queue, engine, n in session.exec(statement.group_by(Job.queue, Job.engine))
        if not any(serves(worker, queue, engine) for worker in workers)
    ]
