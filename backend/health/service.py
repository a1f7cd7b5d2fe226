"""Checks of the parts that the server needs: database, broker, workers, disk."""

from __future__ import annotations

import logging
import os
import shutil

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.health import heartbeats, unserved
from backend.health.schemas import HealthOut
from backend.kit.db.database import clock, transaction
from backend.kit.files import sandbox
from backend.kit.http.errors import Unavailable
from backend.kit.http.notices import NoticeOut
from backend.kit.settings import Settings
from backend.kit.version import VERSION
from scattering.core.errors import field_error
from scattering.core.notices import Notice

logger = logging.getLogger(__name__)

BROKER_TIMEOUT_S = 1.0
FULL_DISK_BYTES = 2**20
LITTLE_SPACE_BYTES = 2**30


def health(settings: Settings) -> HealthOut:
    """Check all parts of the server.

    Raises
    ------
    Unavailable
        A part is down; `errors` names it.
    """
    failing: dict[str, Notice] = {}
    workers = 0
    try:
        workers = _workers(settings)
    except SQLAlchemyError:
        logger.exception("health: database")
        failing["database"] = Notice("database_down")
    else:
        if workers == 0:
            failing["workers"] = Notice("no_workers", {"silent_s": heartbeats.TIMEOUT.seconds})
    try:
        ask_broker(settings)
    except Exception:  # clients of brokers have no common base class of errors
        logger.exception("health: broker")
        failing["broker"] = Notice("broker_down")
    free = _free_bytes(settings)
    if free is not None and free < FULL_DISK_BYTES:
        failing["disk"] = Notice("health_disk_full", {"folder": str(settings.data_dir)})
    waiting = unserved.last_report()
    if stalled := [one for one in waiting if one.is_stalled]:
        queues = sorted({one.queue for one in stalled})
        failing["queues"] = Notice("queues_stalled", {"queues": queues, "n": sum(one.n for one in stalled)})
    if failing:
        raise Unavailable.of_fields([field_error(part, why) for part, why in failing.items()])
    has_sandbox = sandbox.available() is not None
    notices = [
        *([] if has_sandbox else [Notice("no_sandbox")]),
        *([Notice("little_disk_space", {"free_mib": free / 2**20})] if free and free < LITTLE_SPACE_BYTES else []),
        *(
            Notice("queue_without_worker", {"queue": one.queue, "engine": one.engine, "n": one.n})
            for one in waiting
            if not one.is_stalled
        ),
    ]
    return HealthOut(
        version=VERSION,
        workers=workers,
        sandbox="bubblewrap" if has_sandbox else "none",
        notices=[NoticeOut.of(notice) for notice in notices],
    )


def _free_bytes(settings: Settings) -> int | None:
    try:
        return shutil.disk_usage(settings.data_dir).free
    except OSError:
        return None


def _workers(settings: Settings) -> int:
    with transaction(settings, reading=True) as session:
        session.execute(text("SELECT 1 FROM predictions LIMIT 1"))
        return sum(worker.slots for worker in heartbeats.living_workers(session, clock(session)))


def ask_broker(settings: Settings) -> None:
    """Check that the broker accepts messages; if not, its client raises an error."""
    from backend.kit.queue.wake_up import celery_app

    with celery_app(settings).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=BROKER_TIMEOUT_S)
    if settings.embedded_broker and not os.access(settings.broker_dir, os.W_OK):
        raise PermissionError(f"{settings.broker_dir} cannot be written to")
