"""The operators' page as the server makes it, and as it keeps itself in a browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlmodel import col, update

from backend import wording
from backend.health.tables import WorkerHeartbeat
from backend.jobs.tables import Job
from backend.kit.db.columns import utc_now
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.predictions.tables import Prediction
from frontend.client import JsonObject
from frontend.contexts import operations
from scattering.core.notices import Notice

from .browsing import PHONE, WIDE, Open, overflow, violations
from .conftest import Site, run

FLEW_APART = Notice("atoms_flew_apart")
NODE = "gpu@compute-node-001.cluster.facility.example"


@contextmanager
def at_work(settings: Settings, like: str) -> Iterator[dict[str, uuid.UUID]]:
    """A worker that runs one's own prediction and somebody else's, and one of each that failed; gone afterwards."""
    now, ids = utc_now(), {}
    with transaction(settings) as session:
        first = session.get_one(Prediction, uuid.UUID(like)).model_dump(
            exclude={"id", "status", "owner", "stage", "warnings"}
        )
        # It lives as long as the test, however slow the machine
        alive = now + timedelta(hours=1)
        beat = WorkerHeartbeat(
            name=NODE, slots=4, long_slots=3, queues=["gpu"], engines={"gpumd": "GPUMD v3"}, cores=8, seen_at=alive
        )
        session.merge(beat)
        for name, owner, status in (
            ("mine", "local", "running"),
            ("theirs", "somebody", "running"),
            ("failed", "local", "failed"),
        ):
            row = Prediction(**{**first, "status": status, "owner": owner})
            session.add(row)
            session.flush()
            ids[name] = row.id
            job = Job(
                owner=owner,
                prediction_id=row.id,
                kind="replica",
                number=1,
                queue="gpu",
                engine="gpumd",
                lane="long",
                priority=0,
                weight=1.0,
                status=status,
                stage=Notice("produce"),
                progress=0.4,
                attempt=2,
                worker=NODE,
                started_at=now - timedelta(minutes=5),
                finished_at=now if status == "failed" else None,
                error=FLEW_APART if status == "failed" else None,
            )
            session.add(job)
    try:
        yield ids
    finally:
        with transaction(settings) as session:
            for prediction_id in ids.values():
                session.delete(session.get_one(Prediction, prediction_id))
            session.delete(session.get_one(WorkerHeartbeat, NODE))


def part(page: str, name: str) -> str:
    """Return a section of the page as HTML."""
    found = re.search(rf'<section[^>]*id="{name}".*?</section>', page, re.DOTALL)
    assert found is not None
    return found.group(0)


def test_what_runs_and_what_failed_is_shown(site: Site) -> None:
    with at_work(site.settings, site.md_id) as ids:
        page = site.fetch("/operations").text
    workers = part(page, "workers")
    assert NODE in workers
    assert "2 of 4 slots busy" in workers
    assert "running molecular dynamics · attempt 2" in workers
    failures = part(page, "failures")
    assert wording.message(FLEW_APART) in failures
    assert "cannot be predicted" in failures
    # Somebody else's cannot be opened
    linked = set(re.findall(r'href="/forecast/[\w-]+\?predictions=([\w-]+)"', page))
    assert {str(ids["mine"]), str(ids["failed"])} <= linked
    assert str(ids["theirs"]) not in linked
    assert str(ids["theirs"])[:8] in workers
    assert "gpumd" in part(page, "engines")


def seen(site: Site, **changes: Any) -> JsonObject:
    return {**run(site.api.get("/operations")), **changes}


def worker(**changes: Any) -> dict[str, Any]:
    return {
        "name": "cpu@here",
        "host": "here",
        "queues": ["cpu"],
        "engines": {"nep-adapters": "nep-adapters 1.0"},
        "slots": 2,
        "long_slots": 1,
        "cores": 4,
        "seen_s_ago": 1.0,
        "alive": True,
        "running": [],
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"workers": [worker(alive=False, seen_s_ago=70)]}, "No worker is running"),
        (
            {"workers": [worker()], "out_of_reach": [{"queue": "gpu", "engine": "gpumd", "jobs": 1}]},
            "1 job waits for a worker with gpumd",
        ),
        (
            {"workers": [worker()], "out_of_reach": [{"queue": "gpu", "engine": "", "jobs": 3}]},
            "3 jobs wait for a worker with the queue gpu",
        ),
        ({"workers": [worker()], "broker": False}, "broker accepts no messages"),
        (
            {"workers": [worker()], "disk": {"free_bytes": 3e9, "total_bytes": 1e11, "predictions_bytes": None}},
            "nearly full: 3 GB",
        ),
    ],
)
def test_troubles_are_said_first(site: Site, changes: dict[str, Any], words: str) -> None:
    calm = {"broker": True, "out_of_reach": [], "disk": {"free_bytes": 5e10, "total_bytes": 1e11}}
    calm["disk"]["predictions_bytes"] = None  # type: ignore[index]
    assert words in " ".join(operations.find_troubles(seen(site, **{**calm, **changes})))
    assert operations.find_troubles(seen(site, **calm, workers=[worker()])) == []


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [("whole", 0, "MD"), ("replica", 1, "MD, replica 2"), ("combine", 0, "MD, average of the replicas")],
)
def test_jobs_are_named_for_people(kind: str, number: int, words: str) -> None:
    job: JsonObject = {"method": "md", "kind": kind, "number": number}
    assert operations.job_name(job) == words


@pytest.mark.e2e
@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "dark"])
@pytest.mark.parametrize("size", [pytest.param(WIDE, marks=pytest.mark.slow), PHONE], ids=["1440", "390"])
def test_it_fits_the_screen_and_is_accessible(visit: Open, site: Site, size: tuple[int, int], dark: bool) -> None:
    with at_work(site.settings, site.md_id):
        page = visit("/operations", size, dark=dark)
        expect(page.get_by_role("region", name="Workers")).to_contain_text(NODE)
        assert overflow(page) <= 0
        assert violations(page) == []


@pytest.mark.e2e
def test_it_follows_the_jobs_and_keeps_the_focus(visit: Open, site: Site) -> None:
    with at_work(site.settings, site.md_id) as ids:
        page = visit("/operations")
        workers = page.get_by_role("region", name="Workers")
        expect(workers).to_contain_text("running molecular dynamics")
        workers.get_by_role("link").focus()
        workers.get_by_role("progressbar").evaluate_all("bars => bars.forEach(bar => { bar.marked = true; })")
        with transaction(site.settings) as session:
            ours = col(Job.prediction_id).in_([ids["mine"], ids["theirs"]])
            session.exec(update(Job).where(ours).values(stage=Notice("correlate"), progress=0.9))
        expect(workers).to_contain_text("correlating", timeout=30_000)
        # The same elements with other words: nothing was taken down and put up again
        expect(workers.get_by_role("link")).to_be_focused()
        bars = workers.get_by_role("progressbar").evaluate_all("bars => bars.map(bar => [bar.value, bar.marked])")
        assert bars == [[90, True], [90, True]]
        # A worker that has gone says so
        with transaction(site.settings) as session:
            gone = update(WorkerHeartbeat).values(seen_at=utc_now() - timedelta(hours=1))
            session.exec(gone.where(col(WorkerHeartbeat.name) == NODE))
        expect(workers).to_contain_text("no heartbeat for", timeout=30_000)
