"""Label sets over HTTP: uploads in a confined process, files, lists, deletion; nothing stays of what is refused."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from backend.kit.settings import Settings
from backend.label_sets import extxyz

from .conftest import Client
from .label_files import changed, copper, scaled, shifted, text_of


def post(client: Client, content: bytes, **fields: str):  # type: ignore[no-untyped-def]
    return client.post("/label-sets", files={"file": ("cu_emt.xyz", content)}, data=fields)


def stored(settings: Settings) -> list[Path]:
    folder = settings.data_dir / "label_sets"
    return list(folder.iterdir()) if folder.exists() else []


def test_an_upload_is_listed_downloaded_and_deleted(client: Client, settings: Settings) -> None:
    labels, _ = copper()
    answer = post(client, text_of(labels), name=" Copper,\n EMT ", level_of_theory="EMT")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["name"], body["level_of_theory"], body["file_name"]) == ("Copper, EMT", "EMT", "cu_emt.xyz")
    assert (body["n_structures"], body["n_atoms"], body["elements"]) == (12, 48, ["Cu"])
    assert (body["has_stress"], body["energy_unit"]) == (True, "eV")
    # Tests have no NEP89 beside which labels could be checked
    assert [notice["code"] for notice in body["notices"]] == ["labels_not_compared"]
    assert client.get("/label-sets").json() == {"items": [body], "total": 1}
    assert client.get(f"/label-sets/{body['id']}").json() == body
    file = client.get(f"/label-sets/{body['id']}/file")
    assert "attachment" in file.headers["content-disposition"]
    assert [label.energy for label in extxyz.read(file.text)] == [label.energy for label in labels]
    assert client.delete(f"/label-sets/{body['id']}").status_code == 204
    assert client.get(f"/label-sets/{body['id']}").status_code == 404
    assert stored(settings) == []


def test_a_repeated_upload_with_a_key_is_one_set(client: Client) -> None:
    content = text_of(copper(6)[0])
    answers = [
        client.post("/label-sets", files={"file": ("a.xyz", content)}, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert client.get("/label-sets").json()["total"] == 1


def test_a_stated_level_and_stresses_of_some_frames(client: Client) -> None:
    text = text_of(copper(6)[0]).decode().replace("energy=", "functional=PBE energy=")
    head, _, tail = text.rpartition("stress=")
    body = post(client, (head + "old=" + tail).encode()).json()
    assert body["level_of_theory"] == "functional PBE"
    assert body["has_stress"] is False
    assert "labels_stress_partly" in [notice["code"] for notice in body["notices"]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not a file of labels", "label_incomplete"),
        (b"\n", "labels_missing"),
        (text_of(changed(copper(6)[0], scaled(forces=1000))), "label_force_too_large"),
        (text_of(changed(copper(6)[0], scaled(stress=1602))), "label_unit"),
        (text_of(copper(6)[0]).replace(b"energy=", b"xc=LDA energy=", 1), "label_levels_differ"),
    ],
)
def test_a_refused_set_leaves_nothing(client: Client, settings: Settings, content: bytes, code: str) -> None:
    answer = post(client, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["loc"] == "file"
    assert stored(settings) == []
    assert client.get("/label-sets").json()["total"] == 0


def test_a_lost_file_and_an_unknown_set(client: Client, settings: Settings) -> None:
    made = post(client, text_of(changed(copper(6)[0], shifted(1.0)))).json()
    next((settings.data_dir / "label_sets").glob("*/labels.xyz")).unlink()
    lost = client.get(f"/label-sets/{made['id']}/file")
    assert (lost.status_code, lost.json()["code"]) == (410, "label_set_file_lost")
    assert client.get(f"/label-sets/{uuid.uuid4()}").status_code == 404
