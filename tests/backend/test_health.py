"""Health: what is down is named."""

from __future__ import annotations

import shutil

from sqlalchemy import text

from backend.health import heartbeats
from backend.kit.db import database
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.kit.version import VERSION

from .conftest import Client
from .predicting import worker


def test_all_is_well_with_a_worker(client: Client) -> None:
    heartbeats.record(worker("embedded@here", slots=2))
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": VERSION,
        "database": "ok",
        "broker": "ok",
        "workers": 2,
    }


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
