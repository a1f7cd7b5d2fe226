"""The sweep: repairs after crashes. Every server runs it periodically; several may run at the same time."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from backend.health import unserved
from backend.jobs.dispatch import LOST_MESSAGE_AFTER, update_reasons_to_wait, wake_for_queued_jobs
from backend.jobs.leases import take_back
from backend.jobs.stalled import find_unserved
from backend.jobs.tables import Job, work_column
from backend.jobs.work import WorkTable, work_tables
from backend.kit.db.database import clock, transaction
from backend.kit.files import storage
from backend.kit.settings import current

MAX_IMPORT_S = 3600.0
"""Time after which the process that writes imported files counts as dead."""
MAX_PREVIEW_S = 1800.0
"""Time for which the readings of previews are kept."""


def sweep() -> None:
    """Take back jobs whose lease has expired, send lost wake-up messages again, remove files without a row."""
    take_back_expired()
    with transaction(current()) as session:
        now = clock(session)
        update_reasons_to_wait(session, now)
        wake_for_queued_jobs(session, now, sent_before=LOST_MESSAGE_AFTER)
    with transaction(current(), reading=True) as session:
        unserved.report(find_unserved(session, clock(session)))
    remove_orphans()


def take_back_expired() -> int:
    """Take back the jobs whose lease has expired; return their number."""
    return _take_back_where(lambda job, now: job.lease_expires_at is None or job.lease_expires_at <= now)


def take_back_all() -> int:
    """Take back all running jobs, as no worker is alive; return their number."""
    return _take_back_where(lambda job, now: True)


def take_back_from_dead(
    worker: str, living: Callable[[], set[int]], ended_by: Callable[[int], str | None] = lambda pid: None
) -> int:
    """Take back the jobs of dead child processes, which their parent, the worker, notices at once.

    Parameters
    ----------
    worker
        Name of the worker.
    living
        Returns the process ids of its children. It is called after the jobs were read, so that a child that started and
        claimed a job meanwhile does not count as dead.
    ended_by
        Returns what ended a dead child: a signal, such as SIGSEGV, or "exit"; None if that is not known.
    """
    with transaction(current(), reading=True) as session:
        running = session.exec(select(Job).where(Job.status == "running", Job.worker == worker)).all()
        mine = [(job.work, job.id, job.lease, job.pid) for job in running]
    if not mine:
        return 0
    alive = living()
    return sum(
        take_back(
            work,
            job_id,
            if_still=lambda job, now, lease=lease: job.lease == lease,  # type: ignore[misc]
            ended_by=None if pid is None else ended_by(pid),
        )
        for work, job_id, lease, pid in mine
        if pid not in alive
    )


def _take_back_where(lost: Callable[[Job, datetime], bool]) -> int:
    with transaction(current(), reading=True) as session:
        now = clock(session)
        running = session.exec(select(Job).where(Job.status == "running").order_by(col(Job.created_at)))
        found = [(job.work, job.id) for job in running if lost(job, now)]
    return sum(take_back(work, job_id, if_still=lost) for work, job_id in found)


def any_running() -> bool:
    """Return whether any job is running."""
    with transaction(current(), reading=True) as session:
        return session.exec(select(Job.id).where(Job.status == "running").limit(1)).first() is not None


def remove_orphans() -> None:
    """Remove files without a row: of predictions and trainings that were deleted or failed while a worker still wrote.

    The folders are listed before the rows are read, because a folder is only made for an existing row.
    """
    for kind, of in work_tables().items():
        _remove_orphans_of(kind, of)
    _remove_stale(current().staging_dir, MAX_IMPORT_S)
    _remove_stale(current().previews_dir, MAX_PREVIEW_S)


def _remove_orphans_of(kind: str, of: WorkTable) -> None:
    settings = current()
    folders = {
        row_id: path for path in of.parent(settings).glob("*-*-*-*-*") if (row_id := _id_in(path.name)) is not None
    }
    with transaction(settings, reading=True) as session:
        known = dict(session.exec(select(of.table.id, of.table.status)).all())
        busy = set(session.exec(select(work_column(kind)).where(Job.status == "running")))
    for row_id, folder in folders.items():
        status = known.get(row_id)
        if status is None and _arriving(folder):
            continue
        if status is None or (status in ("failed", "cancelled") and row_id not in busy):
            storage.remove_folder(folder)
        elif status == "succeeded" and row_id not in busy:
            storage.remove_folder(of.work_folder(settings, row_id))


def _remove_stale(folder: Path, max_age_s: float) -> None:
    """Remove what is older: what processes that died left among the files that arrive, and readings of previews."""
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > max_age_s:
                storage.remove_folder(path) if path.is_dir() else path.unlink()


def _id_in(name: str) -> uuid.UUID | None:
    """Return the id of the row that names a folder; None for a folder that is not ours."""
    try:
        prediction_id = uuid.UUID(name)
    except ValueError:
        return None
    return prediction_id if str(prediction_id) == name else None


def _arriving(folder: Path) -> bool:
    """Return whether a folder receives imported files whose row is not committed yet."""
    try:
        return time.time() - (folder / storage.ARRIVING).stat().st_mtime < MAX_IMPORT_S
    except FileNotFoundError:
        return False
