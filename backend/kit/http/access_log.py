"""A line for every request: what was asked, how it was answered, how long it took."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit.logs import about

logger = logging.getLogger("beamcast.access")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PREDICTION = re.compile(r"/api/v1/predictions/(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|$)")
SECRET = re.compile(r"(?<=/shared/)[^/]+")
"""What opens a shared proposal: who reads the log need not be who was given the link."""
WATCHING = ("/api/v1/health", "/metrics")
"""Asked every few seconds by what watches the server; worth a line only when something is wrong."""


class AccessLog:
    """Logs requests, and gives each an id that all lines about it carry and the response's `X-Request-ID` says.

    Who asks may bring an id along, as a reverse proxy does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        prediction = PREDICTION.match(scope["path"])
        # Until something else is said: an exception that nobody answers is answered by the server so.
        status = 500

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        began = time.perf_counter()
        with about(request=request_id, prediction=prediction and prediction["id"]):
            try:
                await self._app(scope, receive, send_noted)
            finally:
                _log(scope, status, time.perf_counter() - began)


def _log(scope: Scope, status: int, seconds: float) -> None:
    level = logging.DEBUG if scope["path"] in WATCHING and status < 400 else logging.INFO
    path = SECRET.sub("…", scope["path"])
    facts = {"method": scope["method"], "path": path, "status": status, "duration_ms": round(seconds * 1e3, 1)}
    # The path is quoted, for it is anybody's text.
    logger.log(level, "%s %r %d in %.1f ms", *facts.values(), extra=facts)
