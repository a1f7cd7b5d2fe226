"""Predictions from the phonons or trajectories of other programs."""

from __future__ import annotations

import io
import json
import urllib.error
import zipfile
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from backend.reports import rerun
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


def run_bundle_again(
    client: Client, prediction: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, str], list[tuple[str, str, int]]]:
    """Request the prediction of a bundle by the script in it; old id → new id, and method, path, status of requests.

    A request whose answer has the status 0 has arrived, but its answer is lost.
    """
    bundle = client.post(
        "/reports/bundle", json={"prediction_id": prediction["id"], "views": [{"instrument": "TOSCA"}]}
    )
    assert bundle.status_code == 200, bundle.text
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        archive.extractall(folder)
    sent = list[tuple[str, str, int]]()

    def exchange(
        _: str, path: str, content: bytes | None, headers: dict[str, str], method: str
    ) -> tuple[Mapping[str, str], bytes]:
        if method == "GET":
            # Whatever is waited for
            work()
        response = client.request(method, path, content=content, headers=headers)
        # The first part is written, and its answer lost
        is_lost = method == "PATCH" and not any(one == "PATCH" for one, *_ in sent)
        sent.append((method, path, 0 if is_lost else response.status_code))
        if is_lost:
            raise ConnectionResetError
        if response.is_error:
            raise urllib.error.HTTPError(path, response.status_code, "", Message(), io.BytesIO(response.content))
        return response.headers, response.content

    monkeypatch.setattr(rerun, "exchange", exchange)
    monkeypatch.setattr(rerun, "FOLDER", folder)
    return rerun.request_predictions("", json.loads((folder / "requests.json").read_text())), sent
