"""ID tokens of a provider that errs or lies: each wrong one is refused, and the code verifier is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlmodel import select

from backend.accounts.tables import User
from backend.kit.db import database
from backend.kit.settings import Settings
from tests.backend.signing_in import CLIENT_ID, PUBLIC_URL, Browser, app_with_accounts, with_accounts

KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Forger(ThreadingHTTPServer):
    """A provider whose next ID token is what a test wants.

    Attributes
    ----------
    changes
        Claims that differ from the right ones; None: left out.
    alg
        Signature.
    key
        Its key; bytes: a shared secret.
    algorithms
        Signatures that the metadata state; None: none are stated.
    has_id_token
        Whether the answer has an ID token.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Endpoints)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.changes: dict[str, Any] = {}
        self.alg = "RS256"
        self.key: RSAKey | bytes = KEY
        self.algorithms: list[str] | None = ["RS256"]
        self.has_id_token = True
        self.asked: dict[str, str] = {}

    def id_token(self) -> str:
        now = int(time.time())
        right = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "ann",
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
        }
        claims = {name: value for name, value in {**right, **self.changes}.items() if value is not None}
        if isinstance(self.key, bytes):
            parts = ({"alg": self.alg, "kid": "first"}, claims)
            signed = ".".join(_base64(json.dumps(part).encode()) for part in parts)
            return f"{signed}.{_base64(hmac.digest(self.key, signed.encode(), 'sha256') if self.key else b'')}"
        return jwt.encode({"alg": self.alg, "kid": "first"}, claims, self.key, algorithms=[self.alg])


class Endpoints(BaseHTTPRequestHandler):
    """Metadata, keys and tokens."""

    server: Forger

    def do_GET(self) -> None:
        if self.path == "/jwks":
            self._answer({"keys": [KEY.as_dict(private=False)]})
            return
        issuer = self.server.issuer
        metadata = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
        }
        stated = self.server.algorithms
        self._answer(metadata if stated is None else {**metadata, "id_token_signing_alg_values_supported": stated})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        challenge = _base64(hashlib.sha256(form["code_verifier"][0].encode()).digest())
        if challenge != self.server.asked["code_challenge"]:
            self._answer({"error": "invalid_grant"}, 400)
            return
        answer = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}
        self._answer({**answer, "id_token": self.server.id_token()} if self.server.has_id_token else answer)

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def forger() -> Iterator[Forger]:
    with Forger() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def browser(portal: BlockingPortal, settings: Settings, warm_app: FastAPI, forger: Forger) -> Browser:
    return Browser(portal, app_with_accounts(with_accounts(settings, forger.issuer), warm_app))


def sign_in(browser: Browser, forger: Forger) -> str:
    """Sign in; return where the browser is sent at the end."""
    asked = parse_qs(urlsplit(browser.get("/sign-in").headers["location"]).query)
    forger.asked = {name: values[0] for name, values in asked.items()}
    return browser.get(f"/sign-in/callback?code=c&state={forger.asked['state']}").headers["location"]


def test_a_right_token_signs_in_and_the_provider_sees_the_code_verifier(browser: Browser, forger: Forger) -> None:
    assert sign_in(browser, forger) == "/"
    assert browser.me()["name"] == "ann"


# Fixed, because they name tests, which all processes of a run must name alike
PAST, FUTURE = 1_000_000_000, 4_000_000_000


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": "another client", "azp": CLIENT_ID},
        {"aud": [CLIENT_ID, "another client"], "azp": "another client"},
        {"aud": None},
        {"iss": "https://issuer.test"},
        {"iss": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": PAST},
        {"exp": None},
        {"iat": None},
        {"nbf": FUTURE},
        {"sub": None},
        {"sub": ""},
        {"sub": "s" * 256},
        {"at_hash": "AAAA"},
    ],
    ids=str,
)
def test_wrong_claims_are_refused(
    browser: Browser, forger: Forger, settings: Settings, changes: dict[str, Any]
) -> None:
    forger.changes = changes
    refuse(browser, forger, settings)


@pytest.mark.parametrize(
    ("alg", "key", "algorithms"),
    [
        ("none", b"", ["RS256"]),
        ("none", b"", ["none"]),
        ("none", b"", ["RS256", "none"]),
        ("HS256", b"a secret of this server", ["RS256", "HS256"]),
        ("HS256", KEY.as_pem(private=False), ["RS256", "HS256"]),
        ("RS512", KEY, ["RS256"]),
        ("RS512", KEY, None),
        ("RS256", OTHER_KEY, ["RS256"]),
    ],
)
def test_wrong_signatures_are_refused(
    browser: Browser,
    forger: Forger,
    settings: Settings,
    alg: str,
    key: RSAKey | bytes,
    algorithms: list[str] | None,
) -> None:
    forger.alg, forger.key, forger.algorithms = alg, key, algorithms
    refuse(browser, forger, settings)


def test_an_answer_without_an_id_token_is_refused(browser: Browser, forger: Forger, settings: Settings) -> None:
    forger.has_id_token = False
    refuse(browser, forger, settings)


def refuse(browser: Browser, forger: Forger, settings: Settings) -> None:
    """Check that a sign-in is refused, and that nothing of it stays."""
    assert sign_in(browser, forger) == "/signed-out?reason=refused"
    assert list(browser.cookies) == []
    assert browser.get(f"{PUBLIC_URL}/api/v1/me").status_code == 401
    with database.transaction(settings, reading=True) as session:
        assert session.exec(select(User)).all() == []


@pytest.mark.parametrize(
    ("claim", "claims", "is_operator"),
    [
        ("groups", {"groups": ["staff", "beamcast-operators"]}, True),
        ("groups", {"groups": "beamcast-operators"}, True),
        ("groups", {"groups": "beamcast-operators-not"}, False),
        ("groups", {"groups": {"beamcast-operators": True}}, False),
        ("groups", {"roles": ["beamcast-operators"]}, False),
        ("realm_access.roles", {"realm_access": {"roles": ["beamcast-operators"]}}, True),
        ("https://beamcast.test/roles", {"https://beamcast.test/roles": ["beamcast-operators"]}, True),
        ("", {"groups": ["beamcast-operators"]}, False),
    ],
)
def test_operators_are_those_of_the_configured_claim(
    portal: BlockingPortal,
    settings: Settings,
    warm_app: FastAPI,
    forger: Forger,
    claim: str,
    claims: dict[str, Any],
    is_operator: bool,
) -> None:
    forger.changes = claims
    configured = with_accounts(settings, forger.issuer, oidc_roles_claim=claim)
    browser = Browser(portal, app_with_accounts(configured, warm_app))
    sign_in(browser, forger)
    assert ("operator" in browser.me()["roles"]) == is_operator
