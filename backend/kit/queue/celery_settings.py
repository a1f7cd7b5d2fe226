"""How Celery is set up: for jobs of hours, and for messages that are only bells.

The truth about a job is its row. A message that is lost, late or delivered twice costs a few seconds of the sweep and
nothing else, so nothing here trades a running job for a message.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.kit.settings import Settings

QUEUES = ("cpu", "gpu")

POLLING_INTERVAL_S = 0.1
"""How often a worker looks into the embedded broker's folder."""
HARD_LIMIT_AFTER_S = 600.0
"""After a job should have ended by its own clock its process is killed; half-way there Celery interrupts it."""
VISIBILITY_MARGIN_S = 3600.0
LOST_CHILD_S = 1.0
CONNECT_WITHIN_S = 2.0
ANSWER_WITHIN_S = 5.0
CHECK_EVERY_S = 15
"""A broker that vanished without closing the connection is noticed after about so long."""


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Celery's configuration for these settings' broker."""
    # A job looks at the clock itself; an exception in the middle of anything, as Celery raises, is the second way
    limit = settings.job_time_limit_h * 3600
    return {
        # Celery's own choice too. A message that could hold pickled objects could run anything.
        "accept_content": ["json"],
        # Results are rows of our own.
        "task_ignore_result": True,
        "task_acks_late": True,
        # Seconds for which the slot of a child that died stays taken: its row says what becomes of its job
        "worker_lost_wait": LOST_CHILD_S,
        "worker_prefetch_multiplier": 1,
        # No worker without a free slot takes a bell that another one could hear. (Celery can do this on Redis only.)
        "worker_disable_prefetch": not settings.embedded_broker,
        "task_soft_time_limit": limit + HARD_LIMIT_AFTER_S / 2,
        "task_time_limit": limit + HARD_LIMIT_AFTER_S,
        # A running job does not need the broker: Redis may restart under it. What comes of it is in the row.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # Redis that is full refuses commands; without this a worker, and its jobs with it, would die of that.
        "broker_channel_error_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": CONNECT_WITHIN_S,
        # Who rings the bell waits for nobody: a lost bell is rung again by the sweep.
        "task_publish_retry": False,
        "broker_transport_options": _folder(settings) if settings.embedded_broker else _redis(settings),
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "task_default_queue": QUEUES[0],
        "task_default_exchange": "beamcast",
        "task_queues": {name: {"exchange": "beamcast", "routing_key": name} for name in QUEUES},
    }


def make_broker_folders(settings: Settings) -> tuple[Path, Path]:
    """Make the folders of the embedded broker: of messages, and of its own records."""
    messages, control = settings.broker_dir / "messages", settings.broker_dir / "control"
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    return messages, control


def _folder(settings: Settings) -> dict[str, Any]:
    messages, control = make_broker_folders(settings)
    return {
        # One folder for in and out: what the server writes is what the worker reads.
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": POLLING_INTERVAL_S,
    }


def _redis(settings: Settings) -> dict[str, Any]:
    return {
        # After so many seconds Redis takes a message for lost, and delivers it again: later than any job ends.
        "visibility_timeout": settings.job_time_limit_h * 3600 + HARD_LIMIT_AFTER_S + VISIBILITY_MARGIN_S,
        "socket_connect_timeout": CONNECT_WITHIN_S,
        "socket_timeout": ANSWER_WITHIN_S,
        "socket_keepalive": True,
        "health_check_interval": CHECK_EVERY_S,
        "retry_on_timeout": False,
    }
