"""Two users of one server: every route of the OpenAPI document, asked by nobody, by the owner and by another user."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any, Final

import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from sqlalchemy import JSON, Column
from sqlmodel import SQLModel

from backend import all_tables
from backend.kit.db import database
from backend.kit.db.columns import NoticeColumn, NoticesColumn, UTCDateTime, utc_now
from backend.kit.settings import Settings
from tests.backend.signing_in import Browser, app_with_accounts, with_accounts

assert all_tables

OPENAPI: Final = Path(__file__).resolve().parents[2] / "docs/openapi.json"
ROUTES: Final = [
    (method.upper(), path, operation)
    for path, operations in json.loads(OPENAPI.read_text("utf-8"))["paths"].items()
    for method, operation in operations.items()
    if method in ("get", "head", "post", "put", "patch", "delete", "options")
]
FOR_EVERYBODY: Final = ("/api/v1/health", "/api/v1/shared/", "/metrics")
ID: Final = uuid.UUID("a11ce000-0000-4000-8000-00000000a11c")
"""Of a row in each table."""
NOT_IDS: Final = {"q_index": "0", "branch": "0", "kind": "structures"}
OF_OWNER: Final = re.compile(r"/\{(?!name|token)[a-z]+(_[a-z]+)*_id\}|/modes/")
LISTS: Final = frozenset(
    f"/api/v1/{name}"
    for name in (
        "calibrations",
        "datasets",
        "label-sets",
        "models",
        "potentials",
        "predictions",
        "proposals",
        "sources",
        "structures",
        "tokens",
        "trainings",
        "uploads",
    )
)


@pytest.fixture
def accounts(settings: Settings) -> Settings:
    return with_accounts(settings, "https://issuer.test")


@pytest.fixture
def server(accounts: Settings, warm_app: FastAPI) -> FastAPI:
    return app_with_accounts(accounts, warm_app)


@pytest.fixture
def ann(portal: BlockingPortal, server: FastAPI, accounts: Settings) -> Browser:
    """A user with a row in each table that has an owner."""
    ann = Browser(portal, server)
    own(accounts, ann.hold_session(accounts, "ann"))
    return ann


@pytest.fixture
def bob(portal: BlockingPortal, server: FastAPI, accounts: Settings) -> Browser:
    bob = Browser(portal, server)
    bob.hold_session(accounts, "bob")
    return bob


def own(settings: Settings, owner: str) -> None:
    """Give an owner a row in each table; all have the same id, so that references are right."""
    with database.transaction(settings) as session:
        for table in SQLModel.metadata.sorted_tables:
            if "owner" in table.columns:
                values = {column.name: _value(column) for column in table.columns}
                session.connection().execute(table.insert().values({**values, "owner": owner}))


def _value(column: Column[Any]) -> Any:
    if column.nullable or isinstance(column.type, NoticeColumn):
        return None
    if isinstance(column.type, UTCDateTime):
        return utc_now()
    if column.primary_key or column.foreign_keys:
        return ID
    if isinstance(column.type, JSON | NoticesColumn):
        return []
    # SQLModel wraps texts in a type of its own
    kind = getattr(column.type, "impl_instance", column.type).python_type
    return ID if kind is uuid.UUID else kind()


def address(path: str) -> str:
    """Fill in the parameters of an address."""
    return re.sub(r"\{(\w+)\}", lambda found: NOT_IDS.get(found[1], str(ID)), path)


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in ROUTES], ids=str)
def test_nobody_gets_nothing(portal: BlockingPortal, server: FastAPI, method: str, path: str) -> None:
    answer = Browser(portal, server).request(method, address(path))
    if path.startswith(FOR_EVERYBODY):
        assert answer.status_code != 401
    else:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="Beamcast"'
        assert method == "HEAD" or answer.json()["code"] == "not_signed_in"


@pytest.mark.parametrize(
    "path", ["/", "/operations", "/docs", "/openapi.json", "/static", "/sharedx", "//static/", "/x"]
)
def test_pages_lead_nobody_to_the_sign_in(portal: BlockingPortal, server: FastAPI, path: str) -> None:
    answer = Browser(portal, server).get(f"http://127.0.0.1:8000{path}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=%2F")


def test_lists_show_the_owner_only(ann: Browser, bob: Browser) -> None:
    for method, path, operation in ROUTES:
        required = [one for one in operation.get("parameters", ()) if one.get("required")]
        if method != "GET" or "{" in path or required:
            continue
        assert str(ID) not in bob.get(path).text, path
        if path in LISTS:
            answer = ann.get(path)
            # A row of which only the owner is right may be impossible to show
            assert answer.status_code == 500 or str(ID) in answer.text, path


def test_single_rows_are_found_by_the_owner_only(ann: Browser, bob: Browser) -> None:
    found = []
    for method, path, _ in ROUTES:
        if method != "GET" or not OF_OWNER.search(path) or path.startswith("/api/v1/shared/"):
            continue
        theirs = bob.get(address(path))
        assert theirs.status_code == 404, path
        assert theirs.json()["code"] in ("not_found", "not_own"), path
        # A stream of events does not end
        if not path.endswith("/events") and ann.get(address(path)).status_code != 404:
            found.append(path)
    alone = [path for path in found if path.endswith("_id}")]
    assert {path.split("/")[3] for path in alone} >= {
        "datasets",
        "label-sets",
        "models",
        "potentials",
        "predictions",
        "proposals",
        "sources",
        "structures",
        "trainings",
    }


def test_only_the_owner_deletes(ann: Browser, bob: Browser) -> None:
    own_page = {"headers": {"Sec-Fetch-Site": "same-origin", "Tus-Resumable": "1.0.0"}}
    paths = [path for method, path, _ in ROUTES if method == "DELETE" and OF_OWNER.search(path)]
    assert len(paths) > 8
    for path in paths:
        assert bob.request("DELETE", address(path), **own_page).status_code == 404, path
    assert ann.request("DELETE", f"/api/v1/tokens/{ID}", **own_page).status_code == 204
