"""What who runs the server sees: all owners' jobs, and nobody else does."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from sqlmodel import col, update

from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs import leases, sweep
from backend.jobs.tables import Job
from backend.kit.db.columns import utc_now
from backend.kit.db.database import transaction
from backend.kit.db.owners import LOCAL_USER, current_owner
from backend.kit.settings import Settings
from backend.kit.version import VERSION
from backend.operations.disk import FolderSize
from backend.predictions.tables import Prediction
from scattering.core.notices import Notice
from workers import stages

from .conftest import Client
from .predicting import ask, claim, living, worker

DYNAMICS = {"supercell": [2, 2, 2], "production_ps": 2.2, "replicas": 3}


def look(client: Client) -> dict[str, Any]:
    response = client.get("/operations")
    assert response.status_code == 200, response.text
    return dict(response.json())


def lane(seen: dict[str, Any], name: str, which: str) -> dict[str, Any]:
    (found,) = [one for one in seen["queues"] if (one["name"], one["lane"]) == (name, which)]
    return dict(found)


def give_to(settings: Settings, prediction_id: str, owner: str) -> None:
    with transaction(settings) as session:
        for table, key in ((Prediction, Prediction.id), (Job, Job.prediction_id)):
            session.exec(update(table).where(col(key) == uuid.UUID(prediction_id)).values(owner=owner))


def test_nothing_asked_and_nobody_there(client: Client, settings: Settings) -> None:
    seen = look(client)
    assert seen["version"] == VERSION
    assert seen["broker"] is True
    assert [(one["name"], one["lane"]) for one in seen["queues"]] == [
        ("cpu", "short"),
        ("cpu", "long"),
        ("gpu", "short"),
        ("gpu", "long"),
    ]
    assert (seen["workers"], seen["engines"], seen["recent_failures"], seen["jobs_by_status"]) == ([], {}, [], {})
    assert 0 < seen["disk"]["free_bytes"] <= seen["disk"]["total_bytes"]


def test_queues_count_what_waits_for_whom(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = uuid.UUID(ask(client, structure, method="md", options=DYNAMICS)["id"])
    with transaction(settings) as session:
        queued = (col(Job.prediction_id) == prediction_id) & (col(Job.status) == "queued")
        session.exec(update(Job).where(queued).values(not_before=utc_now() - timedelta(minutes=3)))
    seen = look(client)
    short, long = lane(seen, "cpu", "short"), lane(seen, "cpu", "long")
    # The preparation could begin; the average and the replicas follow it
    assert (short["queued"], short["waiting"], short["running"]) == (1, 1, 0)
    assert (long["queued"], long["waiting"], long["running"]) == (0, 3, 0)
    # The test takes less than a minute
    assert 180 <= short["oldest_queued_s"] < 240
    assert long["oldest_queued_s"] is None
    assert seen["jobs_by_status"] == {"waiting": 4, "queued": 1}
    assert seen["predictions_by_status"] == {"queued": 1}


def test_workers_and_what_they_do(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = ask(client, structure)["id"]
    heartbeats.record(worker("gone@there", slots=4, queues=["gpu"], engines={"gpumd": "3.9"}))
    with transaction(settings) as session:
        session.get_one(WorkerHeartbeat, "gone@there").seen_at -= 2 * heartbeats.TIMEOUT
    with living("cpu@here", slots=2, queues=["cpu"], engines={"nep-adapters": "1"}, host="here", cores=8):
        lease = leases.claim("cpu@here", 1)
        assert lease is not None
        leases.report(lease, stages.DISPLACE_ATOMS, 0.25)
        seen = look(client)
    here, gone = seen["workers"]
    assert (here["name"], here["alive"], here["slots"], here["cores"], here["host"]) == ("cpu@here", True, 2, 8, "here")
    assert (gone["name"], gone["alive"], gone["running"]) == ("gone@there", False, [])
    assert gone["seen_s_ago"] >= 24
    (job,) = here["running"]
    assert (job["prediction_id"], job["structure_id"], job["method"]) == (prediction_id, structure["id"], "harmonic")
    assert (job["stage_notice"]["code"], job["progress"], job["attempt"]) == ("displace_atoms", 0.25, 1)
    assert job["stage"] == job["stage_notice"]["message"]
    # The dead one offers nothing
    assert seen["engines"] == {"nep-adapters": 1}


def test_what_no_worker_can_do_is_named(client: Client, structure: dict[str, Any]) -> None:
    with living("cpu@here", slots=2, queues=["cpu"], engines={"nep-adapters": "1"}):
        ask(client, structure, method="md", options={**DYNAMICS, "engine": "gpumd", "ensemble": "npt"})
        ask(client, structure)
        seen = look(client)
    # Preparing in a cell that moves takes the engine itself
    assert seen["out_of_reach"] == [{"queue": "gpu", "engine": "gpumd", "jobs": 1}]


def test_failures_say_why_newest_first(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    ids = [ask(client, structure, temperature_k=300 + n)["id"] for n in range(2)]
    with living():
        first = claim(ids[0])
        assert first is not None
        leases.report(first, stages.DISPLACE_ATOMS, 0.5)
        leases.fail(first, Notice("atoms_flew_apart"))
        for _ in range(settings.max_attempts):
            assert claim(ids[1]) is not None
            sweep.take_back_all()
    seen = look(client)
    died, refused = seen["recent_failures"]
    assert (refused["prediction_id"], refused["reason"], refused["attempt"]) == (ids[0], "cannot_predict", 1)
    assert refused["stage_notice"]["code"] == "displace_atoms"
    assert refused["error_notice"]["code"] == "atoms_flew_apart"
    assert refused["error"] == refused["error_notice"]["message"]
    assert (died["prediction_id"], died["reason"], died["attempt"]) == (ids[1], "worker_died", settings.max_attempts)
    assert died["worker"]
    assert seen["failures_by_reason"] == {"worker_died": 1, "time_limit": 0, "unforeseen": 0, "cannot_predict": 1}


def test_other_owners_are_ids_that_cannot_be_followed(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    mine, theirs = (ask(client, structure, temperature_k=300 + n)["id"] for n in range(2))
    give_to(settings, theirs, "somebody")
    with living() as name:
        while leases.claim(name, 1) is not None:
            pass
        running = look(client)["workers"][0]["running"]
    assert {job["prediction_id"]: (job["owner"], job["own"]) for job in running} == {
        mine: (LOCAL_USER, True),
        theirs: ("somebody", False),
    }


def test_only_operators_may_look(client: Client, app: FastAPI) -> None:
    assert client.get("/operations").status_code == 200
    app.dependency_overrides[current_owner] = lambda: "somebody"
    refused = client.get("/operations")
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_broker_is_said_to_be_down(client: Client, settings: Settings) -> None:
    assert look(client)["broker"] is True
    settings.broker_dir.rename(settings.data_dir / "elsewhere")
    assert look(client)["broker"] is False


def test_the_folder_is_counted_with_all_below_it(settings: Settings) -> None:
    folder = settings.prediction_dir("one")
    (folder / "work").mkdir(parents=True)
    (folder / "partials.h5").write_bytes(b"x" * 1000)
    (folder / "work" / "checkpoint").write_bytes(b"x" * 234)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    size = FolderSize(settings.predictions_dir)
    link = (folder / "loop").lstat().st_size
    assert size.count() == 1234 + link
    assert FolderSize(settings.data_dir / "nowhere").count() == 0


def test_the_jobs_of_a_prediction(client: Client, app: FastAPI, structure: dict[str, Any]) -> None:
    prediction_id = ask(client, structure, method="md", options=DYNAMICS)["id"]
    with living():
        prepare = claim(prediction_id)
        assert prepare is not None
        leases.succeed(prepare, lambda: None)
        replica = claim(prediction_id)
        assert replica is not None
        leases.report(replica, stages.PRODUCE, 0.5)
        jobs = client.get(f"/predictions/{prediction_id}/jobs").json()
    assert [(job["kind"], job["number"], job["status"]) for job in jobs] == [
        ("prepare", 0, "succeeded"),
        ("replica", 0, "running"),
        ("replica", 1, "queued"),
        ("replica", 2, "queued"),
        ("combine", 0, "waiting"),
    ]
    running = jobs[1]
    assert (running["progress"], running["stage_notice"]["code"], running["attempt"]) == (0.5, "produce", 1)
    assert running["stage"] == running["stage_notice"]["message"]
    assert (running["queue"], running["engine"]) == ("cpu", "nep-adapters")
    assert running["worker"]
    assert jobs[0]["finished_at"] is not None
    app.dependency_overrides[current_owner] = lambda: "somebody"
    assert client.get(f"/predictions/{prediction_id}/jobs").status_code == 404
