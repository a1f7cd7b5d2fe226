"""The Celery application: `python -m workers` runs it.

A thread of the parent process records the heartbeat and the capabilities of the worker in the database. The same thread
notices at once when a child has died during a job.
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

from backend import all_tables
from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs.dispatch import wake_for_queued_jobs
from backend.jobs.sweep import take_back_from_dead
from backend.kit import logs
from backend.kit.db.database import clock, transaction
from backend.kit.queue.wake_up import QUEUES, celery_app
from backend.kit.settings import current
from workers import engines
from workers.kit import pool
from workers.kit.cores import cores
from workers.kit.lifeline import die_with_server, die_with_worker
from workers.kit.shutdown import shutting_down
from workers.training import trainers
from workers.training.dft import gpaw_process
from workers.warm_up import default_file, load_default, warm_up

logger = logging.getLogger(__name__)

assert all_tables  # a row is written only where the tables of all its foreign keys are known

die_with_server()

# The warning is about pickle, but all messages are JSON
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
# The warning is about what we want: a job continues while the broker is away
warnings.filterwarnings("ignore", message=r"\s*In Celery 5\.1 we introduced an optional breaking change")
# MDAnalysis, which dynasor imports, complains of missing netCDF4, which is not needed
logging.getLogger("MDAnalysis").setLevel(logging.ERROR)

app = celery_app(current())
app.set_current()
app.conf.imports = ["workers.tasks"]
app.conf.worker_pool = "workers.kit.pool:TaskPool"

_WORKER = os.getpid()
_stopped = threading.Event()


def _register(sender: str, instance: Any, **_: Any) -> None:
    """Record the first heartbeat, before the first wake-up message can arrive."""
    try:
        instance.heartbeat = heartbeat = WorkerHeartbeat(
            name=sender,
            slots=instance.concurrency,
            long_slots=heartbeats.long_slots(instance.concurrency),
            queues=sorted(set(QUEUES).intersection(instance.app.amqp.queues.consume_from)),
            engines={**engines.available(), **trainers.available(), **gpaw_process.available()},
            host=socket.gethostname(),
            cores=cores(),
        )
        _record(heartbeat)
        warm_up()
        if "cpu" in heartbeat.queues:
            # Workers of a GPU use other engines
            default_file(current())
            worker_process_init.connect(_load_default)
        _record(heartbeat)
    except Exception as error:
        # Celery would continue, but a worker without a heartbeat gets no jobs
        logger.exception("this worker cannot start")
        raise SystemExit(1) from error
    logger.info(
        "%s: queues %s; %d jobs at the same time; engines %s",
        sender,
        ", ".join(heartbeat.queues),
        instance.concurrency,
        ", ".join(heartbeat.engines),
    )


def _record(heartbeat: WorkerHeartbeat) -> None:
    try:
        heartbeats.record(heartbeat)
    except SQLAlchemyError:
        logger.warning("the database does not answer; this worker waits for it", exc_info=True)


def _start_heartbeats(sender: Any, **_: Any) -> None:
    controller = sender.controller

    def living_children() -> set[int]:
        return {process.pid for process in controller.pool._pool._pool if process.is_alive()}

    def keep_recording() -> None:
        has_woken = False
        while True:
            try:
                if shutting_down.is_set():
                    # Other workers take the jobs that this worker hands back
                    heartbeats.remove(sender.hostname)
                else:
                    heartbeats.record(controller.heartbeat)
                if not has_woken:
                    # Another worker may have received earlier wake-up messages
                    with transaction(current()) as session:
                        wake_for_queued_jobs(session, clock(session))
                    has_woken = True
                if n := take_back_from_dead(sender.hostname, living_children, pool.ended_by):
                    logger.warning("%d jobs of this worker died and were taken back", n)
            except SQLAlchemyError:
                logger.warning("the database does not answer", exc_info=True)
            except Exception:
                # A worker without heartbeats gets no jobs
                logger.exception("no heartbeat this time")
            if _stopped.wait(heartbeats.INTERVAL_S):
                return

    threading.Thread(target=keep_recording, name="heartbeat", daemon=True).start()


def _unregister(sender: Any, **_: Any) -> None:
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
celeryd_after_setup.connect(_register)
worker_process_init.connect(_begin_child)
worker_ready.connect(_start_heartbeats)
worker_shutdown.connect(_unregister)
