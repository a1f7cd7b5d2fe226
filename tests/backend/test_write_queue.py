"""Writers of SQLite wait for their turn, in their order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from sqlalchemy import event, text

from backend.health.tables import WorkerHeartbeat
from backend.kit.db import database
from backend.kit.db.database import transaction
from backend.kit.db.write_queue import WriteQueue
from backend.kit.settings import Settings

from .conftest import Client, run_apart


def start(action: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=action)
    thread.start()
    return thread


def test_turns_come_in_order() -> None:
    queue, order, threads = WriteQueue(), list[int](), []
    assert queue.acquire(0)
    for number in range(20):

        def write(number: int = number) -> None:
            assert queue.acquire(10)
            order.append(number)
            queue.release()

        threads.append(start(write))
        while len(queue._waiting) <= number:
            pass
    queue.release()
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert queue.acquire(0)


def test_a_turn_that_does_not_come_in_time_is_given_up() -> None:
    queue = WriteQueue()
    assert queue.acquire(0)
    assert not queue.acquire(0.001)
    queue.release()
    assert queue.acquire(0)


def heartbeat(name: str) -> WorkerHeartbeat:
    return WorkerHeartbeat(name=name, slots=1, long_slots=1, queues=[], engines={})


def wait_for_no_writer(connection: Any, _: object) -> None:
    connection.execute("PRAGMA busy_timeout = 0")


def test_fifty_writers_at_once_all_write(settings: Settings) -> None:
    # Without a queue all but the first would fail at once; to open a new database all may wait
    if settings.database_url.startswith("sqlite"):
        event.listen(database.engine(settings), "connect", wait_for_no_writer)
    begin = threading.Barrier(50)

    def write(number: int) -> None:
        begin.wait()
        with transaction(settings) as session:
            session.add(heartbeat(f"writer-{number}"))
            session.flush()

    threads = [start(lambda number=number: write(number)) for number in range(50)]
    for thread in threads:
        thread.join()
    with transaction(settings, reading=True) as session:
        assert session.execute(text("SELECT count(*) FROM worker_beats WHERE name LIKE 'writer-%'")).scalar() == 50


N_REQUESTS = 60


def test_more_writers_than_threads_all_write(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit needs a thread, which it must find although writers wait in others."""
    monkeypatch.setattr(database, "WRITE_TIMEOUT_S", 20.0)

    async def run() -> list[int]:
        assert current_default_thread_limiter().total_tokens < N_REQUESTS
        transport = httpx.ASGITransport(app)
        answers: list[int] = []
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000/api/v1") as client:

            async def post(number: int) -> None:
                answers.append((await client.post("/proposals", json={"name": f"proposal {number}"})).status_code)

            async with anyio.create_task_group() as tasks:
                for number in range(N_REQUESTS):
                    tasks.start_soon(post, number)
        return answers

    assert run_apart(run) == [201] * N_REQUESTS


def write_and_fail(settings: Settings) -> None:
    with transaction(settings) as session:
        session.add(heartbeat("failing"))
        session.flush()
        raise ZeroDivisionError


def test_a_transaction_that_fails_ends_its_turn(settings: Settings) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            write_and_fail(settings)
    with transaction(settings) as session:
        session.add(heartbeat("next"))


def test_who_waits_too_long_is_told_to_come_again(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL has many writers")
    monkeypatch.setattr(database, "WRITE_TIMEOUT_S", 0.01)
    with transaction(settings) as session:
        session.add(heartbeat("long"))
        session.flush()
        response = client.post("/proposals", json={"name": "late"})
    assert (response.status_code, response.json()["code"]) == (503, "database_busy")
    assert int(response.headers["retry-after"]) > 0
    assert client.post("/proposals", json={"name": "on time"}).status_code == 201


def test_reading_waits_for_no_writer(client: Client, settings: Settings) -> None:
    with transaction(settings) as session:
        session.add(heartbeat("long"))
        session.flush()
        assert client.get("/proposals").status_code == 200


def test_a_forked_process_has_no_turn_of_its_parent(settings: Settings) -> None:
    queue = database._write_queue("here")
    assert queue.acquire(0)
    database._leave_to_parent(database.engine(settings))
    assert database._write_queue("here").acquire(0)
