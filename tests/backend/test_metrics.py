"""What Prometheus reads: right in every server process, few labels, and there when the database is not."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError
from sqlalchemy import event

from backend.app import create_app
from backend.health import heartbeats
from backend.jobs import leases
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER
from backend.kit.settings import Settings
from backend.metrics import requests
from scattering.core.notices import Notice

from .conftest import Client
from .predicting import ask, claim, living, worker

METRICS = "http://127.0.0.1:8000/metrics"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: Client) -> Samples:
    response = client.get(METRICS)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def test_jobs_predictions_and_workers_are_counted(client: Client, structure: dict[str, Any]) -> None:
    heartbeats.record(worker("cpu@here", slots=4, queues=["cpu"], engines={"nep-adapters": "1", "i-pi": "3"}))
    heartbeats.record(worker("both@here", slots=2, queues=["cpu", "gpu"], engines={"nep-adapters": "1"}))
    ask(client, structure)
    ask(client, structure, method="md", options={"replicas": 3, "engine": "gpumd", "ensemble": "npt"})
    assert leases.claim("cpu@here", 1) is not None
    found = scrape(client)
    assert value(found, "beamcast_database_up") == 1
    assert value(found, "beamcast_broker_up") == 1
    assert value(found, "beamcast_jobs", status="running", queue="cpu", lane="short", kind="whole") == 1
    assert value(found, "beamcast_jobs", status="waiting", queue="gpu", lane="long", kind="replica") == 3
    assert value(found, "beamcast_running_jobs", engine="nep-adapters") == 1
    assert value(found, "beamcast_predictions", status="running", method="harmonic") == 1
    assert value(found, "beamcast_predictions", status="queued", method="md") == 1
    for name, cpu, gpu in (("workers", 2, 1), ("slots", 6, 2), ("slots_free", 5, 2), ("slots_long", 4, 1)):
        assert value(found, f"beamcast_{name}", queue="cpu") == cpu, name
        assert value(found, f"beamcast_{name}", queue="gpu") == gpu, name
    assert value(found, "beamcast_workers_with_engine", engine="nep-adapters") == 2
    # Wanted, and nobody has it: a zero that an alert can see
    assert value(found, "beamcast_workers_with_engine", engine="gpumd") == 0
    assert value(found, "beamcast_jobs_out_of_reach", queue="gpu", engine="gpumd") == 1
    assert (value(found, "beamcast_oldest_queued_job_age_seconds", queue="gpu", lane="long") or 0) > 0
    assert value(found, "beamcast_oldest_queued_job_age_seconds", queue="cpu", lane="long") == 0


def test_failures_and_second_attempts(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    first, second = (ask(client, structure, temperature_k=300 + n)["id"] for n in range(2))
    with living():
        lease = claim(first)
        assert lease is not None
        leases.fail(lease, Notice("elements_not_in_potential"))
        lease = claim(second)
        assert lease is not None
        assert leases.take_back(lease.work, lease.job_id, if_still=lambda job, now: True)
        assert claim(second) is not None
    found = scrape(client)
    assert value(found, "beamcast_failed_jobs", reason="cannot_predict") == 1
    assert value(found, "beamcast_failed_jobs", reason="worker_died") == 0
    assert value(found, "beamcast_jobs_retried") == 1


def test_another_process_says_the_same_of_the_jobs(
    client: Client, settings: Settings, structure: dict[str, Any], portal: BlockingPortal
) -> None:
    ask(client, structure)
    other = Client(portal, create_app(settings))
    here, there = (
        {key: n for key, n in scrape(one).items() if key[0] in ("beamcast_jobs", "beamcast_predictions")}
        for one in (client, other)
    )
    assert here
    assert here == there


def test_requests_are_timed_by_template_and_never_by_path(client: Client, structure: dict[str, Any]) -> None:
    name = "beamcast_http_request_duration_seconds_count"
    for _ in range(3):
        client.get(f"/predictions/{uuid.uuid4()}")
        client.get(f"/no/such/{uuid.uuid4()}")
    client.get(f"/structures/{structure['id']}")
    client.request("BREW", "/instruments")
    client.get("/instruments", headers={"Host": "evil.example"})
    client.get("http://127.0.0.1:8000/docs-static/favicon.png")
    found = scrape(client)
    assert value(found, name, method="GET", route="/api/v1/predictions/{prediction_id}", status="404") == 3
    assert value(found, name, method="GET", route="/api/v1/structures/{structure_id}", status="200") == 1
    assert value(found, name, method="GET", route="/api/{rest:path}", status="404") == 3
    assert value(found, name, method="GET", route="other", status="400") == 1
    assert value(found, name, method="GET", route="other", status="200") == 1
    timed = [dict(labels) for metric, labels in found if metric == name]
    assert {labels["method"] for labels in timed} == {"GET", "other"}
    assert not any(structure["id"] in labels["route"] or "such" in labels["route"] for labels in timed)


def test_a_stream_is_timed_to_its_beginning(
    client: Client, app: FastAPI, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1000, 10))
    monkeypatch.setattr(requests, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    prediction_id = ask(client, structure)["id"]
    app.state.closing = True
    assert client.get(f"/predictions/{prediction_id}/events").status_code == 200
    monkeypatch.undo()
    name, route = "beamcast_http_request_duration_seconds_sum", "/api/v1/predictions/{prediction_id}/events"
    # The clock ticks once between the request and the headers, and would again at the end
    assert value(scrape(client), name, method="GET", route=route, status="200") == 10.0


def test_without_a_database_there_is_an_answer(settings: Settings, portal: BlockingPortal) -> None:
    # Nothing listens on this port
    gone = settings.model_copy(update={"database_url": "postgresql+psycopg://beamcast:word@127.0.0.1:1/beamcast"})
    found = scrape(Client(portal, create_app(gone)))
    assert value(found, "beamcast_database_up") == 0
    assert value(found, "beamcast_broker_up") == 1
    assert (value(found, "beamcast_disk_free_bytes") or 0) > 0
    assert not [name for name, _ in found if name == "beamcast_jobs"]
    database.engine(gone).dispose()


def test_the_process_is_measured_and_the_version_said(client: Client) -> None:
    found = scrape(client)
    assert (value(found, "process_resident_memory_bytes") or 0) > 1e6
    assert [name for name, _ in found if name == "beamcast_info"]


def test_openmetrics_is_spoken_with_who_asks_for_it(client: Client) -> None:
    response = client.get(METRICS, headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def test_jobs_are_counted_without_reading_them(client: Client, settings: Settings) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("SQLite says how it would answer a query before it has rows")
    statements: list[str] = []
    engine = database.engine(settings)
    note: Callable[..., None] = lambda connection, cursor, statement, *_: statements.append(statement)  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    scrape(client)
    event.remove(engine, "before_cursor_execute", note)
    counts = [one for one in statements if "count(*)" in one and "WHERE" not in one]
    assert len(counts) == 2
    with database.transaction(settings, reading=True) as session:
        for statement in counts:
            plan = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement.replace("?", "1")).all()
            assert any("COVERING INDEX" in step[-1] for step in plan), (statement, plan)


def test_metrics_is_no_part_of_the_api(client: Client) -> None:
    assert "/metrics" not in client.get("http://127.0.0.1:8000/openapi.json").json()["paths"]
    assert client.get("/metrics").status_code == 404
    assert client.get(METRICS, headers={"Host": "evil.example"}).status_code == 400


TOKEN = "prometheus-0123456789"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (None, 401),
        ("Bearer ", 401),
        (f"Basic {TOKEN}", 401),
        (TOKEN, 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN}9", 401),
        ("Bearer gründe", 401),
    ],
)
def test_token_opens_metrics_and_nothing_else_does(
    settings: Settings, portal: BlockingPortal, header: str | None, status: int
) -> None:
    client = Client(portal, create_app(settings.model_copy(update={"metrics_token": TOKEN})))
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = client.get(METRICS, headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "metrics_token_needed"
        assert "beamcast_jobs" not in answer.text


def test_token_of_metrics_opens_nothing_else(settings: Settings, portal: BlockingPortal) -> None:
    client = Client(portal, create_app(settings.model_copy(update={"metrics_token": TOKEN})))
    assert client.get("/operations", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 401


@pytest.mark.parametrize(
    "deployed",
    [{"host": "0.0.0.0"}, {"auth": "none"}, {"broker_url": "redis://127.0.0.1:1/0"}],
)
def test_without_a_token_only_the_embedded_default_answers(
    settings: Settings, portal: BlockingPortal, deployed: dict[str, str]
) -> None:
    answer = Client(portal, create_app(settings.model_copy(update=deployed))).get(METRICS)
    assert (answer.status_code, answer.json()["code"]) == (401, "metrics_token_not_set")


@pytest.mark.parametrize("token", ["short", "with a space in it", "x" * 201])
def test_a_token_that_could_be_guessed_or_not_sent_is_refused(token: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(metrics_token=token)
    assert [one["loc"] for one in refused.value.errors()] == [("metrics_token",)]
    assert token not in str(refused.value)


def test_owners_are_no_labels(client: Client, structure: dict[str, Any]) -> None:
    ask(client, structure)
    assert not [labels for _, labels in scrape(client) if LOCAL_USER in dict(labels).values()]
