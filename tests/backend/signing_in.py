"""A provider of OpenID Connect as a process, an application that signs users in there, and browsers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from starlette.routing import Mount, Route

from backend.accounts import sessions
from backend.accounts.session_cookies import cookie_name
from backend.accounts.sessions import Identity
from backend.app import create_app
from backend.kit.settings import Settings

PUBLIC_URL = "http://127.0.0.1:8000"
CLIENT_ID = "beamcast"
OPERATORS = "beamcast-operators"
PATIENCE_S = 60
USERS = ({"sub": "ann", "name": "Ann  Example", "groups": ["staff", OPERATORS]}, {"sub": "bob", "email": "bob@b.org"})


@contextlib.contextmanager
def running_provider() -> Iterator[str]:
    """Run oidc-provider-mock; the value is its issuer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    claims = [word for user in USERS for word in ("--user-claims", json.dumps(user))]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "--require-nonce", "true", *claims],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    issuer = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{issuer}/jwks", trust_env=False)
                break
            time.sleep(0.05)
        yield issuer
    finally:
        process.terminate()
        process.wait()


def with_accounts(settings: Settings, issuer: str, **further: Any) -> Settings:
    """Return the settings of a server with accounts."""
    return settings.model_copy(
        update={
            "auth": "oidc",
            "public_url": PUBLIC_URL,
            "oidc_issuer": issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": "a secret of this server",
            "oidc_roles_claim": "groups",
            "oidc_operators": (OPERATORS,),
            **further,
        }
    )


def app_with_accounts(settings: Settings, warm_app: FastAPI) -> FastAPI:
    """Return an application; routers come from the warm one, as in the fixture `app`."""
    app = create_app(settings)
    warm = iter(one for one in warm_app.router.routes if not isinstance(one, Route | Mount))
    app.router.routes[:] = [one if isinstance(one, Route | Mount) else next(warm) for one in app.router.routes]
    warm_app.dependency_overrides = app.dependency_overrides
    return app


def identity(subject: str, *roles: str) -> Identity:
    """Return a user as a provider would describe them."""
    return Identity("https://issuer.test", subject, subject.title(), "", ("user", *roles), "id token")


class Browser:
    """A browser with its cookies, which follows no redirect by itself."""

    def __init__(self, portal: BlockingPortal, app: FastAPI, url: str = PUBLIC_URL) -> None:
        self._portal = portal
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=url)

    @property
    def cookies(self) -> httpx.Cookies:
        return self.client.cookies

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            return await self.client.request(method, path, **arguments)

        return self._portal.call(send)

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        """Send a form or a request of one of the pages."""
        return self.request("POST", path, **{"headers": {"Sec-Fetch-Site": "same-origin"}, **arguments})

    def me(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.get("/api/v1/me").json()
        return answer

    def ask_provider(self, subject: str, page: str = "/sign-in") -> str:
        """Begin to sign in, and agree at the provider; return the address to which it sends the browser back."""
        there = self.get(page).headers["location"]
        agreed = httpx.post(there, data={"sub": subject}, trust_env=False)
        assert agreed.status_code == 302, agreed.text
        return agreed.headers["location"]

    def sign_in(self, subject: str, page: str = "/sign-in") -> httpx.Response:
        """Sign in at the provider; return the last answer."""
        return self.get(self.ask_provider(subject, page))

    def hold_session(self, settings: Settings, subject: str, *roles: str) -> str:
        """Begin a session without a provider; return the id of the user."""
        secret = sessions.begin(settings, identity(subject, *roles), None)
        self.cookies.set(cookie_name(settings), secret)
        return str(self.me()["id"])
