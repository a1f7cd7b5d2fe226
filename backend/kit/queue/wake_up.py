"""The broker carries only wake-up messages for workers; the rows of jobs hold everything else.

The embedded broker is a folder of message files (kombu's `filesystem://`), which needs no installation.
"""

from __future__ import annotations

import shutil
from functools import cache

from celery import Celery
from celery.utils.nodenames import worker_direct
from sqlmodel import Session

from backend.kit.db.database import on_commit
from backend.kit.queue import broker
from backend.kit.queue.celery_settings import QUEUES, celery_settings, make_broker_folders
from backend.kit.settings import Settings

__all__ = ["QUEUES", "WORK", "celery_app", "forget_messages", "wake_worker"]

WORK = "beamcast.work"


@cache
def celery_app(settings: Settings) -> Celery:
    """Return the Celery application of server and workers for the broker of these settings."""
    # kombu needs a host name in every address
    address = "filesystem://localhost//" if settings.embedded_broker else settings.broker_url
    app = Celery("beamcast", broker=address, set_as_current=False)
    app.conf.update(celery_settings(settings))
    if settings.embedded_broker:
        broker.install()
    return app


def forget_messages(settings: Settings) -> None:
    """Empty the embedded broker; the sweep sends wake-up messages for queued jobs again."""
    shutil.rmtree(settings.broker_dir, ignore_errors=True)
    make_broker_folders(settings)


def wake_worker(session: Session, worker: str, times: int) -> None:
    """Send wake-up messages to a worker after the transaction is committed.

    A message has no content: a worker finds the jobs and their order in the rows.

    Parameters
    ----------
    worker
        Name of the worker in its heartbeat, which is also the name of its own queue of messages.
    times
        Number of messages: one for each slot that has work.
    """
    settings: Settings = session.info["settings"]

    def send() -> None:
        for _ in range(times):
            celery_app(settings).send_task(WORK, queue=worker_direct(worker), retry=False)

    on_commit(session, send)
