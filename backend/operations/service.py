"""Read the state of the server and its workers in one transaction."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Row, Select
from sqlmodel import Session, col, func, select

from backend import wording
from backend.health import heartbeats
from backend.health.service import ask_broker
from backend.health.tables import WorkerHeartbeat
from backend.jobs.tables import Job
from backend.jobs.work import READING, TRAINING
from backend.kit.db.database import clock, transaction
from backend.kit.http.notices import NoticeOut
from backend.kit.queue.celery_settings import QUEUES
from backend.kit.settings import Settings
from backend.kit.version import VERSION
from backend.operations import disk, tallies
from backend.operations.schemas import (
    DiskOut,
    FailureOut,
    OperationsOut,
    OutOfReachOut,
    QueueOut,
    RunningJobOut,
    WorkerOut,
)
from backend.predictions.tables import Prediction
from backend.trainings.tables import Training

logger = logging.getLogger(__name__)

LANES = ("short", "long")
MAX_RECENT_FAILURES = 20


def operations(settings: Settings, operator: str, size: disk.FolderSize) -> OperationsOut:
    """Return the state of queues, workers, failures and disk.

    Parameters
    ----------
    operator
        User who asks. They see only the ids of other users' predictions.
    size
        Size of all predictions.
    """
    # Outside the transaction, because a broker that does not answer takes a second
    broker = broker_is_up(settings)
    space = disk.measure_space(settings.data_dir)
    with transaction(settings, reading=True) as session:
        now = clock(session)
        counts = tallies.count_jobs(session)
        predictions = tallies.count_predictions(session)
        alive = heartbeats.living_workers(session, now)
        return OperationsOut(
            version=VERSION,
            time=now,
            broker=broker,
            queues=_queues(counts, tallies.oldest_queued_s(session, now)),
            workers=_workers(session, operator, now),
            engines=dict(sorted(Counter(name for worker in alive for name in worker.engines).items())),
            out_of_reach=[
                OutOfReachOut(queue=one.queue, engine=one.engine, jobs=one.n)
                for one in tallies.jobs_out_of_reach(session, alive)
            ],
            jobs_by_status=_by_status((one.status, one.n) for one in counts),
            predictions_by_status=_by_status((status, n) for (status, _), n in predictions.items()),
            failures_by_reason=dict(tallies.count_failures(session)),
            recent_failures=_failures(session, operator),
            disk=DiskOut(
                free_bytes=space and space.free, total_bytes=space and space.total, predictions_bytes=size.bytes
            ),
        )


def broker_is_up(settings: Settings) -> bool:
    """Return whether the broker accepts messages."""
    try:
        ask_broker(settings)
    except Exception:  # clients of brokers have no common base class of errors
        logger.warning("the broker accepts no messages", exc_info=True)
        return False
    return True


def _by_status(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for status, n in counts:
        total[status] += n
    return {status: total[status] for status in tallies.STATUSES if total[status]}


def _queues(counts: Sequence[tallies.JobCount], oldest: dict[tuple[str, str], float]) -> list[QueueOut]:
    jobs = Counter[tuple[str, str, str]]()
    for one in counts:
        jobs[one.queue, one.lane, one.status] += one.n
    return [
        QueueOut(
            name=queue,
            lane=lane,
            waiting=jobs[queue, lane, "waiting"],
            queued=jobs[queue, lane, "queued"],
            running=jobs[queue, lane, "running"],
            oldest_queued_s=oldest.get((queue, lane)),
        )
        for queue in QUEUES
        for lane in LANES
    ]


def _workers(session: Session, operator: str, now: datetime) -> list[WorkerOut]:
    running = defaultdict[str, list[RunningJobOut]](list)
    for job in session.execute(_jobs("running").order_by(col(Job.started_at))):
        seconds = max(0.0, (now - job.started_at).total_seconds())
        running[job.worker].append(RunningJobOut(**_job_fields(job, operator), progress=job.progress, seconds=seconds))
    rows = session.exec(select(WorkerHeartbeat).order_by(WorkerHeartbeat.name))
    return [
        WorkerOut(
            name=row.name,
            host=row.host,
            queues=row.queues,
            engines=row.engines,
            slots=row.slots,
            long_slots=row.long_slots,
            cores=row.cores,
            started_at=row.started_at,
            seen_s_ago=max(0.0, (now - row.seen_at).total_seconds()),
            alive=row.seen_at > now - heartbeats.TIMEOUT,
            running=running[row.name],
        )
        for row in rows
    ]


def _failures(session: Session, operator: str) -> list[FailureOut]:
    newest_first = _jobs("failed").order_by(col(Job.finished_at).desc()).limit(MAX_RECENT_FAILURES)
    return [
        FailureOut(
            **_job_fields(job, operator),
            when=job.finished_at,
            reason=tallies.failure_reason(job.error),
            error=wording.message_or_none(job.error) or "",
            error_notice=NoticeOut.of_optional(job.error),
            worker=job.worker,
        )
        for job in session.execute(newest_first)
    ]


def _jobs(status: str) -> Select[*tuple[Any, ...]]:
    # Whole rows would include the JSON of predictions, which takes longest to read
    wanted = (Job.kind, Job.number, Job.engine, Job.stage, Job.progress, Job.attempt, Job.worker, Job.error)
    times = (Job.started_at, Job.finished_at)
    asked = (Job.prediction_id, Job.training_id, Job.reading_id, Job.owner)
    of_either = (
        func.coalesce(col(Prediction.structure_id), col(Training.structure_id)).label("structure_id"),
        func.coalesce(
            col(Prediction.method), sqlalchemy.case((col(Job.reading_id).is_not(None), READING), else_=TRAINING)
        ).label("method"),
    )
    statement = sqlalchemy.select(*(col(column) for column in (*wanted, *times, *asked)), *of_either)
    return (
        statement.outerjoin_from(Job, Prediction, col(Job.prediction_id) == col(Prediction.id))
        .outerjoin(Training, col(Job.training_id) == col(Training.id))
        .where(col(Job.status) == status)
    )


def _job_fields(job: Row[Any], operator: str) -> dict[str, Any]:
    """Return the fields of `OperatedJobOut`."""
    return {
        "prediction_id": job.prediction_id,
        "training_id": job.training_id,
        "reading_id": job.reading_id,
        "structure_id": job.structure_id,
        "own": job.owner == operator,
        "owner": job.owner,
        "method": job.method,
        "kind": job.kind,
        "number": job.number,
        "engine": job.engine,
        "stage": wording.message_or_none(job.stage) or "",
        "stage_notice": NoticeOut.of_optional(job.stage),
        "attempt": job.attempt,
    }
