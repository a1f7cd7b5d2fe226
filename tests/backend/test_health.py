"""Health: what is down is named."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from anyio.to_thread import current_default_thread_limiter
from sqlalchemy import text
from sqlmodel import select

from backend.health import heartbeats, service, unserved
from backend.jobs import sweep
from backend.jobs.stalled import STALLED_AFTER
from backend.jobs.tables import Job
from backend.kit.db import database
from backend.kit.db.database import transaction
from backend.kit.files import sandbox
from backend.kit.settings import Settings
from backend.kit.version import VERSION

from .conftest import Client
from .predicting import ask, worker


def test_all_is_well_with_a_worker(client: Client) -> None:
    heartbeats.record(worker("embedded@here", slots=2))
    response = client.get("/health")
    assert response.status_code == 200
    answer = response.json()
    assert {name: answer[name] for name in ("status", "version", "workers")} == {
        "status": "ok",
        "version": VERSION,
        "workers": 2,
    }
    assert {answer[part] for part in ("database", "broker", "queues", "disk")} == {"ok"}
    assert answer["sandbox"] == ("bubblewrap" if sandbox.available() else "none")


def test_no_worker_is_named(client: Client) -> None:
    response = client.get("/health")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["loc"] for error in response.json()["errors"]] == ["workers"]


def test_worker_that_left_is_not_counted(client: Client, settings: Settings) -> None:
    heartbeats.record(worker("embedded@here", slots=2))
    heartbeats.record(worker("other@here", slots=3))
    heartbeats.remove("other@here")
    assert client.get("/health").json()["workers"] == 2
    with transaction(settings) as session:
        row = session.get_one(heartbeats.WorkerHeartbeat, "embedded@here")
        row.seen_at -= 2 * heartbeats.TIMEOUT
    assert client.get("/health").status_code == 503


def test_missing_tables_are_named(client: Client, settings: Settings) -> None:
    with database.engine(settings).begin() as connection:
        connection.execute(text("ALTER TABLE predictions RENAME TO elsewhere"))
    response = client.get("/health")
    assert response.status_code == 503
    assert "database" in [error["loc"] for error in response.json()["errors"]]
    assert "Traceback" not in response.text


def test_broker_that_takes_no_messages_is_named(client: Client, settings: Settings) -> None:
    heartbeats.record(worker("embedded@here", slots=2))
    assert client.get("/health").status_code == 200
    shutil.rmtree(settings.broker_dir)
    response = client.get("/health")
    assert [error["loc"] for error in response.json()["errors"]] == ["broker"]


@pytest.fixture
def reports() -> Iterator[None]:
    yield
    unserved.report([])


DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.mark.parametrize(
    ("free", "status", "codes"), [(2**40, 200, []), (2**29, 200, ["little_disk_space"]), (1000, 503, [])]
)
def test_a_full_disk_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch, free: int, status: int, codes: list[str]
) -> None:
    heartbeats.record(worker("embedded@here"))
    monkeypatch.setattr(service.shutil, "disk_usage", lambda _: DiskUsage(2**41, 2**41 - free, free))
    monkeypatch.setattr(sandbox, "available", lambda: "/usr/bin/bwrap")
    response = client.get("/health")
    assert response.status_code == status
    if status == 200:
        assert [notice["code"] for notice in response.json()["notices"]] == codes
    else:
        assert [(error["loc"], error["code"]) for error in response.json()["errors"]] == [("disk", "health_disk_full")]


def test_a_missing_sandbox_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeats.record(worker("embedded@here"))
    monkeypatch.setattr(sandbox, "available", lambda: None)
    answer = client.get("/health").json()
    assert answer["sandbox"] == "none"
    assert "no_sandbox" in [notice["code"] for notice in answer["notices"]]


def _queue_job(client: Client, settings: Settings, structure: dict[str, Any], seconds: float) -> None:
    """A job that has been queued for so long, beside a worker that has lived for longer."""
    heartbeats.record(worker("embedded@here"))
    ask(client, structure)
    with transaction(settings) as session:
        now = database.clock(session)
        for job in session.exec(select(Job)):
            job.not_before = now - timedelta(seconds=seconds)
        session.get_one(heartbeats.WorkerHeartbeat, "embedded@here").started_at = now - timedelta(hours=1)


def test_a_queue_that_living_workers_do_not_serve_is_named(
    client: Client, settings: Settings, structure: dict[str, Any], reports: None
) -> None:
    _queue_job(client, settings, structure, STALLED_AFTER.total_seconds() + 1)
    sweep.sweep()
    response = client.get("/health")
    assert [(error["loc"], error["code"]) for error in response.json()["errors"]] == [("queues", "queues_stalled")]
    # The worker takes jobs again
    with transaction(settings) as session:
        for job in session.exec(select(Job)):
            job.worker, job.started_at = "embedded@here", database.clock(session)
    sweep.sweep()
    assert client.get("/health").status_code == 200


def test_a_job_that_has_just_come_is_no_stall(
    client: Client, settings: Settings, structure: dict[str, Any], reports: None
) -> None:
    _queue_job(client, settings, structure, STALLED_AFTER.total_seconds() - 20)
    sweep.sweep()
    assert client.get("/health").status_code == 200


def test_a_queue_without_a_worker_is_said(
    client: Client, settings: Settings, structure: dict[str, Any], reports: None
) -> None:
    _queue_job(client, settings, structure, STALLED_AFTER.total_seconds() + 1)
    heartbeats.remove("embedded@here")
    heartbeats.record(worker("gpu@there", queues=["gpu"]))
    sweep.sweep()
    answer = client.get("/health").json()
    assert "queue_without_worker" in [notice["code"] for notice in answer["notices"]]


def test_health_answers_while_all_threads_are_busy(client: Client, portal: BlockingPortal) -> None:
    heartbeats.record(worker("embedded@here"))
    limiter = portal.call(current_default_thread_limiter)
    end = threading.Event()

    async def keep_busy() -> None:
        from anyio import create_task_group
        from anyio.to_thread import run_sync

        async with create_task_group() as tasks:
            for _ in range(int(limiter.total_tokens)):
                tasks.start_soon(run_sync, end.wait)

    busy = portal.start_task_soon(keep_busy)
    try:
        while limiter.available_tokens > 0:
            portal.call(_yield)
        assert client.get("/health").status_code == 200
    finally:
        end.set()
        busy.result()


async def _yield() -> None:
    from anyio.lowlevel import checkpoint

    await checkpoint()
