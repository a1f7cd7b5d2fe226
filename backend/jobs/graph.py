"""The graph of the jobs of a prediction or training: its jobs, their order, and the state of their common row.

A simulation without replicas (harmonic phonons) is one job. One with replicas (molecular dynamics) is prepared once
(relaxation, mean cell), run by independent replicas on any workers, and combined at the end. The graph is kept in rows,
not in a chord of Celery: see docs/decisions/0005-jobs-in-rows.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlmodel import Session, select

from backend.engines import catalogue as engines
from backend.jobs.tables import Job, belongs_to
from backend.jobs.work import ONGOING, PREDICTION, READING, TRAINING, Work, table_of
from backend.kit.files import storage
from backend.kit.settings import Settings
from scattering.core.notices import Notice
from scattering.options.base import Options

ORDER: Final = {"whole": 0, "prepare": 0, "label": 0, "read": 0, "train": 1, "replica": 1, "combine": 2}
"""A job waits until all jobs with smaller numbers have succeeded."""

WAITING_FOR_WORKER: Final = Notice("waiting_for_worker")
DONE: Final = Notice("done")

_PREPARE_FRACTION, _COMBINE_FRACTION = 0.02, 0.02


def jobs_of(prediction: Work, options: Options, *, loader: str, priority: int) -> list[Job]:
    """Return the jobs of a prediction, not yet in the database.

    Parameters
    ----------
    prediction
        Row of the prediction.
    options
        Options of the prediction.
    loader
        Engine that loaded the potential: it gives the forces if the chosen engine gives none.
    priority
        Jobs with smaller numbers start first.
    """
    job = partial(_job, prediction, priority=priority)
    engine, replicas = options.engine, options.n_replicas
    if replicas == 0:
        return [job("whole", engine=engine, lane="short", weight=1.0)]
    # The engine simulates a cell at constant pressure itself; otherwise the preparation needs only forces
    long = options.cell_is_simulated
    light = engine if long or engines.get(engine).gives_forces else loader
    share = (1 - _PREPARE_FRACTION - _COMBINE_FRACTION) / replicas
    return [
        job("prepare", engine=light, lane="long" if long else "short", weight=_PREPARE_FRACTION),
        *(job("replica", number, engine=engine, lane="long", weight=share) for number in range(replicas)),
        job("combine", engine="", lane="short", weight=_COMBINE_FRACTION),
    ]


def job_without_engine(prediction: Work, *, priority: int) -> Job:
    """Return the only job of a prediction from known force constants, which any worker can do."""
    return _job(prediction, "whole", priority=priority, engine="", lane="short", weight=1.0)


def job_of_reading(reading: Work) -> Job:
    """Return the only job of the reading of a source, which any worker can do."""
    return _job(reading, "read", priority=0, engine="", lane="short", weight=1.0)


@dataclass(frozen=True)
class Labelling:
    """The job that labels structures before a training: what it needs, and its share of the work."""

    engine: str
    queue: str
    share: float


def jobs_of_training(
    training: Work, trainer: str, *, queue: str, priority: int, labelling: Labelling | None = None
) -> list[Job]:
    """Return the jobs of a training: that of the labels, if there is one, and that of the trainer."""
    job = partial(_job, training, priority=priority, lane="long")
    if labelling is None:
        only = job("train", engine=trainer, queue=queue, weight=1.0)
        only.status = "queued"
        return [only]
    share = labelling.share
    return [
        job("label", engine=labelling.engine, queue=labelling.queue, weight=share),
        job("train", engine=trainer, queue=queue, weight=1 - share),
    ]


def _job(
    prediction: Work,
    kind: str,
    number: int = 0,
    *,
    priority: int,
    engine: str,
    lane: str,
    weight: float,
    queue: str | None = None,
) -> Job:
    kind_of_work = table_of(prediction).kind
    return Job(
        created_at=prediction.created_at,
        owner=prediction.owner,
        prediction_id=prediction.id if kind_of_work == PREDICTION else None,
        training_id=prediction.id if kind_of_work == TRAINING else None,
        reading_id=prediction.id if kind_of_work == READING else None,
        kind=kind,
        number=number,
        queue=queue or (engines.get(engine).queue if engine else "cpu"),
        engine=engine,
        lane=lane,
        priority=priority,
        weight=weight,
        status="waiting" if ORDER[kind] else "queued",
    )


def jobs(session: Session, prediction: Work) -> list[Job]:
    """Return the jobs of a prediction in their order."""
    rows = session.exec(select(Job).where(belongs_to(prediction)).execution_options(populate_existing=True))
    return sorted(rows, key=lambda job: (ORDER[job.kind], job.number))


def advance(session: Session, prediction: Work, now: datetime) -> None:
    """Update a prediction from the states of its jobs. The caller has locked the row of the prediction.

    Jobs whose predecessors have succeeded are queued. A failed job fails the prediction. A cancelled prediction ends
    when no worker works on it any more.
    """
    session.flush()
    parts = jobs(session, prediction)
    failed = next((job for job in parts if job.status == "failed"), None)
    if prediction.status in ONGOING:
        if failed is not None:
            _finish(session, prediction, "failed", now)
            prediction.error = failed.error
        elif prediction.cancel_requested:
            _stop(parts, now)
            if not any(job.status == "running" for job in parts):
                _finish(session, prediction, "cancelled", now)
        elif all(job.status == "succeeded" for job in parts):
            _finish(session, prediction, "succeeded", now)
        else:
            _queue_next(parts, now)
            summarise(prediction, parts)
    if prediction.status not in ONGOING:
        _stop(parts, now)
    session.add(prediction)
    session.flush()


def _queue_next(parts: Sequence[Job], now: datetime) -> None:
    unfinished = [ORDER[job.kind] for job in parts if job.status != "succeeded"]
    for job in parts:
        if job.status == "waiting" and ORDER[job.kind] == min(unfinished):
            job.status, job.not_before = "queued", now


def _stop(parts: Sequence[Job], now: datetime) -> None:
    for job in parts:
        if job.status in ("waiting", "queued"):
            job.status, job.finished_at = "cancelled", now


def _finish(session: Session, prediction: Work, status: str, now: datetime) -> None:
    prediction.status, prediction.finished_at, prediction.eta_s, prediction.waiting_for = status, now, None, None
    settings: Settings = session.info["settings"]
    if status == "succeeded":
        prediction.stage, prediction.progress = DONE, 1.0
        storage.delete_folder(session, table_of(prediction).work_folder(settings, prediction.id))
    else:
        storage.delete_folder(session, table_of(prediction).folder(settings, prediction.id))


def summarise(prediction: Work, parts: Sequence[Job]) -> None:
    """Write the stage, the progress and the time left of all jobs into the row of the prediction."""
    running = [job for job in parts if job.status == "running"]
    prediction.attempt = max(job.attempt for job in parts)
    prediction.progress = min(1.0, sum(job.weight * job.progress for job in parts))
    if not running:
        prediction.status = "queued" if not any(job.status == "succeeded" for job in parts) else prediction.status
        reasons = (job.waiting_for for job in parts if job.status == "queued" and job.waiting_for is not None)
        prediction.stage, prediction.waiting_for = None, next(reasons, WAITING_FOR_WORKER)
        return
    prediction.status, prediction.stage, prediction.waiting_for = "running", _stage(running, parts), None
    prediction.eta_s = _seconds_left(parts, len(running)) or prediction.eta_s or prediction.estimate_s


def _stage(running: Sequence[Job], parts: Sequence[Job]) -> Notice | None:
    """Return the commonest stage of the running jobs; for replicas, with the numbers of finished and running ones."""
    stages = [job.stage for job in running if job.stage is not None]
    if not stages:
        return None
    ((code, _),) = Counter(stage.code for stage in stages).most_common(1)
    stage = next(stage for stage in stages if stage.code == code)
    replicas = [job for job in parts if job.kind == "replica"]
    if len(replicas) < 2 or running[0].kind != "replica":
        return stage
    counts = Counter(job.status for job in replicas)
    return stage.with_params(
        replicas=len(replicas), replicas_done=counts["succeeded"], replicas_running=counts["running"]
    )


def _seconds_left(parts: Sequence[Job], n_running: int) -> float | None:
    """Return the time for the remaining work, at the pace of the finished work and with the jobs that run now."""
    done = sum(job.weight * job.progress for job in parts)
    if done < 0.02 or (done < 0.04 and len(parts) > 1):
        return None
    worked = sum(job.seconds for job in parts)
    return float((1 - done) / done * worked / n_running)
