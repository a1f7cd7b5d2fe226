"""The broker: it only rings the worker's bell. The truth about a job is its row.

The embedded broker is a folder of message files (kombu's `filesystem://`): nothing needs to be installed.
"""

from __future__ import annotations

import shutil
import uuid
from functools import cache
from typing import TYPE_CHECKING

from sqlmodel import Session

from backend.database import on_commit
from backend.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

QUEUES = ("cpu", "gpu")
RUN_PREDICTION = "beamcast.run_prediction"
POLLING_INTERVAL_S = 0.1


@cache
def celery_app(settings: Settings) -> Celery:
    """The Celery application of server and workers, set up for these settings' broker."""
    from celery import Celery

    from backend import broker

    # kombu wants a host name in every address.
    address = "filesystem://localhost//" if settings.embedded_broker else settings.broker_url
    app = Celery("beamcast", broker=address, set_as_current=False)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_connection_retry_on_startup=True,
        task_default_queue=QUEUES[0],
        task_default_exchange="beamcast",
        task_queues={name: {"exchange": "beamcast", "routing_key": name} for name in QUEUES},
    )
    if settings.embedded_broker:
        broker.install()
        app.conf.broker_transport_options = _folder_options(settings)
    return app


def _folder_options(settings: Settings) -> dict[str, object]:
    messages, control = settings.broker_dir / "messages", settings.broker_dir / "control"
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        # One folder for in and out: what the server writes is what the worker reads.
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": POLLING_INTERVAL_S,
    }


def forget_messages(settings: Settings) -> None:
    """Empty the embedded broker: the rows say what is to be done, and the sweep sends it again."""
    shutil.rmtree(settings.broker_dir, ignore_errors=True)
    _folder_options(settings)


def enqueue_prediction(session: Session, prediction_id: uuid.UUID, queue: str) -> None:
    """Send the prediction to the workers once the transaction is committed, never when it is rolled back."""
    settings: Settings = session.info["settings"]

    def send() -> None:
        celery_app(settings).send_task(RUN_PREDICTION, args=[str(prediction_id)], queue=queue, retry=False)

    on_commit(session, send)
