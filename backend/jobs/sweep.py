"""Mend what crashes left behind. Done now and then by every server, and safe to be done by several at once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from backend.jobs.dispatch import LOST_AFTER, ring_for_waiting, say_what_is_missing
from backend.jobs.leases import take_back
from backend.jobs.tables import Job
from backend.jobs.work import work_table
from backend.kit.db.database import clock, transaction
from backend.kit.files import storage
from backend.kit.settings import current

ARRIVES_WITHIN_S = 3600.0
"""After that, who brought the files has died."""


def sweep() -> None:
    """Take jobs back whose lease ran out, ring bells that were lost, remove files that no row knows."""
    take_back_expired()
    with transaction(current()) as session:
        now = clock(session)
        say_what_is_missing(session, now)
        ring_for_waiting(session, now, rung_before=LOST_AFTER)
    remove_orphans()


def take_back_expired() -> int:
    """Take the jobs back whose lease ran out. Returns how many."""
    return _take_back_where(lambda job, now: job.lease_expires_at is None or job.lease_expires_at <= now)


def take_back_all() -> int:
    """Take all running jobs back: no worker lives. Returns how many."""
    return _take_back_where(lambda job, now: True)


def bury(worker: str, living: Callable[[], set[int]]) -> int:
    """Take the jobs back whose process has died, as the worker's own parent process knows at once.

    Parameters
    ----------
    worker
        Its name.
    living
        The process ids of its children. Asked after the jobs were read, so that a child that was born and took a job
        meanwhile is not taken for dead.
    """
    with transaction(current(), reading=True) as session:
        mine = session.exec(
            select(Job.id, Job.prediction_id, Job.lease, Job.pid).where(Job.status == "running", Job.worker == worker)
        ).all()
    if not mine:
        return 0
    alive = living()
    return sum(
        take_back(prediction_id, job_id, if_still=lambda job, now, lease=lease: job.lease == lease)  # type: ignore[misc]
        for job_id, prediction_id, lease, pid in mine
        if pid not in alive
    )


def _take_back_where(lost: Callable[[Job, datetime], bool]) -> int:
    with transaction(current(), reading=True) as session:
        now = clock(session)
        running = session.exec(select(Job).where(Job.status == "running").order_by(col(Job.created_at)))
        found = [(job.id, job.prediction_id) for job in running if lost(job, now)]
    return sum(take_back(prediction_id, job_id, if_still=lost) for job_id, prediction_id in found)


def any_running() -> bool:
    """Whether a worker holds a job."""
    with transaction(current(), reading=True) as session:
        return session.exec(select(Job.id).where(Job.status == "running").limit(1)).first() is not None


def remove_orphans() -> None:
    """Remove files that no row needs: of predictions that were deleted or ended badly while a worker still wrote.

    The folders are listed before the rows are read: a folder is made only for a row that is there.
    """
    settings = current()
    folders = {uuid.UUID(path.name): path for path in settings.prediction_dir("x").parent.glob("*-*-*-*-*")}
    with transaction(settings, reading=True) as session:
        table = work_table()
        known = dict(session.exec(select(table.id, table.status)).all())
        busy = set(session.exec(select(Job.prediction_id).where(Job.status == "running")))
    for prediction_id, folder in folders.items():
        status = known.get(prediction_id)
        if status is None and _arriving(folder):
            continue
        if status is None or (status in ("failed", "cancelled") and prediction_id not in busy):
            storage.remove_folder(folder)
        elif status == "succeeded" and prediction_id not in busy:
            storage.remove_folder(settings.work_dir(prediction_id))


def _arriving(folder: Path) -> bool:
    """Whether files come in from elsewhere, of a row that is not committed yet."""
    try:
        return time.time() - (folder / storage.ARRIVING).stat().st_mtime < ARRIVES_WITHIN_S
    except FileNotFoundError:
        return False
