"""Predictions from the phonons or trajectories of other programs."""

from __future__ import annotations

from typing import Any

from tests.backend.conftest import Client

from .test_tasks import work


def ask(client: Client, source: dict[str, Any], defaults: dict[str, Any], status: int, **body: Any) -> dict[str, Any]:
    """Ask for a prediction from a source; the answer, which has to have a status."""
    asked = {"source_id": source["id"], "instruments": ["TOSCA"], **defaults, **body}
    response = client.post("/predictions", json=asked)
    assert response.status_code == status, response.text
    return dict(response.json())


def succeeded(client: Client, prediction: dict[str, Any]) -> dict[str, Any]:
    """Run the one job of a prediction; the prediction once it has succeeded."""
    assert work() == 1
    row = dict(client.get(f"/predictions/{prediction['id']}").json())
    assert row["status"] == "succeeded", row["error"]
    return row
