"""The Celery application: `python -m workers` runs it.

A worker shows that it lives, and what it can do, by a row in the database, written by a thread of its parent process.
The same thread notices at once when a child has died over a job.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import warnings
from typing import Any

from celery.signals import celeryd_after_setup, setup_logging, worker_process_init, worker_ready, worker_shutdown
from sqlalchemy.exc import SQLAlchemyError

from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs.dispatch import wake_for_queued_jobs
from backend.jobs.sweep import take_back_from_dead
from backend.kit import logs
from backend.kit.db.database import clock, transaction
from backend.kit.queue.wake_up import celery_app
from backend.kit.settings import current
from workers import engines
from workers.kit.cores import cores
from workers.kit.lifeline import die_with_server, die_with_worker
from workers.kit.shutdown import shutting_down
from workers.warm_up import default_file, load_default, warm_up

logger = logging.getLogger(__name__)

die_with_server()

# What it warns of is pickle; our messages are JSON only.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
# And here of what we want: a job goes on when the broker is away.
warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1 we introduced an optional breaking change")
# MDAnalysis, which comes with dynasor, misses netCDF4; no netCDF is written here.
logging.getLogger("MDAnalysis").setLevel(logging.ERROR)

app = celery_app(current())
app.set_current()
app.conf.imports = ["workers.tasks"]

_WORKER = os.getpid()
_stopped = threading.Event()


def _introduce(sender: str, instance: Any, **_: Any) -> None:
    """Say who we are, before the first bell can be heard."""
    try:
        instance.introduction = introduction = WorkerHeartbeat(
            name=sender,
            slots=instance.concurrency,
            long_slots=heartbeats.long_slots(instance.concurrency),
            queues=sorted(instance.app.amqp.queues.consume_from),
            engines=engines.available(),
            host=socket.gethostname(),
            cores=cores(),
        )
        _beat(introduction)
        warm_up()
        if "cpu" in introduction.queues:
            # Those of a graphics card have engines of their own
            default_file(current())
            worker_process_init.connect(_load_default)
        _beat(introduction)
    except Exception as error:
        # Celery would go on without; nobody would know of this worker, and it would get no jobs
        logger.exception("this worker cannot start")
        raise SystemExit(1) from error
    logger.info(
        "%s: queues %s; %d jobs at the same time; engines %s",
        sender,
        ", ".join(introduction.queues),
        instance.concurrency,
        ", ".join(introduction.engines),
    )


def _beat(introduction: WorkerHeartbeat) -> None:
    try:
        heartbeats.record(introduction)
    except SQLAlchemyError:
        logger.warning("the database does not answer; this worker waits for it", exc_info=True)


def _show_life(sender: Any, **_: Any) -> None:
    controller = sender.controller

    def living() -> set[int]:
        return {process.pid for process in controller.pool._pool._pool if process.is_alive()}

    def beat() -> None:
        rung = False
        while True:
            try:
                if shutting_down.is_set():
                    # What its jobs hand back is for others
                    heartbeats.remove(sender.hostname)
                else:
                    heartbeats.record(controller.introduction)
                if not rung:
                    # Bells that were rung before may be another worker's by now
                    with transaction(current()) as session:
                        wake_for_queued_jobs(session, clock(session))
                    rung = True
                if n := take_back_from_dead(sender.hostname, living):
                    logger.warning("%d of this worker's jobs died; taken back", n)
            except SQLAlchemyError:
                logger.warning("the database does not answer", exc_info=True)
            except Exception:
                # Who shows no life any more gets no work any more
                logger.exception("no sign of life this time")
            if _stopped.wait(heartbeats.INTERVAL_S):
                return

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()


def _leave(sender: Any, **_: Any) -> None:
    _stopped.set()
    heartbeats.remove(sender.hostname)


def _begin_child(**_: Any) -> None:
    die_with_worker(_WORKER)


def _load_default(**_: Any) -> None:
    if file := default_file(current()):
        load_default(file)


def _set_up_logging(**_: Any) -> None:
    logs.configure(current())


setup_logging.connect(_set_up_logging)
celeryd_after_setup.connect(_introduce)
worker_process_init.connect(_begin_child)
worker_ready.connect(_show_life)
worker_shutdown.connect(_leave)
