"""The broker: it only rings the worker's bell. The truth about a job is its row.

The embedded broker is a folder of message files (kombu's `filesystem://`): nothing needs to be installed.
"""

from __future__ import annotations

import shutil
from functools import cache

from celery import Celery
from sqlmodel import Session

from backend.kit.db.database import on_commit
from backend.kit.queue import broker
from backend.kit.queue.celery_settings import QUEUES, celery_settings, make_broker_folders
from backend.kit.settings import Settings

__all__ = ["QUEUES", "WORK", "celery_app", "forget_messages", "ring"]

WORK = "beamcast.work"


@cache
def celery_app(settings: Settings) -> Celery:
    """The Celery application of server and workers, set up for these settings' broker."""
    # kombu wants a host name in every address.
    address = "filesystem://localhost//" if settings.embedded_broker else settings.broker_url
    app = Celery("beamcast", broker=address, set_as_current=False)
    app.conf.update(celery_settings(settings))
    if settings.embedded_broker:
        broker.install()
    return app


def forget_messages(settings: Settings) -> None:
    """Empty the embedded broker: the rows say what is to be done, and the sweep sends it again."""
    shutil.rmtree(settings.broker_dir, ignore_errors=True)
    make_broker_folders(settings)


def ring(session: Session, queue: str, times: int) -> None:
    """Tell the workers of a queue, once the transaction is committed, that there is work for so many.

    The message says no more than that. What is to be done, and in which order, is in the rows.
    """
    settings: Settings = session.info["settings"]

    def send() -> None:
        for _ in range(times):
            celery_app(settings).send_task(WORK, queue=queue, retry=False)

    on_commit(session, send)
