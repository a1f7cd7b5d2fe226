"""The job's row under workers that are late, dead or doubled."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.columns import utc_now
from backend.database import transaction
from backend.health import beats
from backend.predictions import runs
from backend.predictions.tables import Prediction
from backend.queue import enqueue_prediction
from backend.settings import Settings

from .conftest import Client
from .predicting import WORKER, ask


@pytest.fixture
def queued(client: Client, structure: dict[str, Any]) -> uuid.UUID:
    return uuid.UUID(ask(client, structure)["id"])


@pytest.fixture
def messages(settings: Settings) -> Path:
    return settings.broker_dir / "messages"


def state(settings: Settings, prediction_id: uuid.UUID) -> Prediction:
    with transaction(settings, reading=True) as session:
        return session.get_one(Prediction, prediction_id)


def test_message_delivered_twice_runs_once(settings: Settings, queued: uuid.UUID) -> None:
    job = runs.claim(queued, WORKER)
    assert job is not None
    assert (job.attempt, job.method, job.instruments, job.model.name) == (1, "harmonic", ("TOSCA",), "NEP89")
    assert runs.claim(queued, "second:2") is None
    runs.succeed(queued, WORKER, {"seed": 1}, [])
    assert runs.claim(queued, "third:3") is None
    assert state(settings, queued).status == "succeeded"


def test_unknown_prediction_is_not_run(settings: Settings) -> None:
    assert runs.claim(uuid.uuid4(), WORKER) is None


def test_failure_keeps_its_word(settings: Settings, queued: uuid.UUID) -> None:
    runs.claim(queued, WORKER)
    runs.fail(queued, WORKER, "The structure fell apart.")
    row = state(settings, queued)
    assert (row.status, row.error, row.eta_s, row.worker) == ("failed", "The structure fell apart.", None, None)


def test_lost_lease_ends_in_another_attempt(settings: Settings, queued: uuid.UUID, messages: Path) -> None:
    runs.claim(queued, WORKER)
    later = utc_now() + timedelta(seconds=settings.lease_s + 1)
    with transaction(settings) as session:
        session.merge(beats.WorkerBeat(name="alive", slots=1, seen_at=later))
    sent_before = len(list(messages.iterdir()))
    assert runs.requeue_lost(now=utc_now() + timedelta(seconds=1)) == 0
    assert runs.requeue_lost(now=later) == 1
    assert len(list(messages.iterdir())) == sent_before + 1
    # The first worker was only slow: it may write nothing more.
    with pytest.raises(runs.LeaseLost):
        runs.report(queued, WORKER, "displacing atoms", 0.9, None)
    with pytest.raises(runs.LeaseLost):
        runs.succeed(queued, WORKER, {}, [])
    job = runs.claim(queued, "second:2")
    assert job is not None
    assert job.attempt == 2


def test_attempts_are_counted(settings: Settings, queued: uuid.UUID) -> None:
    for _ in range(settings.max_attempts):
        assert runs.claim(queued, WORKER) is not None
        runs.requeue_lost(no_worker_lives=True)
    row = state(settings, queued)
    assert row.status == "failed"
    assert f"died {settings.max_attempts} times" in (row.error or "")


def test_handing_back_is_no_attempt(settings: Settings, queued: uuid.UUID) -> None:
    for _ in range(settings.max_attempts + 2):
        assert runs.claim(queued, WORKER) is not None
        runs.release(queued, WORKER)
    row = state(settings, queued)
    assert (row.status, row.attempt, row.progress, row.worker) == ("queued", 0, 0.0, None)


def test_cancelled_while_its_worker_died(client: Client, settings: Settings, queued: uuid.UUID) -> None:
    runs.claim(queued, WORKER)
    client.post(f"/predictions/{queued}/cancel")
    runs.requeue_lost(no_worker_lives=True)
    assert state(settings, queued).status == "cancelled"


def test_lost_message_is_sent_again_once_a_worker_idles(settings: Settings, queued: uuid.UUID, messages: Path) -> None:
    for path in messages.iterdir():
        path.unlink()
    later = utc_now() + timedelta(minutes=1)
    # No worker lives: nobody could have taken it.
    assert runs.requeue_lost(now=later) == 0
    with transaction(settings) as session:
        session.add(beats.WorkerBeat(name="alive", slots=1, seen_at=later))
    assert runs.requeue_lost(now=later) == 1
    assert len(list(messages.iterdir())) == 1
    # Just sent: not again.
    assert runs.requeue_lost(now=later + timedelta(seconds=1)) == 0


def test_waiting_behind_others_is_not_being_lost(
    client: Client, settings: Settings, structure: dict[str, Any], queued: uuid.UUID
) -> None:
    busy = uuid.UUID(ask(client, structure)["id"])
    runs.claim(busy, WORKER)
    later = utc_now() + timedelta(seconds=30)
    with transaction(settings) as session:
        session.add(beats.WorkerBeat(name="alive", slots=1, seen_at=later))
    assert runs.requeue_lost(now=later) == 0


def test_nothing_is_sent_when_the_transaction_fails(settings: Settings, queued: uuid.UUID, messages: Path) -> None:
    before = len(list(messages.iterdir()))

    def fail() -> None:
        with transaction(settings) as session:
            enqueue_prediction(session, queued, "cpu")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(list(messages.iterdir())) == before
