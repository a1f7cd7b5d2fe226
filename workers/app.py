"""The Celery application: `celery -A workers.app worker` runs it.

A worker shows that it lives by a row in the database, written by a thread of its parent process.
"""

from __future__ import annotations

import logging
import threading
import warnings
from typing import Any

from celery.signals import worker_process_init, worker_ready, worker_shutdown

from backend.health import beats
from backend.queue import celery_app
from backend.settings import current
from workers.lifeline import die_with_parent, die_with_server
from workers.warm_up import warm_up

die_with_server()

# What it warns of is pickle; our messages are JSON only.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
# MDAnalysis, which comes with dynasor, misses netCDF4; no netCDF is written here.
logging.getLogger("MDAnalysis").setLevel(logging.ERROR)

app = celery_app(current())
app.set_current()
app.conf.imports = ["workers.tasks"]

_stopping = threading.Event()


def _show_life(sender: Any, **_: Any) -> None:
    def beat() -> None:
        while not _stopping.is_set():
            beats.beat(sender.hostname, sender.controller.concurrency)
            _stopping.wait(beats.BEAT_EVERY_S)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()


def _leave(sender: Any, **_: Any) -> None:
    _stopping.set()
    beats.stop(sender.hostname)


def _begin_child(**_: Any) -> None:
    die_with_parent()
    warm_up()


worker_process_init.connect(_begin_child)
worker_ready.connect(_show_life)
worker_shutdown.connect(_leave)
