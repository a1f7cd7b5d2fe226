"""Addresses at which users sign in and out."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from backend.accounts import sessions
from backend.accounts.provider import Provider, SignInError
from backend.accounts.session_cookies import SIGN_IN, SIGNED_OUT, cookie_name
from backend.kit.settings import Settings

logger = logging.getLogger(__name__)

CALLBACK: Final = "/sign-in/callback"
"""Address to which the provider sends users back; it must be registered there."""
SIGN_OUT: Final = "/sign-out"
SIGN_IN_MAX_S: Final = 600
"""Time in which a user signs in at the provider, seconds."""
REDIRECT: Final = 303
_LOCAL_ADDRESS: Final = re.compile(r"/(?![/\\])[^\x00-\x20\\]*", re.ASCII)


class SignIn:
    """The routes of signing in and out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._provider = Provider(settings)
        self._cookie = cookie_name(settings)

    def routes(self) -> list[Route]:
        """Return the routes. The state of a sign-in is in a signed cookie, which expires soon."""
        state = Middleware(
            SessionMiddleware,
            secret_key=_state_key(self._settings),
            session_cookie=f"{self._cookie}-sign-in",
            max_age=SIGN_IN_MAX_S,
            same_site="lax",
            https_only=self._settings.is_https,
        )
        return [
            Route(SIGN_IN, self.begin, methods=["GET"], middleware=[state]),
            Route(CALLBACK, self.finish, methods=["GET"], middleware=[state]),
            Route(SIGN_OUT, self.end, methods=["POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider; `next` is the address of this server to which it comes back."""
        request.session["next"] = local_address(request.query_params.get("next"))
        try:
            return await self._provider.begin(request, self._settings.public_url + CALLBACK)
        except SignInError as error:
            return self._failed(error, "unavailable")

    async def finish(self, request: Request) -> Response:
        """Begin a session for the user whom the provider sends back."""
        back = local_address(request.session.get("next"))
        try:
            identity = await self._provider.finish(request)
        except SignInError as error:
            return self._failed(error, "refused")
        finally:
            # The next sign-in begins anew
            request.session.clear()
        replaced = request.cookies.get(self._cookie)
        secret = await to_thread.run_sync(partial(sessions.begin, self._settings, identity, replaced))
        response = _redirect(back)
        response.set_cookie(
            self._cookie,
            secret,
            max_age=round(self._settings.session_max_h * 3600),
            secure=self._settings.is_https,
            httponly=True,
            # Not strict: the redirect from the provider must already carry it
            samesite="lax",
        )
        return response

    async def end(self, request: Request) -> Response:
        """End the session here, and then at the provider."""
        id_token = None
        if secret := request.cookies.get(self._cookie):
            id_token = await to_thread.run_sync(partial(sessions.end, self._settings, secret))
        signed_out = self._settings.public_url + SIGNED_OUT
        there = await self._provider.logout_address(id_token, signed_out) if id_token else None
        response = _redirect(there or SIGNED_OUT)
        response.delete_cookie(self._cookie, secure=self._settings.is_https, httponly=True, samesite="lax")
        return response

    def _failed(self, error: SignInError, reason: str) -> Response:
        logger.warning("sign-in failed: %s", error)
        return _redirect(f"{SIGNED_OUT}?reason={reason}")


def install(app: FastAPI, settings: Settings) -> None:
    """Add the routes to an application whose users must sign in."""
    app.router.routes.extend(SignIn(settings).routes())
    issuer = urlsplit(settings.oidc_issuer)
    # Browsers check the redirect after the form of the sign-out too
    app.state.form_targets = (f"{issuer.scheme}://{issuer.netloc}",)


def local_address(asked: str | None) -> str:
    """Return the asked address if it is one of this server, otherwise that of the first page."""
    return asked if asked and _LOCAL_ADDRESS.fullmatch(asked) else "/"


def _redirect(address: str) -> Response:
    return RedirectResponse(address, REDIRECT, {"Cache-Control": "no-store"})


def _state_key(settings: Settings) -> str:
    # The same in all processes of the server
    return hmac.new(settings.oidc_client_secret.encode(), b"beamcast sign-in state", hashlib.sha256).hexdigest()
