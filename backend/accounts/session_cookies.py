"""Middleware of servers with accounts: finds the user of the session, and refuses requests of nobody."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.accounts import sessions
from backend.kit.http.errors import Forbidden, NotSignedIn, Problem, Unavailable, as_response
from backend.kit.http.security import SAFE_METHODS
from backend.kit.settings import Settings
from scattering.core.notices import Notice

logger = logging.getLogger(__name__)

SIGN_IN: Final = "/sign-in"
SIGNED_OUT: Final = "/signed-out"
FOR_EVERYBODY: Final = frozenset({SIGN_IN, f"{SIGN_IN}/callback", SIGNED_OUT, "/metrics", "/api/v1/health"})
"""Addresses that need no sign-in."""
FOR_EVERYBODY_BELOW: Final = ("/static/", "/docs-static/", "/shared/", "/api/v1/shared/")
"""Begins of addresses that need no sign-in: files of the pages, and proposals shared by a link."""


def cookie_name(settings: Settings) -> str:
    """Return the name of the cookie of sessions. Browsers take `__Host-…` only from this host, by https."""
    return "__Host-beamcast" if settings.is_https else "beamcast"


def needs_sign_in(path: str) -> bool:
    """Return whether an address is for users only, as all are that are not named here."""
    return path not in FOR_EVERYBODY and not path.startswith(FOR_EVERYBODY_BELOW)


class SessionCookies:
    """Middleware for pages and API. It comes after `BearerTokens`, whose owner it leaves as it is.

    Owner, roles and name of the user are in the state of the request.
    """

    def __init__(self, app: ASGIApp, settings: Settings, api: str) -> None:
        self._app = app
        self._settings = settings
        self._api = api
        self._cookie = cookie_name(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._settings.has_accounts or "owner" in scope.get("state", {}):
            await self._app(scope, receive, send)
            return
        try:
            await self._find_user(scope)
        except NotSignedIn as problem:
            response = self._to_sign_in(scope) or as_response(problem.document(), problem.headers)
            await response(scope, receive, send)
            return
        except Problem as problem:
            await as_response(problem.document(), problem.headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _find_user(self, scope: Scope) -> None:
        """Put the user into the state of the request.

        Raises
        ------
        NotSignedIn
            Nobody is signed in, and the address is for users only.
        Forbidden
            The request changes something, and may come from another site.
        Unavailable
            The database does not answer.
        """
        secret = HTTPConnection(scope).cookies.get(self._cookie)
        user = await self._user(scope, secret) if secret else None
        if user is None:
            if needs_sign_in(scope["path"]):
                raise NotSignedIn(Notice("not_signed_in"))
            return
        if scope["method"] not in SAFE_METHODS and not self._is_of_own_page(Headers(scope=scope)):
            raise Forbidden(Notice("request_without_origin"))
        scope.setdefault("state", {}).update(owner=user.owner, roles=user.roles, user_name=user.name)

    async def _user(self, scope: Scope, secret: str) -> sessions.SignedIn | None:
        try:
            return await to_thread.run_sync(partial(sessions.find, self._settings, secret))
        except (OperationalError, DatabaseTimeout) as error:
            logger.error("database: %s %s: %s", scope["method"], scope["path"], error)
            raise Unavailable(Notice("database_busy")) from error

    def _is_of_own_page(self, headers: Headers) -> bool:
        # Browsers add the cookie to requests of other sites too; one of these headers must exclude that
        site = headers.get("sec-fetch-site")
        return site == "same-origin" if site else headers.get("origin") == self._settings.public_url

    def _to_sign_in(self, scope: Scope) -> RedirectResponse | None:
        """Return the redirect of a page, which comes back to it; None for the API."""
        if scope["method"] not in SAFE_METHODS or scope["path"].startswith((f"{self._api}/", "/api/")):
            return None
        query = scope["query_string"].decode("latin-1")
        back = quote(f"{quote(scope['path'])}{'?' * bool(query)}{query}", safe="")
        return RedirectResponse(f"{SIGN_IN}?next={back}", 303, {"Cache-Control": "no-store"})
