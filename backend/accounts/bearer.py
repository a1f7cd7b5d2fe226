"""Middleware that verifies `Authorization: Bearer bc_…` before anything else reads the request."""

from __future__ import annotations

import logging
from functools import partial

from anyio import to_thread
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.accounts import service
from backend.accounts.rules import required_scope
from backend.kit.http.errors import Forbidden, Problem, Unavailable, as_response
from backend.kit.settings import Settings
from scattering.core.notices import Notice

logger = logging.getLogger(__name__)

SCHEME = "bearer"


class BearerTokens:
    """Middleware for the API; pages and /metrics take no such tokens.

    The owner and the scopes of a valid token are in the state of the request, where
    `backend.kit.db.owners.current_owner` finds the owner.
    """

    def __init__(self, app: ASGIApp, settings: Settings, api: str) -> None:
        self._app = app
        self._settings = settings
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._path(scope)
        # Other schemes belong to a proxy in front of the server
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ") if path else ("", "", "")
        if path is None or scheme.lower() != SCHEME:
            await self._app(scope, receive, send)
            return
        try:
            verified = await to_thread.run_sync(partial(service.verify, self._settings, token.strip()))
            _check_scope(verified, scope["method"], path)
        except Problem as problem:
            await as_response(problem.document(), problem.headers)(scope, receive, send)
            return
        except (OperationalError, DatabaseTimeout) as error:
            logger.error("database: %s %s: %s", scope["method"], scope["path"], error)
            busy = Unavailable(Notice("database_busy"))
            await as_response(busy.document(), busy.headers)(scope, receive, send)
            return
        scope.setdefault("state", {}).update(owner=verified.owner, token_scopes=verified.scopes, roles=verified.roles)
        await self._app(scope, receive, send)

    def _path(self, scope: Scope) -> str | None:
        """Return the address below /api/v1; None outside the API."""
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        return path.removeprefix(self._api) if path.startswith(f"{self._api}/") else None


def _check_scope(token: service.VerifiedToken, method: str, path: str) -> None:
    needed = required_scope(method, path)
    if needed is None:
        raise Forbidden(Notice("not_by_token"))
    if needed not in token.scopes:
        raise Forbidden(Notice("token_lacks_scope", {"scope": needed}))
