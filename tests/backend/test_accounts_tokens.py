"""Personal access tokens over HTTP: made, used, refused, revoked."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from backend.accounts import service
from backend.accounts.tables import AccessToken
from backend.kit.db import database
from backend.kit.db.columns import utc_now
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from tests.backend.conftest import Client

SECRET_BITS = 192


def make(client: Client, *scopes: str, days: int = 30) -> dict[str, Any]:
    response = client.post("/tokens", json={"name": "notebook", "scopes": list(scopes), "expires_in_days": days})
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    return body


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_local_user(client: Client) -> None:
    assert client.get("/me").json() == {
        "id": LOCAL_USER,
        "name": None,
        "roles": ["user", "operator"],
        "auth": "none",
        "token_scopes": None,
    }


def test_the_secret_is_shown_once_and_not_stored(client: Client, settings: Settings) -> None:
    made = make(client, "predict", "read", "read")
    token = made.pop("token")
    assert made["scopes"] == ["read", "predict"]
    assert client.get("/tokens").json() == {"items": [made], "total": 1}
    prefix, token_id, secret = token.split("_", 2)
    assert (prefix, token_id) == ("bc", uuid.UUID(made["id"]).hex)
    assert len(secret) * 6 >= SECRET_BITS
    with database.transaction(settings, reading=True) as session:
        stored = session.exec(select(AccessToken)).one()
    assert secret not in str(stored.model_dump())
    assert token != make(client, "read")["token"]


def test_a_token_does_what_its_scopes_say(client: Client) -> None:
    token = make(client, "read")["token"]
    assert client.get("/me", headers=bearer(token)).json()["token_scopes"] == ["read"]
    assert client.get("/structures", headers=bearer(token)).status_code == 200
    for method, path, scope in (
        ("POST", "/examples/silicon", "predict"),
        ("POST", "/proposals", "propose"),
        ("GET", "/operations", "operate"),
    ):
        refused = client.request(method, path, headers=bearer(token), json={"name": "Phonons"})
        assert (refused.status_code, refused.json()["code"]) == (403, "token_lacks_scope"), path
        assert refused.json()["params"] == {"scope": scope}
    assert client.get("/structures").json()["total"] == 0
    assert client.get("/operations", headers=bearer(make(client, "operate")["token"])).status_code == 200
    proposing = bearer(make(client, "propose")["token"])
    assert client.post("/proposals", headers=proposing, json={"name": "Phonons"}).status_code == 201
    assert client.get("/proposals", headers=proposing).status_code == 403


def test_no_token_makes_shows_or_revokes_tokens(client: Client) -> None:
    made = make(client, "read", "predict", "propose", "operate")
    headers = bearer(made["token"])
    body = {"name": "more", "scopes": ["read"], "expires_in_days": 1}
    answers = [
        client.get("/tokens", headers=headers),
        client.post("/tokens", headers=headers, json=body),
        client.delete(f"/tokens/{made['id']}", headers=headers),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(403, "not_by_token")] * 3
    assert client.get("/tokens").json()["total"] == 1


def test_a_revoked_token_is_refused(client: Client) -> None:
    made = make(client, "read")
    assert client.delete(f"/tokens/{made['id']}").status_code == 204
    refused = client.get("/structures", headers=bearer(made["token"]))
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
    assert client.delete(f"/tokens/{made['id']}").status_code == 404


def test_an_expired_token_is_refused(client: Client, settings: Settings) -> None:
    token = make(client, "read")["token"]
    with database.transaction(settings) as session:
        session.exec(select(AccessToken)).one().expires_at = utc_now()
    refused = client.get("/structures", headers=bearer(token))
    assert (refused.status_code, refused.json()["code"]) == (401, "expired_token")
    assert refused.headers["www-authenticate"].startswith("Bearer ")


def altered(token: str) -> list[str]:
    prefix, token_id, secret = token.split("_", 2)
    other = "A" if secret[0] != "A" else "B"
    return [
        f"{prefix}_{token_id}_{other}{secret[1:]}",
        f"{prefix}_{uuid.uuid4().hex}_{secret}",
        f"{prefix}_{token_id}_{secret}A",
        f"{prefix}_{token_id}_",
        f"xx_{token_id}_{secret}",
        "",
        "bc",
        "bc_ü",
        token.upper(),
    ]


def test_an_altered_token_is_refused(client: Client) -> None:
    for wrong in altered(make(client, "read")["token"]):
        headers = {"Authorization": f"Bearer {wrong}".encode()}
        refused = client.request("GET", "/structures", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token"), wrong


def test_the_scheme_has_no_case_and_others_are_left_alone(client: Client) -> None:
    token = make(client, "predict")["token"]
    assert client.get("/structures", headers={"Authorization": f"bEaReR {token}"}).status_code == 403
    assert client.get("/structures", headers={"Authorization": "Basic dXNlcjpwdw=="}).status_code == 200


def test_last_use_is_recorded_at_most_once_a_minute(client: Client, settings: Settings) -> None:
    token = make(client, "read")["token"]

    def last_use() -> Any:
        client.get("/me", headers=bearer(token))
        return client.get("/tokens").json()["items"][0]["last_used_at"]

    first = last_use()
    assert first is not None
    assert last_use() == first
    with database.transaction(settings) as session:
        row = session.exec(select(AccessToken)).one()
        row.last_used_at = utc_now() - service.USE_RECORDED_EVERY
    assert last_use() > first


def test_a_token_sees_the_rows_of_its_owner_only(client: Client, settings: Settings) -> None:
    assert client.post("/examples/silicon").status_code == 201
    with database.transaction(settings) as session:
        _, token = service.create(Scope(session, str(uuid.uuid4())), "theirs", ["read", "operate"], timedelta(days=1))
    theirs = bearer(token)
    assert client.get("/structures", headers=theirs).json()["total"] == 0
    assert client.get("/me", headers=theirs).json()["roles"] == ["user"]
    refused = client.get("/operations", headers=theirs)
    assert (refused.status_code, refused.json()["code"]) == (403, "operators_only")
    assert client.get("/tokens").json()["total"] == 0


def test_another_owner_cannot_revoke_a_token(client: Client, settings: Settings) -> None:
    with database.transaction(settings) as session:
        row, token = service.create(Scope(session, str(uuid.uuid4())), "theirs", ["read"], timedelta(days=1))
    assert client.delete(f"/tokens/{row.id}").status_code == 404
    assert client.get("/me", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"expires_in_days": None}, "expires_in_days"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 10_000}, "expires_in_days"),
        ({"name": "  "}, "name"),
    ],
)
def test_wrong_fields_are_named(client: Client, change: dict[str, Any], loc: str) -> None:
    body = {"name": "notebook", "scopes": ["read"], "expires_in_days": 1, **change}
    refused = client.post("/tokens", json=body)
    assert refused.status_code == 422
    assert [error["loc"] for error in refused.json()["errors"]] == [loc]


def test_tokens_are_limited_in_number(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_TOKENS", 1)
    make(client, "read")
    refused = client.post("/tokens", json={"name": "more", "scopes": ["read"], "expires_in_days": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_tokens")


def test_a_name_keeps_its_printable_characters(client: Client) -> None:
    answers = [
        client.post("/tokens", json={"name": name, "scopes": ["read"], "expires_in_days": 1})
        for name in (" two\nlines\u0000 ", "\u0000\n")
    ]
    assert [one.status_code for one in answers] == [201, 422]
    assert answers[0].json()["name"] == "two lines"


def test_a_name_that_is_no_text_is_refused(client: Client) -> None:
    body = '{"name": "\\ud800", "scopes": ["read"], "expires_in_days": 1}'
    refused = client.post("/tokens", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
