"""The real code flow with a provider in a process of its own: sign in, come back, sign out, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from pydantic import ValidationError
from sqlmodel import select

from backend.accounts import service, sessions
from backend.accounts.digests import sha256
from backend.accounts.sign_in import local_address
from backend.accounts.tables import User, UserSession
from backend.kit.db import database
from backend.kit.db.columns import utc_now
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from tests.backend.signing_in import CLIENT_ID, PUBLIC_URL, Browser, app_with_accounts, running_provider, with_accounts

NewBrowser = Callable[[], Browser]
COOKIE = "beamcast"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as issuer:
        yield issuer


@pytest.fixture
def accounts(settings: Settings, issuer: str) -> Settings:
    return with_accounts(settings, issuer)


@pytest.fixture
def new_browser(portal: BlockingPortal, accounts: Settings, warm_app: FastAPI) -> NewBrowser:
    app = app_with_accounts(accounts, warm_app)
    return lambda: Browser(portal, app)


def test_a_page_leads_to_the_provider_and_back(new_browser: NewBrowser, issuer: str) -> None:
    ann = new_browser()
    refused = ann.get("/proposals/7?tab=plan&x=å b")
    assert refused.status_code == 303
    begun = ann.get(refused.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert begun.headers["location"].startswith(issuer)
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/sign-in/callback"
    assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert min(len(asked["state"]), len(asked["nonce"])) >= 20
    back = ann.sign_in("ann", refused.headers["location"])
    assert (back.status_code, back.headers["location"]) == (303, "/proposals/7?tab=plan&x=%C3%A5%20b")
    me = ann.me()
    assert (me["name"], me["roles"], me["auth"]) == ("Ann Example", ["user", "operator"], "oidc")
    assert me["id"] != LOCAL_USER


def test_roles_come_from_the_claims(new_browser: NewBrowser) -> None:
    bob = new_browser()
    bob.sign_in("bob")
    assert (bob.me()["name"], bob.me()["roles"]) == ("bob@b.org", ["user"])
    assert bob.get("/api/v1/operations").status_code == 403
    ann = new_browser()
    ann.sign_in("ann")
    assert ann.get("/api/v1/operations").status_code == 200


def test_the_same_user_in_two_browsers(new_browser: NewBrowser, accounts: Settings) -> None:
    first, second = new_browser(), new_browser()
    first.sign_in("ann")
    second.sign_in("ann")
    assert first.me()["id"] == second.me()["id"]
    with database.transaction(accounts, reading=True) as session:
        assert len(session.exec(select(User)).all()) == 1
        assert len(session.exec(select(UserSession)).all()) == 2


def test_the_cookie_is_kept_from_scripts_and_its_secret_is_not_stored(
    new_browser: NewBrowser, accounts: Settings
) -> None:
    ann = new_browser()
    set_cookie = ann.sign_in("ann").headers.get_list("set-cookie")
    (stated,) = (one for one in set_cookie if one.startswith(f"{COOKIE}="))
    attributes = {part.strip().lower() for part in stated.split(";")[1:]}
    assert {"httponly", "path=/", "samesite=lax", "max-age=259200"} <= attributes
    secret = ann.cookies[COOKIE]
    assert len(secret) * 6 >= 192
    with database.transaction(accounts, reading=True) as session:
        row = session.exec(select(UserSession)).one()
    assert row.secret_sha256 == sha256(secret)
    assert secret not in str(row.model_dump())


def test_by_https_the_cookie_is_bound_to_the_host(
    portal: BlockingPortal, accounts: Settings, warm_app: FastAPI
) -> None:
    https = accounts.model_copy(update={"public_url": "https://beamcast.test"})
    ann = Browser(portal, app_with_accounts(https, warm_app), "https://beamcast.test")
    stated = ann.sign_in("ann").headers.get_list("set-cookie")
    (of_session,) = (one for one in stated if one.startswith("__Host-beamcast="))
    attributes = {part.strip().lower() for part in of_session.split(";")[1:]}
    assert {"secure", "httponly", "path=/"} <= attributes
    assert not any(one.startswith("domain") for one in attributes)
    assert ann.me()["name"] == "Ann Example"


def test_each_sign_in_has_a_new_session_and_ends_the_old_one(new_browser: NewBrowser) -> None:
    ann, thief = new_browser(), new_browser()
    ann.sign_in("ann")
    thief.cookies.set(COOKIE, ann.cookies[COOKIE])
    ann.sign_in("ann")
    assert ann.cookies[COOKIE] != thief.cookies[COOKIE]
    assert thief.get("/api/v1/me").status_code == 401
    assert ann.get("/api/v1/me").status_code == 200


def test_a_session_that_somebody_else_chose_is_not_taken(new_browser: NewBrowser) -> None:
    ann, attacker = new_browser(), new_browser()
    for one in (ann, attacker):
        one.cookies.set(COOKIE, "chosen" * 8)
    ann.sign_in("ann")
    assert attacker.get("/api/v1/me").status_code == 401


def test_the_sign_out_ends_the_session_everywhere(new_browser: NewBrowser, issuer: str) -> None:
    ann, thief = new_browser(), new_browser()
    ann.sign_in("ann")
    thief.cookies.set(COOKIE, ann.cookies[COOKIE])
    assert thief.get("/api/v1/me").status_code == 200
    ended = ann.post("/sign-out")
    assert ended.status_code == 303
    there = urlsplit(ended.headers["location"])
    asked = parse_qs(there.query)
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{issuer}/oauth2/end_session"
    assert asked["post_logout_redirect_uri"] == [f"{PUBLIC_URL}/signed-out"]
    assert len(asked["id_token_hint"][0].split(".")) == 3
    assert COOKIE not in ann.cookies
    assert [one.get("/api/v1/me").status_code for one in (ann, thief)] == [401, 401]
    assert f"form-action 'self' {issuer};" in ended.headers["content-security-policy"]


def test_a_stolen_answer_of_the_provider_opens_no_session_in_another_browser(new_browser: NewBrowser) -> None:
    ann, thief = new_browser(), new_browser()
    callback = ann.ask_provider("ann")
    stolen = thief.get(callback)
    assert stolen.headers["location"] == "/signed-out?reason=refused"
    assert COOKIE not in thief.cookies
    # Nor in one that has begun a sign-in of its own
    thief.get("/sign-in")
    assert thief.get(callback).headers["location"] == "/signed-out?reason=refused"


def test_an_answer_is_used_once(new_browser: NewBrowser) -> None:
    ann = new_browser()
    callback = ann.ask_provider("ann")
    assert ann.get(callback).headers["location"] == "/"
    again = ann.get(callback)
    assert again.headers["location"] == "/signed-out?reason=refused"


def test_a_forged_state_cookie_is_refused(new_browser: NewBrowser) -> None:
    ann = new_browser()
    callback = ann.ask_provider("ann")
    name = f"{COOKIE}-sign-in"
    signed = ann.cookies[name]
    ann.cookies.clear()
    ann.cookies.set(name, ("B" if signed[0] != "B" else "A") + signed[1:])
    assert ann.get(callback).headers["location"] == "/signed-out?reason=refused"


def test_a_cancelled_sign_in_is_refused(new_browser: NewBrowser) -> None:
    ann = new_browser()
    there = ann.get("/sign-in").headers["location"]
    denied = httpx.post(there, data={"action": "deny"}, trust_env=False).headers["location"]
    answer = ann.get(f"/sign-in/callback?{urlsplit(denied).query}")
    assert answer.headers["location"] == "/signed-out?reason=refused"
    assert COOKIE not in ann.cookies


def test_a_provider_that_does_not_answer(portal: BlockingPortal, settings: Settings, warm_app: FastAPI) -> None:
    nobody = with_accounts(settings, "http://127.0.0.1:1")
    ann = Browser(portal, app_with_accounts(nobody, warm_app))
    assert ann.get("/sign-in").headers["location"] == "/signed-out?reason=unavailable"


def test_metadata_of_another_issuer_are_refused(
    portal: BlockingPortal, settings: Settings, warm_app: FastAPI, issuer: str
) -> None:
    mixed_up = with_accounts(settings, issuer + "/")
    ann = Browser(portal, app_with_accounts(mixed_up, warm_app))
    assert ann.get("/sign-in").headers["location"] == "/signed-out?reason=unavailable"


@pytest.mark.parametrize("field", ["expires_at", "last_used_at"])
def test_sessions_expire(new_browser: NewBrowser, accounts: Settings, field: str) -> None:
    ann = new_browser()
    ann.sign_in("ann")
    now = utc_now()
    limits = {"expires_at": now, "last_used_at": now - timedelta(hours=accounts.session_idle_h)}
    with database.transaction(accounts) as session:
        setattr(session.exec(select(UserSession)).one(), field, limits[field])
    refused = ann.get("/api/v1/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
    # The next sign-in removes it
    new_browser().sign_in("bob")
    with database.transaction(accounts, reading=True) as session:
        assert session.exec(select(UserSession)).one().secret_sha256 != sha256(ann.cookies[COOKIE])


def test_use_keeps_a_session_but_not_beyond_its_end(new_browser: NewBrowser, accounts: Settings) -> None:
    ann = new_browser()
    ann.sign_in("ann")
    with database.transaction(accounts) as session:
        row = session.exec(select(UserSession)).one()
        row.last_used_at -= sessions.USE_RECORDED_EVERY
        used, expires = row.last_used_at, row.expires_at
    ann.get("/api/v1/me")
    with database.transaction(accounts, reading=True) as session:
        row = session.exec(select(UserSession)).one()
    assert row.last_used_at > used
    assert row.expires_at == expires


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": PUBLIC_URL}, 403),
        ({"Origin": PUBLIC_URL}, 204),
        ({"Origin": "http://127.0.0.1:9000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": PUBLIC_URL.replace("http", "https")}, 403),
    ],
)
def test_changes_by_cookie_come_from_our_own_pages(
    new_browser: NewBrowser, accounts: Settings, headers: dict[str, str], status: int
) -> None:
    ann = new_browser()
    ann.sign_in("ann")
    body = {"name": "notebook", "scopes": ["read"], "expires_in_days": 1}
    made = ann.post("/api/v1/tokens", json=body).json()
    assert ann.request("DELETE", f"/api/v1/tokens/{made['id']}", headers=headers).status_code == status
    assert ann.get("/api/v1/tokens").json()["total"] == (status == 403)


def test_a_token_acts_for_its_user_without_a_session(new_browser: NewBrowser, accounts: Settings) -> None:
    ann = new_browser()
    ann.sign_in("ann")
    made = ann.post("/api/v1/tokens", json={"name": "n", "scopes": ["read", "operate"], "expires_in_days": 1}).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    program = new_browser()
    assert program.get("/api/v1/me", headers=bearer).json()["id"] == ann.me()["id"]
    assert program.get("/api/v1/operations", headers=bearer).status_code == 200
    # Pages take no tokens
    assert program.get("/", headers=bearer).status_code == 303
    with database.transaction(accounts) as session:
        _, of_nobody = service.create(Scope(session, LOCAL_USER), "old", ["read"], timedelta(days=1))
    refused = program.get("/api/v1/me", headers={"Authorization": f"Bearer {of_nobody}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/compare?a=1", "/compare?a=1"),
        (None, "/"),
        ("", "/"),
        ("https://evil.test/", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/a\\b", "/"),
        ("/a\nSet-Cookie: b", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_the_way_back_stays_on_this_server(asked: str | None, address: str) -> None:
    assert local_address(asked) == address


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"public_url": ""}, ()),
        ({"oidc_client_secret": ""}, ()),
        ({"public_url": "http://beamcast.test"}, ("public_url",)),
        ({"public_url": "https://beamcast.test/below"}, ("public_url",)),
        ({"oidc_issuer": "http://issuer.test"}, ("oidc_issuer",)),
        ({"oidc_issuer": "issuer.test"}, ("oidc_issuer",)),
    ],
)
def test_settings_that_are_not_safe_are_refused(change: dict[str, str], loc: tuple[str, ...]) -> None:
    given = {
        "auth": "oidc",
        "public_url": "https://beamcast.test",
        "oidc_issuer": "https://issuer.test",
        "oidc_client_id": "beamcast",
        "oidc_client_secret": "secret",
    }
    assert Settings.model_validate(given).has_accounts
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({**given, **change})
    assert [error["loc"] for error in refused.value.errors()] == [loc]
