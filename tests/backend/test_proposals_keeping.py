"""Deletion of what proposals use: refused, kept for them, or removed from them too."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from backend.kit.db.owners import current_owner
from backend.kit.settings import Settings

from .conftest import Client
from .predicting import ask, succeeded
from .proposing import again, make, put, upload

KEEP, REMOVE = {"in_proposals": "keep"}, {"in_proposals": "remove"}
ALL = {"with_predictions": True}


def listed(client: Client, kind: str) -> list[str]:
    answer = client.get(f"/{kind}").json()
    assert answer["total"] == len(answer["items"])
    return [one["id"] for one in answer["items"]]


def delete(client: Client, path: str, **params: Any) -> int:
    return client.delete(path, params=params).status_code


@pytest.fixture
def items(client: Client, settings: Settings, structure: dict[str, Any]) -> dict[str, str]:
    """Kind → id of one item: a structure, a prediction of it, and a dataset."""
    return {
        "structures": structure["id"],
        "predictions": succeeded(client, settings, structure),
        "datasets": upload(client),
    }


def folders(settings: Settings, items: dict[str, str]) -> dict[str, Path]:
    return {
        "structures": settings.structure_dir(uuid.UUID(items["structures"])),
        "predictions": settings.prediction_dir(items["predictions"]),
        "datasets": settings.dataset_dir(uuid.UUID(items["datasets"])),
    }


@pytest.mark.parametrize("kind", ["predictions", "datasets"])
def test_the_refusal_names_the_proposals_and_nothing_is_lost(client: Client, items: dict[str, str], kind: str) -> None:
    first, second = make(client, name="B"), make(client, name="A")
    make(client, name="without it")
    for one in (first, second):
        put(client, one, kind, items[kind])
    refused = client.delete(f"/{kind}/{items[kind]}")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["code"] == "used_by_proposals"
    assert problem["params"] == {
        "kind": kind.removesuffix("s"),
        "proposals": [{"id": second["id"], "name": "A"}, {"id": first["id"], "name": "B"}],
    }
    assert "“A” and “B”" in problem["detail"]
    assert listed(client, kind) == [items[kind]]
    assert client.get(f"/{kind}/{items[kind]}").json()["hidden_at"] is None


@pytest.mark.parametrize("kind", ["predictions", "datasets"])
def test_kept_for_proposals_until_the_last_lets_it_go(
    client: Client, settings: Settings, items: dict[str, str], kind: str
) -> None:
    path, folder = f"/{kind}/{items[kind]}", folders(settings, items)[kind]
    first, second = make(client), make(client)
    for one in (first, second):
        put(client, one, kind, items[kind])
    for _ in range(2):
        assert delete(client, path, **KEEP) == 204
    assert listed(client, kind) == []
    assert client.get(f"/{kind}", params={"structure_id": items["structures"]}).json()["total"] == 0
    assert client.get(path).json()["hidden_at"] is not None
    assert delete(client, path) == 409
    name = f"{kind.removesuffix('s')}_ids"
    copy = client.post(f"/proposals/{first['id']}/duplicate").json()
    assert [again(client, one)[name] for one in (first, second, copy)] == [[items[kind]]] * 3
    assert delete(client, f"/proposals/{first['id']}/{kind}/{items[kind]}") == 200
    assert delete(client, f"/proposals/{second['id']}") == 204
    assert client.get(path).status_code == 200
    assert delete(client, f"/proposals/{copy['id']}/{kind}/{items[kind]}") == 200
    assert client.get(path).status_code == 404
    assert not folder.exists()


@pytest.mark.parametrize("kind", ["predictions", "datasets"])
@pytest.mark.parametrize("hidden", [False, True])
def test_removed_from_all_proposals(
    client: Client, settings: Settings, items: dict[str, str], kind: str, hidden: bool
) -> None:
    proposal = make(client)
    put(client, proposal, kind, items[kind])
    if hidden:
        assert delete(client, f"/{kind}/{items[kind]}", **KEEP) == 204
    assert delete(client, f"/{kind}/{items[kind]}", **REMOVE) == 204
    assert client.get(f"/{kind}/{items[kind]}").status_code == 404
    assert again(client, proposal)[f"{kind.removesuffix('s')}_ids"] == []
    assert not folders(settings, items)[kind].exists()
    # A structure that proposals use stays as it was
    assert listed(client, "structures") == [items["structures"]]


@pytest.mark.parametrize("choice", [{}, KEEP, REMOVE])
def test_what_no_proposal_uses_is_deleted_whatever_the_choice(
    client: Client, items: dict[str, str], choice: dict[str, str]
) -> None:
    make(client)
    for kind in ("predictions", "datasets", "structures"):
        assert delete(client, f"/{kind}/{items[kind]}", **choice) == 204
        assert client.get(f"/{kind}/{items[kind]}").status_code == 404


def test_an_unknown_choice_is_refused(client: Client, items: dict[str, str]) -> None:
    for kind, item in items.items():
        wrong = client.delete(f"/{kind}/{item}", params={"in_proposals": "hide"})
        assert [one["loc"] for one in wrong.json()["errors"]] == ["query.in_proposals"]
        assert wrong.status_code == 422


def test_a_structure_is_kept_with_the_predictions_that_are_used(
    client: Client, settings: Settings, structure: dict[str, Any], items: dict[str, str]
) -> None:
    used, unused = items["predictions"], succeeded(client, settings, structure, temperature_k=200)
    path, proposal = f"/structures/{structure['id']}", make(client)
    put(client, proposal, "predictions", used)
    # Its predictions in the lists come first, then the proposals
    for choice in ({}, KEEP, REMOVE):
        assert client.delete(path, params=choice).json()["code"] == "structure_has_predictions"
    assert client.delete(path, params=ALL).json()["code"] == "used_by_proposals"
    assert delete(client, path, **ALL, **KEEP) == 204
    assert listed(client, "structures") == listed(client, "predictions") == []
    assert [client.get(f"/predictions/{one}").status_code for one in (used, unused)] == [200, 404]
    assert client.get(path).json()["hidden_at"] is not None
    assert again(client, proposal)["prediction_ids"] == [used]
    # The structure goes with its last prediction, and not before
    assert delete(client, f"/proposals/{proposal['id']}{path}") == 200
    assert client.get(path).status_code == 200
    assert delete(client, f"/proposals/{proposal['id']}/predictions/{used}") == 200
    assert [client.get(one).status_code for one in (path, f"/predictions/{used}")] == [404, 404]
    assert not any(folders(settings, items)[kind].exists() for kind in ("structures", "predictions"))


def test_a_structure_that_only_a_prediction_in_a_proposal_needs(
    client: Client, structure: dict[str, Any], items: dict[str, str]
) -> None:
    proposal, path = make(client), f"/structures/{structure['id']}"
    put(client, proposal, "predictions", items["predictions"])
    assert delete(client, f"/proposals/{proposal['id']}{path}") == 200
    assert delete(client, f"/predictions/{items['predictions']}", **KEEP) == 204
    # No forecast of it is in the lists, but the proposal has one
    assert client.delete(path).json()["params"]["proposals"] == [{"id": proposal["id"], "name": "Beam time"}]
    assert delete(client, path, **KEEP) == 204
    assert client.get(f"/predictions/{items['predictions']}").status_code == 200
    assert delete(client, f"/proposals/{proposal['id']}") == 204
    for one in (path, f"/predictions/{items['predictions']}"):
        assert client.get(one).status_code == 404


def test_a_structure_is_removed_with_everything(
    client: Client, settings: Settings, structure: dict[str, Any], items: dict[str, str]
) -> None:
    proposal = make(client, plan={"prediction_id": items["predictions"]})
    assert delete(client, f"/structures/{structure['id']}", **ALL, **REMOVE) == 204
    left = again(client, proposal)
    assert left["structure_ids"] == left["prediction_ids"] == []
    assert not any(folders(settings, items)[kind].exists() for kind in ("structures", "predictions"))


def test_a_hidden_structure_stays_for_a_new_prediction_and_goes_with_it(
    client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    proposal, path = make(client), f"/structures/{structure['id']}"
    put(client, proposal, "structures", structure["id"])
    assert delete(client, path, **KEEP) == 204
    new = ask(client, structure)["id"]
    assert delete(client, f"/proposals/{proposal['id']}") == 204
    assert client.get(path).status_code == 200
    assert listed(client, "predictions") == [new]
    assert delete(client, f"/predictions/{new}") == 204
    assert client.get(path).status_code == 404
    assert not settings.structure_dir(uuid.UUID(structure["id"])).exists()


def test_a_kept_forecast_is_drawn_and_exported(client: Client, items: dict[str, str]) -> None:
    proposal = make(client)
    for kind in ("predictions", "datasets"):
        put(client, proposal, kind, items[kind])
    for kind in ("datasets", "predictions", "structures"):
        assert delete(client, f"/{kind}/{items[kind]}", **KEEP) == 204
    path = client.post(f"/proposals/{proposal['id']}/share").json()["path"]
    shared = client.get(path).json()
    for kind, item in items.items():
        assert [one["id"] for one in shared[kind]] == [item]
    views = [{"prediction_id": items["predictions"], "instrument": "TOSCA"}]
    drawn = {"views": views, "dataset_ids": [items["datasets"]]}
    assert client.post(f"{path}/figures", json=drawn).status_code == 200
    assert client.get(f"/proposals/{proposal['id']}/export").content.startswith(b"PK")


def test_nobody_else_deletes_or_sees_the_names_of_proposals(
    app: FastAPI, client: Client, items: dict[str, str]
) -> None:
    proposal = make(client)
    for kind, item in items.items():
        put(client, proposal, kind, item)
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    for kind, item in items.items():
        for choice in ({}, KEEP, REMOVE):
            assert delete(client, f"/{kind}/{item}", **choice) == 404
    app.dependency_overrides.clear()
    assert all(client.get(f"/{kind}/{item}").status_code == 200 for kind, item in items.items())
