"""Proposals for tests, made and filled over the API."""

from __future__ import annotations

import uuid
from typing import Any

from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.proposals import service

from .conftest import Client

CSV = b"energy (meV),intensity,error\n" + b"".join(b"%d,%d,0.5\n" % (i, 3 + i % 7) for i in range(1, 90))
NOWHERE = "0f0e0d0c-0b0a-4908-8706-050403020100"


def make(client: Client, **body: Any) -> dict[str, Any]:
    response = client.post("/proposals", json={"name": "Beam time", **body})
    assert response.status_code == 201, response.text
    return dict(response.json())


def patch(client: Client, proposal: dict[str, Any], **body: Any) -> Any:
    return client.request("PATCH", f"/proposals/{proposal['id']}", json=body)


def put(client: Client, proposal: dict[str, Any], kind: str, item_id: str) -> Any:
    return client.request("PUT", f"/proposals/{proposal['id']}/{kind}/{item_id}")


def again(client: Client, proposal: dict[str, Any]) -> dict[str, Any]:
    return dict(client.get(f"/proposals/{proposal['id']}").json())


def upload(client: Client, **form: Any) -> str:
    response = client.post("/datasets", files={"file": ("run.csv", CSV)}, data=form)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def report(settings: Settings, proposal: dict[str, Any], title: str = "Report") -> str:
    """A report, as the reports' service hands it over."""
    with database.transaction(settings) as session:
        scope = Scope(session, LOCAL_USER)
        row = service.get(scope, uuid.UUID(proposal["id"]))
        kept = service.keep_report(scope, row, title, {"pdf": b"%PDF-1.7 and more", "html": b"<p>both"})
        return str(kept.id)
