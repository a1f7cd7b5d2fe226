"""Links to proposals that expire, and everything that a page of a shared proposal needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from backend import wording
from backend.kit.db import database
from backend.kit.db.owners import current_owner
from backend.kit.settings import Settings
from backend.observing.layouts import PATH
from backend.proposals import sharing
from scattering.core.notices import Notice

from .conftest import Client
from .predicting import ask, finish, succeeded
from .proposing import NOWHERE, again, make, put, report
from .test_crystal import crystal_partials
from .test_migration_notices import revise

START = datetime(2026, 5, 3, 12, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self, _: object) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(sharing, "clock", made)
    return made


def share(client: Client, proposal: dict[str, Any], **body: Any) -> dict[str, Any]:
    response = client.post(f"/proposals/{proposal['id']}/share", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_link_opens_until_its_end(client: Client, settings: Settings, clock: Clock) -> None:
    proposal = make(client)
    made = report(settings, proposal)
    link = share(client, proposal, days=2)
    end = START + timedelta(days=2)
    assert moment(link["expires_at"]) == end
    assert link["expired"] is False
    assert link["path"] == f"/shared/{link['token']}"
    told = again(client, proposal)
    assert told["share"] == link
    assert told["share_path"] == link["path"]
    assert client.get("/proposals").json()["items"][0]["share"] == link
    paths = [f"{link['path']}{rest}" for rest in ("", "/instruments", "/methods", f"/reports/{made}")]
    clock.now = end - timedelta(seconds=1)
    assert [client.get(path).status_code for path in paths] == [200] * 4
    assert moment(client.get(link["path"]).json()["share_expires_at"]) == end
    clock.now = end
    for path in paths:
        problem = client.get(path)
        assert problem.status_code == 404
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json()["code"] == "expired_link"
        assert moment(problem.json()["params"]["expired_at"]) == end
    told = again(client, proposal)
    assert told["share"] == {**link, "expired": True}
    assert told["share_path"] is None


def test_only_the_whole_token_learns_that_the_link_has_expired(client: Client, clock: Clock) -> None:
    link = share(client, make(client), days=1)
    clock.now += timedelta(days=2)
    wrong = link["token"][:-1] + ("A" if link["token"][-1] != "A" else "B")
    assert client.get(f"/shared/{wrong}").json()["code"] == "unknown_link"


def test_an_expired_link_never_works_again(client: Client, clock: Clock) -> None:
    proposal = make(client)
    old = share(client, proposal, days=1)
    clock.now += timedelta(days=1)
    new = share(client, proposal)
    assert new["token"] != old["token"]
    assert new["expires_at"] is None
    assert client.get(new["path"]).status_code == 200
    assert client.get(old["path"]).json()["code"] == "unknown_link"


def test_the_end_of_a_link_can_be_moved(client: Client, clock: Clock) -> None:
    proposal = make(client)
    link = share(client, proposal)
    assert link["expires_at"] is None
    clock.now += timedelta(days=1000)
    assert client.get(link["path"]).status_code == 200
    at = "2029-06-01T10:00:00+02:00"
    sooner = share(client, proposal, expires_at=at)
    assert sooner["token"] == link["token"]
    assert sooner["expires_at"] == "2029-06-01T08:00:00Z"
    # Without a statement it stays as it is
    for again_shared in (share(client, proposal), client.post(f"/proposals/{proposal['id']}/share").json()):
        assert again_shared == sooner
    assert share(client, proposal, days=0.5)["expires_at"] == "2029-01-28T00:00:00Z"
    assert share(client, proposal, expires_at=None) == link
    assert client.delete(f"/proposals/{proposal['id']}/share").status_code == 204
    assert again(client, proposal)["share"] is None
    assert client.get(link["path"]).json()["code"] == "unknown_link"
    assert share(client, proposal)["expires_at"] is None


@pytest.mark.parametrize(
    ("body", "loc", "code"),
    [
        ({"expires_at": "2026-05-03T12:00:00Z"}, "expires_at", "expiry_out_of_range"),
        ({"expires_at": "2036-05-03T12:00:00Z"}, "expires_at", "expiry_out_of_range"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at", "expiry_out_of_range"),
        ({"expires_at": "0001-01-01T00:00:00+12:00"}, "expires_at", "expiry_out_of_range"),
        ({"expires_at": "2026-06-01T12:00:00"}, "expires_at", "timezone_aware"),
        ({"expires_at": "soon"}, "expires_at", "datetime_from_date_parsing"),
        ({"days": 0}, "days", "greater_than"),
        ({"days": 3651}, "days", "less_than_equal"),
        ({"days": "a week"}, "days", "float_parsing"),
        ({"days": 1, "expires_at": None}, "body", "two_expiries"),
        ({"hours": 1}, "hours", "extra_forbidden"),
    ],
)
def test_a_wrong_end_is_refused_and_nothing_is_shared(
    client: Client, clock: Clock, body: dict[str, Any], loc: str, code: str
) -> None:
    proposal = make(client)
    response = client.post(f"/proposals/{proposal['id']}/share", json=body)
    assert response.status_code == 422, response.text
    assert [(one["loc"], one["code"]) for one in response.json()["errors"]] == [(loc, code)]
    assert again(client, proposal)["share"] is None


def test_a_page_of_a_shared_proposal_needs_no_other_address(
    app: FastAPI, client: Client, settings: Settings, structure: dict[str, Any]
) -> None:
    powder, crystal = succeeded(client, settings, structure), ask(client, structure, sampling="path")["id"]
    finish(
        crystal,
        lambda path: PATH.write(path, crystal_partials()),
        settings.partials_path(crystal),
        provenance={},
        warnings=[],
    )
    outside, other = succeeded(client, settings, structure), client.post("/examples/silicon").json()["id"]
    proposal = make(client, settings=[{"instrument": "MAPS", "settings": {"e_init": 120}}])
    for one in (powder, crystal):
        put(client, proposal, "predictions", one)
    owned = {
        "instruments": client.get("/instruments").json(),
        "methods": client.get("/methods").json(),
        f"structures/{structure['id']}/figure": client.get(f"/structures/{structure['id']}/figure").json(),
        f"predictions/{powder}/trust": client.get(f"/predictions/{powder}/trust").json(),
    }
    path = share(client, proposal)["path"]
    app.dependency_overrides[current_owner] = lambda: "somebody else"
    for rest, body in owned.items():
        answer = client.get(f"{path}/{rest}")
        assert answer.status_code == 200, answer.text
        assert answer.json() == body
    dark = client.get(f"{path}/structures/{structure['id']}/figure", params={"theme": "dark"})
    assert dark.json()["data"]
    assert dark.json() != owned[f"structures/{structure['id']}/figure"]
    for kind in ("map", "zones", "spectrum"):
        drawn = client.post(f"{path}/figures", json={"kind": kind, "views": [{"prediction_id": crystal}]})
        assert drawn.status_code == 200, drawn.text
        assert drawn.json()["data"]
    for closed in (
        f"structures/{other}/figure",
        f"structures/{NOWHERE}/figure",
        f"predictions/{outside}/trust",
        f"predictions/{NOWHERE}/trust",
    ):
        answer = client.get(f"{path}/{closed}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_in_proposal")
    for rest in owned:
        assert client.get(f"{path[:-1]}/{rest}").json()["code"] == "unknown_link"


def test_links_of_the_version_before_do_not_expire_and_the_others_close_on_the_way_back(
    client: Client, settings: Settings
) -> None:
    for_ever, limited = make(client), make(client)
    path = share(client, for_ever)["path"]
    share(client, limited, days=30)
    revise(settings, "0010")
    with database.engine(settings).connect() as connection:
        stored = connection.execute(sa.text("SELECT count(share_secret) FROM proposals")).scalar_one()
    assert stored == 1
    revise(settings, "head")
    assert client.get(path).json()["share_expires_at"] is None
    assert again(client, limited)["share"] is None


def test_refused_links_have_words() -> None:
    said = wording.message(Notice("expired_link", {"expired_at": START.isoformat()}))
    assert "3 May 2026 at 12:00 UTC" in said
