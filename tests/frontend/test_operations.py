"""The operators' page as the server makes it, and as it keeps itself in a browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import col, update

from backend import wording
from backend.health.tables import WorkerHeartbeat
from backend.jobs.tables import Job
from backend.kit.db.columns import utc_now
from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.predictions.tables import Prediction
from frontend.app import render
from frontend.client import OperatedJob, Operations
from frontend.pages import operations
from scattering.core.notices import Notice

from .components import by_id, text, walk
from .conftest import Site, run

WIDE, PHONE = (1440, 900), (390, 844)
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


def test_what_runs_and_what_failed_is_shown(site: Site) -> None:
    with at_work(site.settings, site.md_id) as ids:
        title, layout = run(render(site.api, "/operations", ""))
    assert title == "Operations"
    workers = by_id(layout, "workers")
    assert NODE in text(workers)
    assert "2 of 4 slots busy" in text(workers)
    assert "running molecular dynamics · attempt 2" in text(workers)
    failures = by_id(layout, "failures")
    assert wording.message(FLEW_APART) in text(failures)
    assert "cannot be predicted" in text(failures)
    links = {link.href for link in walk(layout) if getattr(link, "href", None)}
    assert any(str(ids["mine"]) in href for href in links)
    assert any(str(ids["failed"]) in href for href in links)
    # Somebody else's cannot be opened
    assert not any(str(ids["theirs"]) in href for href in links)
    assert str(ids["theirs"])[:8] in text(workers)
    assert "gpumd" in text(by_id(layout, "engines"))


def seen(site: Site, **changes: Any) -> Operations:
    return {**run(site.api.operations()), **changes}  # type: ignore[typeddict-item]


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
        ({"workers": [worker(alive=False, seen_s_ago=70)]}, "No worker shows life"),
        (
            {"workers": [worker()], "out_of_reach": [{"queue": "gpu", "engine": "gpumd", "jobs": 1}]},
            "1 job waits for a worker with gpumd",
        ),
        (
            {"workers": [worker()], "out_of_reach": [{"queue": "gpu", "engine": "", "jobs": 3}]},
            "3 jobs wait for a worker with the queue gpu",
        ),
        ({"workers": [worker()], "broker": False}, "broker takes no messages"),
        (
            {"workers": [worker()], "disk": {"free_bytes": 3e9, "total_bytes": 1e11, "predictions_bytes": None}},
            "nearly full: 3 GB",
        ),
    ],
)
def test_troubles_are_said_first(site: Site, changes: dict[str, Any], words: str) -> None:
    calm = {"broker": True, "out_of_reach": [], "disk": {"free_bytes": 5e10, "total_bytes": 1e11}}
    calm["disk"]["predictions_bytes"] = None  # type: ignore[index]
    shown = operations.parts_of(seen(site, **{**calm, **changes}))
    assert words in text(shown["operations-troubles"])
    assert operations.parts_of(seen(site, **calm, workers=[worker()]))["operations-troubles"] is None


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (3.3e6, "3.3 MB"),
        (74e9, "74 GB"),
        (271e9, "271 GB"),
        (2.5e12, "2.5 TB"),
    ],
)
def test_sizes(n_bytes: float | None, words: str) -> None:
    assert operations.size(n_bytes) == words


@pytest.mark.parametrize(
    ("kind", "number", "words"),
    [("whole", 0, "MD"), ("replica", 1, "MD, replica 2"), ("combine", 0, "MD, average of the replicas")],
)
def test_jobs_are_named_for_people(kind: str, number: int, words: str) -> None:
    job: OperatedJob = {"method": "md", "kind": kind, "number": number}  # type: ignore[typeddict-item]
    assert operations.job_name(job) == words


Open = Callable[..., Page]


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Open]:
    """Opens the page; it may not have complained on its console."""
    complaints: list[str] = []
    contexts = []

    def opened(size: tuple[int, int] = WIDE, *, dark: bool = False) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/operations")
        page.locator("#operations-page").wait_for(timeout=60_000)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.e2e
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1440", "390"])
def test_it_fits_the_screen(visit: Open, site: Site, size: tuple[int, int]) -> None:
    with at_work(site.settings, site.md_id):
        page = visit(size, dark=size == PHONE)
        expect(page.locator("#workers")).to_contain_text(NODE)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


@pytest.mark.e2e
def test_it_keeps_itself_and_does_not_flicker(visit: Open, site: Site) -> None:
    with at_work(site.settings, site.md_id) as ids:
        page = visit()
        stage = page.locator("#workers .job-stage").first
        expect(stage).to_contain_text("running molecular dynamics")
        page.evaluate("() => document.querySelectorAll('#workers .job').forEach(job => { job.marked = true; })")
        with transaction(site.settings) as session:
            ours = col(Job.prediction_id).in_([ids["mine"], ids["theirs"]])
            session.exec(update(Job).where(ours).values(stage=Notice("correlate"), progress=0.9))
        expect(stage).to_contain_text("correlating", timeout=30_000)
        # The same elements with other words: nothing was taken down and put up again
        assert page.evaluate("() => Array.from(document.querySelectorAll('#workers .job')).every(job => job.marked)")
