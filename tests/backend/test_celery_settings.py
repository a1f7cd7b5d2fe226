"""Celery for jobs of hours: nothing is delivered twice while it runs, and nobody waits for a broker that is away."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError

from backend.kit.queue.celery_settings import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, celery_settings
from backend.kit.queue.wake_up import WORK, celery_app
from backend.kit.settings import Settings

LATE_S = 5.0
"""What a busy machine adds."""


@pytest.mark.parametrize("hours", [0.5, 72, 1000])
def test_a_running_job_s_message_stays_hidden_until_after_its_hard_limit(hours: float) -> None:
    configuration = celery_settings(Settings(broker_url="redis://127.0.0.1/0", job_time_limit_h=hours))
    # A job ends itself in time; this is for one that does not
    assert configuration["task_soft_time_limit"] > hours * 3600
    assert configuration["task_time_limit"] > configuration["task_soft_time_limit"]
    assert configuration["broker_transport_options"]["visibility_timeout"] > configuration["task_time_limit"]


def test_embedded_broker_lies_in_the_data_folder(tmp_path: Path) -> None:
    options = celery_settings(Settings(data_dir=tmp_path))["broker_transport_options"]
    assert options["data_folder_in"] == options["data_folder_out"]
    assert Path(options["data_folder_in"]).is_relative_to(tmp_path)


def test_celery_knows_every_option() -> None:
    from celery.app.defaults import NAMESPACES, flatten

    known = {name for name, _ in flatten(NAMESPACES)}
    assert set(celery_settings(Settings(broker_url="redis://127.0.0.1/0"))) <= known


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers, as a broker whose machine hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_wake_up_is_abandoned_soon_when_the_broker_hangs(silent_port: int) -> None:
    app = celery_app(Settings(broker_url=f"redis://127.0.0.1:{silent_port}/0"))
    began = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task(WORK, queue="cpu", retry=False)
    assert time.monotonic() - began < ANSWER_TIMEOUT_S + LATE_S


def test_wake_up_is_abandoned_soon_when_there_is_no_broker() -> None:
    app = celery_app(Settings(broker_url="redis://127.0.0.1:9/0"))
    began = time.monotonic()
    with pytest.raises(OperationalError):
        app.send_task(WORK, queue="cpu", retry=False)
    assert time.monotonic() - began < CONNECT_TIMEOUT_S + LATE_S
