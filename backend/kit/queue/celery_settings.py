"""Settings of Celery, for jobs of hours and for messages that only wake workers up.

The state of a job is in its row. A message that is lost, late or delivered twice costs only a few seconds until the
next sweep, so no setting here risks a running job for the sake of a message.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.kit.settings import Settings

QUEUES = ("cpu", "gpu")

POLLING_INTERVAL_S = 0.1
"""Interval at which a worker checks the folder of the embedded broker."""
HARD_LIMIT_AFTER_S = 600.0
"""Time after the limit of a job at which its process is killed; Celery raises an exception in it at half of this
time."""
VISIBILITY_MARGIN_S = 3600.0
LOST_CHILD_TIMEOUT_S = 1.0
CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 5.0
HEALTH_CHECK_INTERVAL_S = 15
"""Interval at which a connection is checked, to notice a broker that vanished without closing it."""


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Return the configuration of Celery for the broker of these settings."""
    # A job checks its time limit itself; Celery's exception in the middle of the work is the second safeguard
    limit = settings.job_time_limit_h * 3600
    return {
        # The default of Celery too: a message with pickled objects could run any code
        "accept_content": ["json"],
        # Results are in our own rows
        "task_ignore_result": True,
        "task_acks_late": True,
        # Seconds for which the slot of a dead child stays occupied; its row decides what happens to its job
        "worker_lost_wait": LOST_CHILD_TIMEOUT_S,
        "worker_prefetch_multiplier": 1,
        # Each worker has a queue of its own, beside those that say which jobs it does
        "worker_direct": True,
        "task_soft_time_limit": limit + HARD_LIMIT_AFTER_S / 2,
        "task_time_limit": limit + HARD_LIMIT_AFTER_S,
        # A running job does not need the broker: Redis may restart meanwhile
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # A full Redis refuses commands, which would otherwise end a worker and its jobs
        "broker_channel_error_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": CONNECT_TIMEOUT_S,
        # Sending a message never waits: the sweep sends a lost message again
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
    """Make the folders of the embedded broker, for messages and for its own records."""
    messages, control = settings.broker_dir / "messages", settings.broker_dir / "control"
    for folder in (messages, control):
        folder.mkdir(parents=True, exist_ok=True)
    return messages, control


def _folder(settings: Settings) -> dict[str, Any]:
    messages, control = make_broker_folders(settings)
    return {
        # One folder for both directions: the worker reads what the server writes
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": POLLING_INTERVAL_S,
    }


def _redis(settings: Settings) -> dict[str, Any]:
    return {
        # Redis delivers a message again after this time, which must be longer than any job
        "visibility_timeout": settings.job_time_limit_h * 3600 + HARD_LIMIT_AFTER_S + VISIBILITY_MARGIN_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": ANSWER_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": HEALTH_CHECK_INTERVAL_S,
        "retry_on_timeout": False,
    }
