"""The jobs' rows under workers that are late, dead, doubled, picky or many."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import update

from backend.health import heartbeats
from backend.jobs import graph, leases, sweep
from backend.jobs.dispatch import wake_for_queued_jobs
from backend.jobs.leases import Lease
from backend.jobs.tables import Job
from backend.kit.db.columns import utc_now
from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.files import storage
from backend.kit.queue.wake_up import wake_worker
from backend.kit.settings import Settings
from backend.predictions import service
from backend.predictions.assignment import read_assignment
from backend.predictions.schemas import PredictionIn
from backend.predictions.tables import Prediction
from scattering.core.notices import Notice
from workers import stages

from .conftest import Client
from .predicting import COARSE_GRID, WORKER, ask, living

FLEW_APART = Notice("atoms_flew_apart")
FEW = {"supercell": [2, 2, 2], "production_ps": 2.2, "replicas": 3}


@pytest.fixture(autouse=True)
def alive(settings: Settings) -> Iterator[None]:
    """A worker with many slots."""
    with living():
        yield


@pytest.fixture
def queued(client: Client, structure: dict[str, Any]) -> uuid.UUID:
    return uuid.UUID(ask(client, structure)["id"])


@pytest.fixture
def messages(settings: Settings) -> Path:
    return settings.broker_dir / "messages"


def state(settings: Settings, prediction_id: uuid.UUID) -> Prediction:
    with transaction(settings, reading=True) as session:
        return session.get_one(Prediction, prediction_id)


def jobs(settings: Settings, prediction_id: uuid.UUID) -> list[Job]:
    with transaction(settings, reading=True) as session:
        return graph.jobs(session, session.get_one(Prediction, prediction_id))


def take(name: str = WORKER, pid: int = 1) -> Lease:
    lease = leases.claim(name, pid)
    assert lease is not None
    return lease


def let_expire(settings: Settings, lease: Lease) -> None:
    with transaction(settings) as session:
        job = session.get_one(Job, lease.job_id)
        job.lease_expires_at = utc_now() - timedelta(seconds=1)
        session.add(job)


def nothing() -> None:
    """What is published where only rows matter."""


def test_a_harmonic_prediction_is_one_job_and_a_surplus_wake_up_does_nothing(
    settings: Settings, queued: uuid.UUID
) -> None:
    lease = take()
    assert (lease.attempt, lease.kind) == (1, "whole")
    asked_for = read_assignment(settings, lease.prediction_id)
    assert asked_for is not None
    assert (asked_for.method, asked_for.potential.name) == ("harmonic", "NEP89")
    assert leases.claim("second", 2) is None
    assert leases.claim(WORKER, 2) is None
    leases.succeed(lease, nothing, provenance={"seed": 1}, warnings=[])
    assert leases.claim(WORKER, 3) is None
    row = state(settings, queued)
    assert (row.status, row.progress, row.provenance) == ("succeeded", 1.0, {"seed": 1})


def test_a_worker_that_nobody_knows_gets_nothing(queued: uuid.UUID) -> None:
    assert leases.claim("stranger@nowhere", 1) is None


def test_dynamics_is_prepared_then_run_by_replicas_anywhere_then_combined(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction_id = uuid.UUID(ask(client, structure, method="md", options=FEW)["id"])
    prepare = take()
    assert prepare.kind == "prepare"
    # Nothing else can begin before it is done
    assert leases.claim(WORKER, 2) is None
    leases.succeed(prepare, nothing)
    replicas = [take(pid=number) for number in range(3)]
    assert [(one.kind, one.number) for one in replicas] == [("replica", 0), ("replica", 1), ("replica", 2)]
    leases.report(replicas[1], stages.PRODUCE, 0.5)
    leases.succeed(replicas[0], nothing)
    leases.report(replicas[1], stages.PRODUCE, 0.5)
    row = state(settings, prediction_id)
    assert row.stage == Notice("produce", {"replicas": 3, "replicas_done": 1, "replicas_running": 2})
    assert row.waiting_for is None
    assert row.progress == pytest.approx(0.02 + 0.96 * (1 + 0.5) / 3)
    assert leases.claim(WORKER, 9) is None
    for one in replicas[1:]:
        leases.succeed(one, nothing)
    combine = take()
    assert combine.kind == "combine"
    leases.succeed(combine, nothing, provenance={}, warnings=[COARSE_GRID])
    row = state(settings, prediction_id)
    assert (row.stage, row.warnings) == (graph.DONE, [COARSE_GRID])
    assert {job.status for job in jobs(settings, prediction_id)} == {"succeeded"}


def test_a_lost_replica_is_run_again_alone(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = uuid.UUID(ask(client, structure, method="md", options=FEW)["id"])
    leases.succeed(take(), nothing)
    first, second, third = (take() for _ in range(3))
    leases.succeed(first, nothing)
    let_expire(settings, second)
    assert sweep.take_back_expired() == 1
    again = take()
    assert (again.kind, again.number, again.attempt) == ("replica", 1, 2)
    # The first worker was only slow: it may write nothing more, and publishes nothing
    published: list[int] = []
    for late in (
        lambda: leases.report(second, stages.PRODUCE, 0.9),
        lambda: leases.succeed(second, lambda: published.append(1)),
        lambda: leases.fail(second, FLEW_APART),
        lambda: leases.release(second),
    ):
        with pytest.raises(leases.LeaseLost):
            late()
    assert published == []
    leases.succeed(again, lambda: published.append(2))
    leases.succeed(third, nothing)
    assert published == [2]
    assert [job.attempt for job in jobs(settings, prediction_id)] == [1, 1, 2, 1, 0]


def test_a_replica_that_fails_fails_the_prediction_and_stops_the_others(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction_id = uuid.UUID(ask(client, structure, method="md", options=FEW)["id"])
    leases.succeed(take(), nothing)
    first, second = take(), take()
    leases.fail(first, FLEW_APART)
    row = state(settings, prediction_id)
    assert (row.status, row.error) == ("failed", FLEW_APART)
    with pytest.raises(leases.Cancelled):
        leases.report(second, stages.PRODUCE, 0.2)
    with pytest.raises(leases.Cancelled):
        leases.succeed(second, nothing)
    leases.end_cancelled(second)
    assert leases.claim(WORKER, 1) is None
    statuses = Counter(job.status for job in jobs(settings, prediction_id))
    assert statuses == {"succeeded": 1, "failed": 1, "cancelled": 3}


def test_a_published_result_stands_only_with_its_row(settings: Settings, queued: uuid.UUID) -> None:
    lease = take()

    def no_room() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        leases.succeed(lease, no_room, provenance={}, warnings=[])
    assert state(settings, queued).status == "running"


def test_attempts_are_counted_and_end(settings: Settings, queued: uuid.UUID) -> None:
    for _ in range(settings.max_attempts):
        take()
        sweep.take_back_all()
    row = state(settings, queued)
    assert row.status == "failed"
    start = {"code": "start", "params": {}}
    stated = {"work": "prediction", "attempts": settings.max_attempts, "stage": start, "ended_by": None}
    assert row.error == Notice("worker_died", stated)
    assert leases.claim(WORKER, 1) is None


def test_handing_back_is_no_attempt_and_may_wait(settings: Settings, queued: uuid.UUID) -> None:
    for _ in range(settings.max_attempts + 2):
        leases.release(take())
    row = state(settings, queued)
    assert (row.status, row.attempt, row.progress) == ("queued", 0, 0.0)
    leases.release(take(), wait_s=60, waiting_for=Notice("waiting_for_disk_space"))
    assert leases.claim(WORKER, 1) is None
    assert state(settings, queued).waiting_for == Notice("waiting_for_disk_space")


def test_a_child_that_died_is_noticed_by_its_parent(settings: Settings, queued: uuid.UUID) -> None:
    take(pid=4711)
    assert sweep.take_back_from_dead(WORKER, lambda: {4711}) == 0
    assert sweep.take_back_from_dead("somebody else", lambda: set()) == 0
    assert sweep.take_back_from_dead(WORKER, lambda: {4712}) == 1
    assert take().attempt == 2


def test_a_worker_that_reported_meanwhile_is_not_taken_for_dead(settings: Settings, queued: uuid.UUID) -> None:
    lease = take()
    let_expire(settings, lease)
    with transaction(settings, reading=True) as session:
        seen = session.get_one(Job, lease.job_id).lease_expires_at
    leases.report(lease, stages.DISPLACE_ATOMS, 0.5)
    assert not leases.take_back(lease.work, lease.job_id, if_still=lambda job, now: job.lease_expires_at == seen)
    assert sweep.take_back_expired() == 0


def test_cancelled_while_its_worker_died(client: Client, settings: Settings, queued: uuid.UUID) -> None:
    take()
    client.post(f"/predictions/{queued}/cancel")
    sweep.take_back_all()
    assert state(settings, queued).status == "cancelled"


def test_cancelling_waits_for_who_is_at_work(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = uuid.UUID(ask(client, structure, method="md", options=FEW)["id"])
    leases.succeed(take(), nothing)
    first, second = take(), take()
    client.post(f"/predictions/{prediction_id}/cancel")
    assert state(settings, prediction_id).status == "running"
    leases.end_cancelled(first)
    assert state(settings, prediction_id).status == "running"
    with pytest.raises(leases.Cancelled):
        leases.report(second, stages.PRODUCE, 0.1)
    leases.end_cancelled(second)
    assert state(settings, prediction_id).status == "cancelled"
    assert leases.claim(WORKER, 1) is None


def test_previews_go_first_then_who_has_least_running_then_who_came_first(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    def ask_as(owner: str, quality: str) -> str:
        body = PredictionIn(structure_id=structure["id"], quality=quality)
        with transaction(settings) as session:
            row = service.create(Scope(session, "local"), body)
            row.owner = owner
            for job in graph.jobs(session, row):
                job.owner = owner
            return f"{owner} {quality}"

    for _ in range(3):
        ask_as("alice", "standard")
    for owner in ("bob", "carol"):
        ask_as(owner, "standard")
    ask_as("alice", "preview")
    order = []
    while (lease := leases.claim(WORKER, 1)) is not None:
        with transaction(settings, reading=True) as session:
            row = session.get_one(Prediction, lease.prediction_id)
            order.append(f"{row.owner} {row.quality}")
    # Alice's preview runs, so those who have nothing running come before her older ones
    assert order == ["alice preview", "bob standard", "carol standard", *["alice standard"] * 3]


def test_one_slot_is_kept_for_short_jobs(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    with living("two@here", slots=2) as name:
        heartbeats.remove(WORKER)
        ask(client, structure, method="md", quality="preview", options=FEW)
        leases.succeed(take(name), nothing)
        assert take(name).kind == "replica"
        # Two replicas wait, and a slot is free, but not for them
        assert leases.claim(name, 2) is None
        ask(client, structure, quality="production")
        assert take(name).kind == "whole"


def test_a_worker_takes_what_it_has_the_engine_for(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    with living("cpu@here", queues=["cpu"], engines={"nep-adapters": "1", "i-pi": "3"}) as name:
        heartbeats.remove(WORKER)
        asked = ask(client, structure, method="md", options={**FEW, "engine": "gpumd"})
        leases.succeed(take(name), nothing)
        assert leases.claim(name, 1) is None
        sweep.sweep()
        waiting_for = client.get(f"/predictions/{asked['id']}").json()["waiting_for"]
        assert (waiting_for["code"], waiting_for["params"]) == (
            "waiting_for_engine",
            {"engine": "gpumd", "title": "GPUMD"},
        )
        with living("gpu@there", queues=["gpu"], engines={"gpumd": "3"}) as other:
            sweep.sweep()
            found = client.get(f"/predictions/{asked['id']}").json()
            assert found["waiting_for"]["code"] == "waiting_for_worker"
            assert found["stage"] == found["waiting_for"]["message"]
            assert take(other).kind == "replica"


@pytest.mark.parametrize(
    ("engine", "ensemble", "prepares", "queue"),
    [
        ("nep-adapters-cuda", "nvt", "nep-adapters-cuda", "gpu"),
        ("calorine", "nvt", "calorine", "cpu"),
        ("gpumd", "nvt", "nep-adapters", "cpu"),
        ("gpumd", "npt", "gpumd", "gpu"),
    ],
)
def test_who_prepares_has_the_engine_that_gives_the_forces(
    client: Client, settings: Settings, structure: dict[str, Any], engine: str, ensemble: str, prepares: str, queue: str
) -> None:
    options = {**FEW, "engine": engine, "ensemble": ensemble}
    prediction_id = uuid.UUID(ask(client, structure, method="md", options=options)["id"])
    prepare = jobs(settings, prediction_id)[0]
    assert (prepare.engine, prepare.queue) == (prepares, queue)


def test_as_many_wake_ups_as_there_are_free_slots(
    client: Client, settings: Settings, structure: dict[str, Any], messages: Path
) -> None:
    with living("two@here", slots=2) as name:
        heartbeats.remove(WORKER)
        for _ in range(9):
            ask(client, structure)
        assert len(list(messages.iterdir())) == 2
        with transaction(settings) as session:
            assert wake_for_queued_jobs(session, utc_now()) == 0
        take(name)
        lease = take(name)
        with transaction(settings) as session:
            assert wake_for_queued_jobs(session, utc_now()) == 0
        before = len(list(messages.iterdir()))
        leases.succeed(lease, nothing, provenance={}, warnings=[])
        # Who ends rings for who comes next
        assert len(list(messages.iterdir())) == before + 1


def test_a_wake_up_goes_to_a_worker_with_a_suitable_slot(
    client: Client, settings: Settings, structure: dict[str, Any], messages: Path
) -> None:
    heartbeats.remove(WORKER)
    # Of three slots, two may do long jobs
    with living("busy@here", slots=3) as busy:
        ask(client, structure, method="md", options=FEW)
        leases.succeed(take(busy), nothing)
        take(busy), take(busy)
        for path in messages.iterdir():
            path.unlink()
        # The third replica waits. The free slot of the busy worker is not for it
        with living("idle@here", slots=1), transaction(settings) as session:
            session.exec(update(Job).values(rung_at=None))
            assert wake_for_queued_jobs(session, utc_now()) == 1
        assert [".idle@here." in path.name for path in messages.iterdir()] == [True]


def test_lost_wake_up_is_sent_again_once_a_worker_idles(settings: Settings, queued: uuid.UUID, messages: Path) -> None:
    for path in messages.iterdir():
        path.unlink()
    sweep.sweep()
    # Rung a moment ago: it may still be on its way
    assert not list(messages.iterdir())
    with transaction(settings) as session:
        session.exec(update(Job).values(rung_at=utc_now() - timedelta(minutes=1)))
    sweep.sweep()
    assert len(list(messages.iterdir())) == 1


def test_no_wake_up_is_sent_when_the_transaction_fails(settings: Settings, queued: uuid.UUID, messages: Path) -> None:
    before = len(list(messages.iterdir()))

    def fail() -> None:
        with transaction(settings) as session:
            wake_worker(session, "one@host", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(list(messages.iterdir())) == before


def test_a_prediction_is_made_though_the_broker_is_gone(
    client: Client, structure: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr("celery.app.base.Celery.send_task", broken)
    assert ask(client, structure)["status"] == "queued"


@pytest.mark.parametrize("name", ["a-b-c-d-e", "backup-2026-11-01-of-all", "{id}", "ID"])
def test_a_stray_folder_stays_and_stops_no_sweep(settings: Settings, name: str) -> None:
    orphan = settings.prediction_dir(uuid.uuid4())
    other = str(uuid.uuid4())
    stray = settings.predictions_dir / {"{id}": f"{{{other}}}", "ID": other.upper()}.get(name, name)
    for folder in (orphan, stray):
        folder.mkdir(parents=True)
    sweep.sweep()
    assert stray.is_dir()
    assert not orphan.exists()


def test_nothing_stays_on_disk_that_no_row_knows(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    ids = [uuid.UUID(ask(client, structure)["id"]) for _ in range(3)]
    held = {lease.prediction_id: lease for lease in (take(), take(), take())}
    for one in ids:
        settings.work_dir(one).mkdir(parents=True)
    leases.succeed(held[ids[0]], lambda: settings.partials_path(ids[0]).touch(), provenance={}, warnings=[])
    leases.fail(held[ids[1]], FLEW_APART)
    nobody = settings.prediction_dir(uuid.uuid4())
    # A worker that had not noticed yet wrote on
    for folder in (settings.work_dir(ids[0]), settings.work_dir(ids[1]), nobody):
        folder.mkdir(parents=True)
    sweep.remove_orphans()
    assert {path.name for path in settings.prediction_dir(ids[0]).iterdir()} == {"partials.h5"}
    assert not settings.prediction_dir(ids[1]).exists()
    assert settings.work_dir(ids[2]).is_dir()
    assert not nobody.exists()
    storage.remove_folder(nobody)
