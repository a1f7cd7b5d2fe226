"""The data folder of version 2cfd2fe after an upgrade: nothing is lost, and the work goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.golden.opening import Server, opened, take_back_and_claim, unpack
from tests.golden.queries import DATASETS, PATHS, POWDERS, UNFINISHED

STATES = {
    "failed": "failed",
    "died": "failed",
    "cancelled": "cancelled",
    "replicas-in-flight": "running",
    "preparing": "running",
    "path-in-flight": "running",
    "cancel-requested": "running",
    "prepared": "running",
    "disk-full": "queued",
    "waiting-for-engine": "queued",
    "queued": "queued",
    "queued-gpumd": "queued",
    "queued-trpmd": "queued",
}
"""Of each row that is not done, as 2cfd2fe left it."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The server on the old data folder."""
    with opened(unpack(tmp_path)) as running:
        yield running


def listed(server: Server, what: str) -> dict[str, dict[str, Any]]:
    answer = server.request("GET", f"{what}?limit=100").json()
    assert answer["total"] == len(answer["items"])
    return {item["id"]: item for item in answer["items"]}


def test_every_row_is_listed_and_shown(server: Server) -> None:
    predictions = listed(server, "predictions")
    expected = dict.fromkeys((*POWDERS, *PATHS), "succeeded") | STATES
    assert set(STATES) == set(UNFINISHED)
    assert {name: predictions[server.ids[name]]["status"] for name in expected} == expected
    assert len(predictions) == len(expected)
    assert {server.ids[name] for name in DATASETS} == set(listed(server, "datasets"))
    assert server.ids["potential"] in listed(server, "models")
    for what in ("predictions", "structures", "datasets", "models", "proposals"):
        for item_id in listed(server, what):
            response = server.request("GET", f"{what}/{item_id}")
            assert response.status_code == 200, response.text
    for name in expected:
        assert server.request("GET", f"predictions/{server.ids[name]}/jobs").status_code == 200


def test_why_a_row_fails_or_waits_is_still_said(server: Server) -> None:
    for name in ("failed", "died"):
        assert server.request("GET", f"predictions/{server.ids[name]}").json()["error"]
    for name in ("disk-full", "waiting-for-engine"):
        assert server.request("GET", f"predictions/{server.ids[name]}").json()["stage"]
    assert server.request("GET", f"predictions/{server.ids['aluminium-trpmd']}").json()["warnings"]


def test_files_come_back_as_they_were_uploaded(server: Server) -> None:
    for name in ("silicon", "strontium-titanate"):
        for fmt in ("original", "cif"):
            response = server.request("GET", f"structures/{server.ids[name]}/file?format={fmt}")
            assert response.status_code == 200
            assert response.content
    for name in DATASETS:
        assert server.request("GET", f"datasets/{server.ids[name]}/file").content
    report = f"proposals/{server.ids['proposal']}/reports/{server.ids['report']}"
    assert server.request("GET", report).content.startswith(b"%PDF")
    for name in (*POWDERS, *PATHS):
        content = server.request("GET", f"predictions/{server.ids[name]}/partials").content
        assert content.startswith(b"\x89HDF")


def test_jobs_in_flight_are_taken_back_and_all_can_be_claimed(server: Server) -> None:
    taken_back, claimed = take_back_and_claim()
    assert taken_back == 4
    names = {prediction_id: name for name, prediction_id in server.ids.items()}
    assert sorted((names[str(lease.prediction_id)], lease.kind, lease.number) for lease in claimed) == [
        ("disk-full", "whole", 0),
        ("path-in-flight", "whole", 0),
        ("prepared", "replica", 0),
        ("prepared", "replica", 1),
        ("preparing", "prepare", 0),
        ("queued", "whole", 0),
        ("queued-gpumd", "prepare", 0),
        ("queued-trpmd", "prepare", 0),
        ("replicas-in-flight", "replica", 1),
        ("waiting-for-engine", "whole", 0),
    ]
    # What was asked to be cancelled is, once nobody works on it
    assert server.request("GET", f"predictions/{server.ids['cancel-requested']}").json()["status"] == "cancelled"


def test_predictions_can_be_cancelled_deleted_and_asked_for_again(server: Server) -> None:
    for name in ("queued", "replicas-in-flight", "waiting-for-engine"):
        assert server.request("POST", f"predictions/{server.ids[name]}/cancel").status_code == 200
    assert server.request("DELETE", f"predictions/{server.ids['died']}").status_code == 204
    old = server.request("GET", f"predictions/{server.ids['aluminium-md']}").json()
    wanted = ("structure_id", "method", "sampling", "quality", "temperature_k", "instruments", "options", "model")
    response = server.request("POST", "predictions", json={name: old[name] for name in wanted})
    assert response.status_code == 202, response.text
    assert json.loads(response.text)["options"] == old["options"]
