"""Asking for predictions, following, cancelling and deleting them."""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from backend.jobs import leases, sweep
from backend.jobs.following import follow as follow_work
from backend.jobs.leases import Lease
from backend.kit.db import database
from backend.kit.db.database import transaction
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.http.notices import NoticeOut
from backend.kit.settings import Settings
from backend.potentials.tables import Potential
from backend.predictions import service
from backend.predictions.schemas import PredictionOut
from backend.predictions.tables import Prediction
from backend.structures.tables import Structure
from scattering.core.notices import Notice
from workers import stages

from .conftest import Client
from .predicting import COARSE_GRID, ask, claim, living, run, succeeded

NOBODY = str(uuid.uuid4())


def messages(settings: Settings) -> list[str]:
    return [path.name for path in (settings.broker_dir / "messages").glob("*")]


def test_options_left_out_are_filled_in_and_the_worker_is_told(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    with living():
        made = ask(client, structure, method="md", quality="preview", options={"seed": 7})
    assert made["status"] == "queued"
    assert made["options"]["seed"] == 7
    assert made["options"]["timestep_fs"] == 2.0
    assert made["potential"] == made["model"] == "NEP89"
    assert made["potential_id"] == made["model_id"]
    assert made["eta_s"] == made["estimate_s"] > 0
    assert len(messages(settings)) == 1
    assert client.get(f"/predictions/{made['id']}").json() == made


def test_estimate_creates_nothing(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    response = client.post("/predictions/estimate", json={"structure_id": structure["id"], "method": "md"})
    assert response.status_code == 200
    estimate = response.json()
    assert estimate["n_atoms_simulated"] % structure["n_atoms"] == 0
    assert estimate["estimate_s"] > 0
    assert estimate["q_resolution_inv_angstrom"] > 0
    assert client.get("/predictions").json()["total"] == 0
    assert not settings.broker_dir.exists() or messages(settings) == []


def test_estimate_rests_on_what_this_machine_did(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    body = {"structure_id": structure["id"], "method": "md", "quality": "preview"}
    before = client.post("/predictions/estimate", json=body).json()["estimate_s"]

    def do(seconds: float, speed: float, **options: Any) -> float:
        made = ask(client, structure, method="md", quality="preview", options=options)
        run(settings, made["id"], {"timings": {"production_s": seconds, "atom_steps_per_second": speed}})
        return float(client.post("/predictions/estimate", json=body).json()["estimate_s"])

    # Another engine's speed and a run of a moment say nothing
    assert do(1e4, 1e9, engine="gpumd") == before
    assert do(1.0, 1e3) == before
    assert do(1000.0, 1e3) > 5 * before


@pytest.mark.parametrize(
    ("wrong", "loc", "code"),
    [
        ({"structure_id": NOBODY}, "structure_id", "not_found"),
        ({"structure_id": "silicon"}, "structure_id", "uuid_parsing"),
        ({"model": "NEP1"}, "model", "unknown_potential"),
        ({"potential": "NEP1"}, "potential", "unknown_potential"),
        ({"potential": "NEP89", "model": "NEP1"}, "body", "potential_named_twice"),
        ({"temperature_k": 0}, "temperature_k", "greater_than_equal"),
        ({"temperature_k": 3001}, "temperature_k", "less_than_equal"),
        ({"method": "guess"}, "method", "literal_error"),
        ({"instruments": ["TOSCA", "TOSKA"]}, "instruments.1", "unknown_instrument"),
        ({"quality": "perfect"}, "quality", "literal_error"),
        ({"options": {"supercell": [0, 1, 1]}}, "options.supercell", "unreadable_repeats"),
        ({"options": {"seed": 10**400}}, "options", "large_number"),
        ({"options": {"engine": "\ud800"}}, "options", "lone_surrogate"),
        ({"colour": "blue"}, "colour", "extra_forbidden"),
    ],
)
def test_what_cannot_be_predicted_is_refused(
    client: Client, structure: dict[str, Any], wrong: dict[str, Any], loc: str, code: str
) -> None:
    body = {"structure_id": structure["id"], **wrong}
    for path in ("/predictions", "/predictions/estimate"):
        response = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert (problem["errors"][0]["loc"], problem["errors"][0]["code"]) == (loc, code)
    assert client.get("/predictions").json()["total"] == 0


def test_numbers_that_are_not_finite_are_refused(client: Client, structure: dict[str, Any]) -> None:
    body = json.dumps({"structure_id": structure["id"], "options": {"displacement_angstrom": float("nan")}})
    response = client.post("/predictions", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert [error["code"] for error in response.json()["errors"]] == ["not_a_finite_number"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_bodies_that_are_not_one_are_refused(client: Client, content: bytes) -> None:
    response = client.post("/predictions", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 413, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_potential_must_know_the_elements(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    with transaction(settings) as session:
        session.add(
            Potential(
                owner=LOCAL_USER,
                name="carbon",
                kind="uploaded",
                family="nep",
                elements=["C"],
                sha256="0" * 64,
                size_bytes=1,
                format="nep4",
                engine="calorine",
                cutoff_angstrom=5.0,
            )
        )
    response = client.post("/predictions", json={"structure_id": structure["id"], "model": "carbon"})
    assert response.status_code == 422
    problem = response.json()
    assert (problem["code"], problem["params"]["missing"]) == ("elements_not_covered", ["Si"])
    assert [one["loc"] for one in problem["errors"]] == ["model"]


def test_same_key_makes_one_prediction(client: Client, structure: dict[str, Any]) -> None:
    body = {"structure_id": structure["id"], "instruments": ["TOSCA"]}
    headers = {"Idempotency-Key": "click"}
    first = client.post("/predictions", json=body, headers=headers)
    again = client.post("/predictions", json=body, headers=headers)
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    assert client.get("/predictions").json()["total"] == 1
    other = client.post("/predictions", json={**body, "temperature_k": 10}, headers=headers)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_used"
    assert client.get("/predictions").json()["total"] == 1


def test_list_is_paged_newest_first_and_filtered(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    made = [ask(client, structure, temperature_k=t)["id"] for t in (100, 200, 300)]
    with transaction(settings) as session:
        other = Structure(**{**session.get_one(Structure, uuid.UUID(structure["id"])).model_dump(), "id": uuid.uuid4()})
        session.add(other)
    shutil.copytree(settings.structure_dir(structure["id"]), settings.structure_dir(other.id))
    ask(client, {"id": str(other.id)})
    listed = client.get("/predictions", params={"structure_id": structure["id"], "limit": 2}).json()
    assert listed["total"] == 3
    assert [item["id"] for item in listed["items"]] == [made[2], made[1]]
    rest = client.get("/predictions", params={"structure_id": structure["id"], "limit": 2, "offset": 2}).json()
    assert [item["id"] for item in rest["items"]] == [made[0]]
    assert client.get("/predictions").json()["total"] == 4
    for wrong in ({"limit": 0}, {"limit": 10**6}, {"offset": -1}, {"offset": 10**30}, {"structure_id": "x"}):
        assert client.get("/predictions", params=wrong).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/events"),
        ("POST", "/cancel"),
        ("GET", "/partials"),
        ("POST", "/spectrum"),
        ("POST", "/figure"),
    ],
)
def test_unknown_prediction_is_not_found(client: Client, method: str, path: str) -> None:
    body = {"json": {}} if path in ("/spectrum", "/figure") else {}
    response = client.request(method, f"/predictions/{NOBODY}{path}", **body)
    assert response.status_code == 404
    problem = response.json()
    assert (problem["code"], problem["params"]) == ("not_found", {"kind": "prediction", "id": NOBODY})


def test_cancelling_a_queued_prediction_ends_it(client: Client, structure: dict[str, Any]) -> None:
    made = ask(client, structure)
    cancelled = client.post(f"/predictions/{made['id']}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json()["status"] == "cancelled"
    # The message is still on its way; nothing comes of it.
    assert claim(made["id"]) is None
    assert client.post(f"/predictions/{made['id']}/cancel").json()["status"] == "cancelled"


def test_cancelling_a_running_prediction_is_told_to_its_worker(client: Client, structure: dict[str, Any]) -> None:
    prediction_id = uuid.UUID(ask(client, structure)["id"])
    lease = claim(prediction_id)
    assert lease is not None
    leases.report(lease, stages.DISPLACE_ATOMS, 0.25)
    asked = client.post(f"/predictions/{prediction_id}/cancel").json()
    assert (asked["status"], asked["cancel_requested"]) == ("running", True)
    with pytest.raises(leases.Cancelled):
        leases.report(lease, stages.DISPLACE_ATOMS, 0.5)
    leases.end_cancelled(lease)
    assert client.get(f"/predictions/{prediction_id}").json()["status"] == "cancelled"


def test_what_has_ended_cannot_be_cancelled(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = succeeded(client, settings, structure)
    response = client.post(f"/predictions/{prediction_id}/cancel")
    assert response.status_code == 409
    assert "succeeded" in response.json()["detail"]


def test_deleting_removes_row_and_files(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = succeeded(client, settings, structure)
    assert settings.prediction_dir(prediction_id).is_dir()
    assert client.delete(f"/predictions/{prediction_id}").status_code == 204
    assert not settings.prediction_dir(prediction_id).exists()
    assert client.get(f"/predictions/{prediction_id}").status_code == 404
    assert client.delete(f"/predictions/{prediction_id}").status_code == 404


def test_deleting_a_running_prediction_stops_its_worker(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction_id = uuid.UUID(ask(client, structure)["id"])
    lease = claim(prediction_id)
    assert lease is not None
    assert client.delete(f"/predictions/{prediction_id}").status_code == 204
    with pytest.raises(leases.LeaseLost):
        leases.report(lease, stages.DISPLACE_ATOMS, 0.5)
    # What the worker wrote before it noticed goes with the sweep.
    settings.prediction_dir(prediction_id).mkdir(parents=True)
    sweep.remove_orphans()
    assert not settings.prediction_dir(prediction_id).exists()


def test_structure_with_predictions_stays(client: Client, structure: dict[str, Any]) -> None:
    ask(client, structure)
    assert client.delete(f"/structures/{structure['id']}").status_code == 409
    assert client.get(f"/structures/{structure['id']}").status_code == 200


def test_a_structure_is_deleted_with_its_predictions_at_once(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    done, waiting = succeeded(client, settings, structure), ask(client, structure)["id"]
    assert client.delete(f"/structures/{structure['id']}", params={"with_predictions": True}).status_code == 204
    assert client.get(f"/structures/{structure['id']}").status_code == 404
    assert [client.get(f"/predictions/{one}").status_code for one in (done, waiting)] == [404, 404]
    assert not settings.prediction_dir(done).exists()
    assert not settings.structure_dir(structure["id"]).exists()


def test_a_structure_on_which_others_rest_loses_nothing(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    mine, other = succeeded(client, settings, structure), ask(client, structure)["id"]
    with database.transaction(settings) as session:
        session.get_one(Prediction, uuid.UUID(other)).owner = "somebody else"
    assert client.delete(f"/structures/{structure['id']}", params={"with_predictions": True}).status_code == 409
    assert client.get(f"/predictions/{mine}").status_code == 200
    assert settings.partials_path(mine).is_file()


def test_events_tell_the_state_and_end_with_it(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction_id = succeeded(client, settings, structure)
    response = client.get(f"/predictions/{prediction_id}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = response.text.splitlines()
    assert lines[0] == "event: prediction"
    state = json.loads(lines[1].removeprefix("data: "))
    assert (state["status"], state["progress"]) == ("succeeded", 1.0)
    assert state["notices"] == [NoticeOut.of(COARSE_GRID).model_dump()]
    assert state["warnings"] == [notice["message"] for notice in state["notices"]]
    assert response.text.count("event: ") == 1


def reader(prediction_id: uuid.UUID) -> Callable[[Scope], PredictionOut]:
    return lambda scope: PredictionOut.of(service.get(scope, prediction_id))


def test_events_follow_a_run(
    client: Client, settings: Settings, structure: dict[str, Any], portal: BlockingPortal
) -> None:
    prediction_id = uuid.UUID(ask(client, structure)["id"])
    held = list[Lease]()

    def take() -> None:
        lease = claim(prediction_id)
        assert lease is not None
        held.append(lease)

    steps: list[Callable[[], object]] = [
        take,
        lambda: leases.report(held[0], stages.DISPLACE_ATOMS, 0.5),
        lambda: leases.fail(held[0], Notice("unstable_cell")),
    ]

    async def follow() -> list[tuple[str, float]]:
        seen = []
        states = follow_work(settings, LOCAL_USER, reader(prediction_id), closing=lambda: False)
        async for state in states:
            seen.append((state.status, state.progress))
            if steps:
                steps.pop(0)()
        return seen

    assert portal.call(follow) == [("queued", 0.0), ("running", 0.0), ("running", 0.5), ("failed", 0.5)]


@pytest.mark.parametrize("reason", ["deleted", "closing"])
def test_events_end_with_prediction_or_server(
    client: Client, settings: Settings, structure: dict[str, Any], portal: BlockingPortal, reason: str
) -> None:
    prediction_id = ask(client, structure)["id"]
    closing = threading.Event()

    async def follow() -> int:
        seen = 0
        states = follow_work(settings, LOCAL_USER, reader(uuid.UUID(prediction_id)), closing=closing.is_set)
        async for _ in states:
            seen += 1
            if reason == "closing":
                closing.set()
            else:
                with transaction(settings) as session:
                    session.delete(session.get_one(Prediction, uuid.UUID(prediction_id)))
        return seen

    assert portal.call(follow) == 1
