"""Access log: one line for each request, with its status and duration."""

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
"""The secret in the link of a shared proposal, which readers of the log must not learn."""
MONITORING_PATHS = ("/api/v1/health", "/metrics")
"""Paths that monitors request every few seconds; they are logged only on errors."""


class AccessLog:
    """Middleware that logs requests, and gives each an id for all its log lines and its `X-Request-ID` header.

    A client, such as a reverse proxy, may send the id.
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
        # The server answers an unhandled exception with 500
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
    level = logging.DEBUG if scope["path"] in MONITORING_PATHS and status < 400 else logging.INFO
    path = SECRET.sub("…", scope["path"])
    facts = {"method": scope["method"], "path": path, "status": status, "duration_ms": round(seconds * 1e3, 1)}
    # The path is quoted, because clients choose it
    logger.log(level, "%s %r %d in %.1f ms", *facts.values(), extra=facts)
