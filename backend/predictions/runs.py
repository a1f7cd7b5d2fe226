"""What a worker may do to a prediction's row, each in a short transaction of its own.

A running row is leased to one worker, which renews the lease by reporting. Who lost the lease may write nothing
more. A message that is delivered twice therefore does nothing the second time, and a job whose worker died is
taken again by `requeue_lost`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select, update

from backend import storage
from backend.columns import utc_now
from backend.database import transaction
from backend.health.beats import slots
from backend.models.tables import Model
from backend.predictions.tables import Prediction
from backend.queue import enqueue_prediction
from backend.settings import current

BELL_LOST_AFTER = timedelta(seconds=5)
"""A queued job that no idle worker took for so long has lost its message: delivery takes 0.1 s."""
MAX_TEXT = 2000


class Cancelled(Exception):
    """The user does not want the prediction any more: stop, then call `cancelled`."""


class LeaseLost(Exception):
    """The row was deleted or is another worker's: stop, write nothing, leave nothing."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to know to run a prediction."""

    id: uuid.UUID
    structure_id: uuid.UUID
    model: Model
    method: str
    sampling: str
    quality: str
    temperature_k: float
    instruments: tuple[str, ...]
    options: dict[str, Any]
    attempt: int


def claim(prediction_id: uuid.UUID, worker: str) -> Job | None:
    """Take a queued prediction for this worker; None when it is not to be run (any more)."""
    now = utc_now()
    with transaction(current()) as session:
        taken = session.exec(
            update(Prediction)
            .where(col(Prediction.id) == prediction_id, col(Prediction.status) == "queued")
            .values(
                status="running",
                stage="starting",
                progress=0.0,
                eta_s=Prediction.estimate_s,
                attempt=Prediction.attempt + 1,
                worker=worker,
                heartbeat_at=now,
                started_at=now,
            )
        )
        if taken.rowcount != 1:
            return None
        row = session.get_one(Prediction, prediction_id, populate_existing=True)
        return Job(
            id=row.id,
            structure_id=row.structure_id,
            model=session.get_one(Model, row.model_id),
            method=row.method,
            sampling=row.sampling,
            quality=row.quality,
            temperature_k=row.temperature_k,
            instruments=tuple(row.instruments),
            options=dict(row.options),
            attempt=row.attempt,
        )


@contextmanager
def _leased(prediction_id: uuid.UUID, worker: str) -> Iterator[Prediction]:
    """The row, to be changed, as long as it is this worker's."""
    with transaction(current()) as session:
        row = session.get(Prediction, prediction_id)
        if row is None or row.status != "running" or row.worker != worker:
            raise LeaseLost(f"prediction {prediction_id} is not {worker}'s any more")
        yield row
        session.add(row)


def report(prediction_id: uuid.UUID, worker: str, stage: str, progress: float, eta_s: float | None) -> None:
    """Say how far the prediction is, which also renews the lease.

    Parameters
    ----------
    stage
        What is being done, in the user's words.
    progress
        0 to 1, of the whole prediction.
    eta_s
        Seconds left, where they can be told.

    Raises
    ------
    Cancelled
        The user has asked for it.
    LeaseLost
        The row is not this worker's any more.
    """
    with _leased(prediction_id, worker) as row:
        row.heartbeat_at = utc_now()
        row.stage = stage[:200]
        row.progress = min(max(progress, 0.0), 1.0)
        row.eta_s = eta_s
        cancel_requested = row.cancel_requested
    if cancel_requested:
        raise Cancelled(str(prediction_id))


def exists(prediction_id: uuid.UUID) -> bool:
    """Whether the prediction was not deleted."""
    with transaction(current()) as session:
        return session.get(Prediction, prediction_id) is not None


def succeed(prediction_id: uuid.UUID, worker: str, provenance: dict[str, Any], warnings: list[str]) -> None:
    """The partials are written: the prediction is done."""
    with _leased(prediction_id, worker) as row:
        _finish(row, "succeeded", stage="done")
        row.progress = 1.0
        row.provenance = provenance
        row.warnings = warnings


def fail(prediction_id: uuid.UUID, worker: str, error: str) -> None:
    """The prediction cannot be made; `error` says why in words for the user."""
    with _leased(prediction_id, worker) as row:
        _finish(row, "failed")
        row.error = error[:MAX_TEXT]


def cancelled(prediction_id: uuid.UUID, worker: str) -> None:
    """The worker has stopped because the user asked for it."""
    with _leased(prediction_id, worker) as row:
        _finish(row, "cancelled")


def release(prediction_id: uuid.UUID, worker: str) -> None:
    """Hand a running prediction back because the worker shuts down: it does not count as an attempt."""
    with _leased(prediction_id, worker) as row:
        if row.cancel_requested:
            _finish(row, "cancelled")
            return
        row.attempt -= 1
        _back_to_queue(row)


def requeue_lost(*, no_worker_lives: bool = False, now: datetime | None = None) -> int:
    """Mend what crashes left behind: the sweep. Returns how many predictions were sent again.

    Running rows whose lease ran out go back to the queue, until their attempts are used up. Queued rows that stay
    although a worker is idle have lost their message, and it is sent again.

    Parameters
    ----------
    no_worker_lives
        All leases are void and all messages are gone: the embedded worker is about to be started.
    now
        The time to reckon with.
    """
    settings, now = current(), now or utc_now()
    with transaction(settings) as session:
        leases_end = now - timedelta(seconds=0 if no_worker_lives else settings.lease_s)
        for row in _rows(session, "running"):
            if row.heartbeat_at is None or row.heartbeat_at <= leases_end:
                _take_back(row, settings.max_attempts)
                session.add(row)
        session.flush()
        waiting = _rows(session, "queued")
        if not no_worker_lives:
            if slots(session, now) <= len(_rows(session, "running")):
                return 0
            waiting = [row for row in waiting if row.enqueued_at <= now - BELL_LOST_AFTER]
        for row in waiting:
            row.enqueued_at = now
            session.add(row)
            enqueue_prediction(session, row.id, row.queue)
        return len(waiting)


def any_running() -> bool:
    """Whether a worker holds a prediction."""
    with transaction(current(), reading=True) as session:
        return bool(_rows(session, "running"))


def remove_orphans() -> None:
    """Remove the files of predictions that were deleted while a worker wrote them."""
    settings = current()
    with transaction(settings, reading=True) as session:
        known = set(session.exec(select(Prediction.id)))
    storage.remove_orphans(settings.prediction_dir("x").parent, known)


def _rows(session: Session, status: str) -> list[Prediction]:
    statement = select(Prediction).where(Prediction.status == status).order_by(col(Prediction.created_at))
    return list(session.exec(statement))


def _take_back(row: Prediction, max_attempts: int) -> None:
    if row.cancel_requested:
        _finish(row, "cancelled")
    elif row.attempt >= max_attempts:
        _finish(row, "failed")
        row.error = (
            f"The worker died {row.attempt} times during this prediction, last while '{row.stage}'. It may need more "
            "memory than there is: try a smaller supercell or quality 'preview'."
        )
    else:
        _back_to_queue(row)


def _back_to_queue(row: Prediction) -> None:
    row.status, row.stage, row.progress, row.eta_s = "queued", "", 0.0, None
    row.worker = row.heartbeat_at = row.started_at = None
    # Long ago: the next sweep may ring at once.
    row.enqueued_at = row.created_at


def _finish(row: Prediction, status: str, stage: str | None = None) -> None:
    row.status, row.finished_at, row.eta_s, row.worker = status, utc_now(), None, None
    if stage is not None:
        row.stage = stage
