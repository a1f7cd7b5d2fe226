"""Proposals over HTTP: texts, what is in them, and what a shared link opens and does not."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import pytest
from fastapi import FastAPI

from backend.kit.db.owners import current_owner
from backend.kit.settings import Settings

from .conftest import Client
from .predicting import ask, succeeded
from .proposing import NOWHERE, again, make, patch, put, report, upload


def test_a_proposal_is_made_changed_listed_and_deleted(client: Client, settings: Settings) -> None:
    sample, setting = {"geometry": "plate", "mass_g": 2}, {"instrument": "maps", "settings": {"e_init": 120}}
    proposal = make(client, notes="first\r\nsecond\x00", sample=sample, settings=[setting])
    assert proposal["notes"] == "first\nsecond"
    assert sample.items() <= proposal["sample"].items()
    assert proposal["settings"] == [{"instrument": "MAPS", "settings": {"e_init": 120}}]
    changed = patch(client, proposal, notes="other").json()
    assert changed["notes"] == "other"
    assert changed["name"] == "Beam time"
    assert changed["changed_at"] > proposal["changed_at"]
    assert patch(client, proposal, sample=None, settings=[]).json()["sample"] is None
    assert client.get("/proposals").json() == {"items": [again(client, proposal)], "total": 1}
    report(settings, proposal)
    assert client.delete(f"/proposals/{proposal['id']}").status_code == 204
    assert client.get(f"/proposals/{proposal['id']}").status_code == 404
    assert not settings.proposal_dir(proposal["id"]).exists()


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"name": " \n"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"notes": "x" * 100_001}, "notes"),
        ({"colour": "blue"}, "colour"),
        ({"sample": {"mass_g": -1}}, "sample.mass_g"),
        ({"settings": [{"instrument": "TOSCA"}, {"instrument": "NOSUCH"}]}, "settings.1.instrument"),
        ({"settings": [{"instrument": "MAPS", "settings": {"e_init": -1}}]}, "settings.0.settings.e_init"),
        ({"plan": {"prediction_id": NOWHERE}}, "plan.prediction_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(client: Client, body: dict[str, Any], loc: str) -> None:
    response = client.post("/proposals", json={"name": "Beam time", **body})
    assert response.status_code == 422, response.text
    assert [error["loc"] for error in response.json()["errors"]] == [loc]
    assert client.get("/proposals").json()["total"] == 0


def test_things_come_in_once_and_go_out_without_harm(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    proposal, prediction = make(client), succeeded(client, settings, structure)
    dataset = upload(client)
    for _ in range(2):
        assert put(client, proposal, "predictions", prediction).status_code == 200
        inside = put(client, proposal, "datasets", dataset).json()
    assert inside["prediction_ids"] == [prediction]
    assert inside["structure_ids"] == [structure["id"]]
    assert inside["dataset_ids"] == [dataset]
    assert put(client, proposal, "predictions", NOWHERE).status_code == 404
    assert put(client, proposal, "structures", prediction).status_code == 404
    assert put(client, proposal, "models", prediction).status_code == 422
    for _ in range(2):
        out = client.delete(f"/proposals/{proposal['id']}/datasets/{dataset}")
        assert out.json()["dataset_ids"] == []
    assert client.get(f"/datasets/{dataset}").status_code == 200
    # Deleted elsewhere, and from here too
    remove = {"in_proposals": "remove"}
    assert client.delete(f"/predictions/{prediction}", params=remove).status_code == 204
    assert again(client, proposal)["prediction_ids"] == []
    assert client.delete(f"/structures/{structure['id']}", params=remove).status_code == 204
    assert again(client, proposal)["structure_ids"] == []


def test_what_a_plan_rests_on_comes_with_it(client: Client, settings: Settings, structure: dict[str, Any]) -> None:
    prediction, dataset = succeeded(client, settings, structure), upload(client)
    plan = {"prediction_id": prediction, "calibrations": [{"dataset_id": dataset}]}
    proposal = make(client, plan=plan)
    assert proposal["plan"]["prediction_id"] == prediction
    assert proposal["prediction_ids"] == [prediction]
    assert proposal["structure_ids"] == [structure["id"]]
    assert proposal["dataset_ids"] == [dataset]
    wrong = patch(client, proposal, plan={"prediction_id": prediction, "calibrations": [{"dataset_id": NOWHERE}]})
    assert wrong.json()["errors"][0]["loc"] == "plan.calibrations.0.dataset_id"


def test_the_same_key_makes_one_proposal(client: Client) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = (client.post("/proposals", json={"name": "A"}, headers=key).json() for _ in range(2))
    assert first == second
    copies = [client.post(f"/proposals/{first['id']}/duplicate", headers={"Idempotency-Key": "two"}) for _ in range(2)]
    assert copies[0].json() == copies[1].json()
    assert client.get("/proposals").json()["total"] == 2


def test_a_copy_has_the_same_texts_and_things_but_no_reports_and_no_link(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    prediction = succeeded(client, settings, structure)
    proposal = make(client, notes="n", plan={"prediction_id": prediction}, settings=[{"instrument": "TOSCA"}])
    report(settings, proposal)
    client.post(f"/proposals/{proposal['id']}/share")
    copy = client.post(f"/proposals/{proposal['id']}/duplicate").json()
    assert copy["name"] == "Beam time (copy)"
    assert copy["reports"] == []
    assert copy["share_path"] is None
    for name in ("notes", "plan", "settings", "sample", "prediction_ids", "structure_ids"):
        assert copy[name] == again(client, proposal)[name]
    assert client.get("/predictions").json()["total"] == 1


def test_archived_proposals_are_listed_apart(client: Client) -> None:
    proposal = make(client)
    assert client.post(f"/proposals/{proposal['id']}/archive").json()["archived_at"]
    assert client.get("/proposals").json()["total"] == 0
    assert client.get("/proposals?archived=true").json()["total"] == 1
    assert client.post(f"/proposals/{proposal['id']}/restore").json()["archived_at"] is None
    assert client.get("/proposals").json()["total"] == 1


def test_reports_are_downloaded_and_never_shown(client: Client, settings: Settings) -> None:
    proposal = make(client)
    made = report(settings, proposal, title="Two pages; <b>")
    assert [one["id"] for one in again(client, proposal)["reports"]] == [made]
    path = f"/proposals/{proposal['id']}/reports/{made}"
    answer = client.get(f"{path}?format=html")
    assert answer.content == b"<p>both"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert client.get(f"/proposals/{make(client)['id']}/reports/{made}").status_code == 404
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert list(settings.proposal_dir(proposal["id"]).iterdir()) == []


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_nobody_else_finds_it(app: FastAPI, client: Client, method: str) -> None:
    proposal = make(client)
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    arguments = {"json": {"name": "mine"}} if method == "PATCH" else {}
    assert client.request(method, f"/proposals/{proposal['id']}", **arguments).status_code == 404
    assert client.get("/proposals").json()["total"] == 0
    for action in ("duplicate", "archive", "restore", "share"):
        assert client.post(f"/proposals/{proposal['id']}/{action}").status_code == 404
    app.dependency_overrides.clear()
    assert again(client, proposal)["name"] == "Beam time"


def test_a_shared_link_opens_the_proposal_and_nothing_else(
    app: FastAPI, client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    inside, outside = succeeded(client, settings, structure), succeeded(client, settings, structure, temperature_k=200)
    dataset, other = upload(client), upload(client, name="other")
    proposal = make(
        client, notes="to be read", plan={"prediction_id": inside, "calibrations": [{"dataset_id": dataset}]}
    )
    made, elsewhere = report(settings, proposal), report(settings, make(client))
    shared = client.post(f"/proposals/{proposal['id']}/share").json()
    assert client.post(f"/proposals/{proposal['id']}/share").json() == shared
    assert again(client, proposal)["share_path"] == shared["path"] == f"/shared/{shared['token']}"
    # Who reads is nobody that the server knows
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    path = shared["path"]
    read = client.get(path)
    assert read.headers["x-robots-tag"] == "noindex"
    body = read.json()
    assert body["notes"] == "to be read"
    assert [one["id"] for one in body["predictions"]] == [inside]
    assert [one["id"] for one in body["structures"]] == [structure["id"]]
    assert [one["id"] for one in body["datasets"]] == [dataset]
    assert "share_path" not in body
    assert "provenance" not in body["predictions"][0]

    def draw(prediction: str, *datasets: str) -> int:
        asked = {"views": [{"prediction_id": prediction, "instrument": "TOSCA"}], "dataset_ids": datasets}
        return client.post(f"{path}/figures", json=asked).status_code

    assert draw(inside) == 200
    assert draw(inside, dataset) == 200
    assert draw(outside) == 404
    assert draw(inside, other) == 404
    assert client.get(f"{path}/reports/{made}").content.startswith(b"%PDF")
    assert client.get(f"{path}/reports/{elsewhere}").status_code == 404
    # The token opens none of the owner's own routes, and changes nothing
    for mine in (f"/proposals/{proposal['id']}", f"/predictions/{inside}", f"/predictions/{inside}/partials"):
        assert client.get(mine).status_code == 404
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        assert client.request(method, path, json={"name": "mine"}).status_code in (404, 405)
        assert client.request(method, f"{path}/structures/{structure['id']}").status_code in (404, 405)
    assert client.delete(f"{path}/reports/{made}").status_code in (404, 405)
    app.dependency_overrides.clear()
    assert client.delete(f"/proposals/{proposal['id']}/share").status_code == 204
    for gone in (path, f"{path}/reports/{made}"):
        assert client.get(gone).status_code == 404
    assert draw(inside) == 404
    assert client.post(f"/proposals/{proposal['id']}/share").json()["token"] != shared["token"]


def test_a_wrong_token_opens_nothing(client: Client) -> None:
    proposal = make(client)
    token = client.post(f"/proposals/{proposal['id']}/share").json()["token"]
    wrong = "A" if token[-1] != "A" else "B"
    for other in (token[:-1] + wrong, token[:-1], token + "A", token[:32], "x", "%F0%9F%94%91" * 40, NOWHERE):
        assert client.get(f"/shared/{other}").status_code == 404, other
    # A proposal that nobody shares has no secret that an empty one could equal
    assert client.get(f"/shared/{uuid.UUID(make(client)['id']).hex}").status_code == 404


def test_the_link_is_not_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    token = client.post(f"/proposals/{make(client)['id']}/share").json()["token"]
    with caplog.at_level(logging.INFO, "beamcast.access"):
        client.get(f"/shared/{token}")
    assert "/api/v1/shared/…" in caplog.text
    assert token not in caplog.text


def test_a_prediction_that_is_not_ready_is_told_so(client: Client, structure: dict[str, Any]) -> None:
    proposal, waiting = make(client), ask(client, structure)["id"]
    put(client, proposal, "predictions", waiting)
    path = client.post(f"/proposals/{proposal['id']}/share").json()["path"]
    assert client.get(path).json()["predictions"][0]["status"] == "queued"
    assert client.post(f"{path}/figures", json={"views": [{"prediction_id": waiting}]}).status_code == 409


def test_a_report_is_made_of_what_is_in_the_proposal_and_kept(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    proposal = make(client, settings=[{"instrument": "TOSCA"}], notes="Why: because.")
    path = f"/proposals/{proposal['id']}/reports"
    assert client.post(path, json={}).status_code == 409
    prediction = succeeded(client, settings, structure)
    put(client, proposal, "predictions", prediction)
    wrong = client.post(path, json={"prediction_id": NOWHERE})
    assert wrong.json()["errors"][0]["loc"] == "prediction_id"
    key = {"Idempotency-Key": "one"}
    made = client.post(path, json={"title": "Two\npages", "proposer": "Me"}, headers=key)
    assert made.status_code == 201, made.text
    assert client.post(path, json={"title": "Two\npages", "proposer": "Me"}, headers=key).json() == made.json()
    assert made.json()["title"] == "Two pages"
    assert again(client, proposal)["reports"] == [made.json()]
    assert client.get(f"{path}/{made.json()['id']}").content.startswith(b"%PDF")
    page = client.get(f"{path}/{made.json()['id']}?format=html").text
    assert "Two pages" in page
    assert "TOSCA" in page
