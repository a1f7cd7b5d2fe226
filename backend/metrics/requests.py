"""How long requests take, by route: a histogram of this process alone."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER: Final = "other"
"""Static files, and what was refused before a route was found: their paths are anybody's text."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestTimes:
    """Middleware that times requests up to the last byte of their answer; event streams up to the first."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, prefix: str) -> None:
        """Time an application's requests; the routers' own paths lack the `prefix` that they are under."""
        self._app = app
        self._prefix = prefix
        self._seconds = Histogram(
            "beamcast_http_request_duration_seconds",
            "Time to answer a request, by route template; of event streams, to begin the answer.",
            ("method", "route", "status"),
            registry=registry,
            buckets=BUCKETS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Until something else is said: an exception that nobody answers is answered by the server so.
        status, streams_after = 500, None
        began = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status, streams_after
            if message["type"] == "http.response.start":
                status = message["status"]
                if any(
                    name.lower() == b"content-type" and b"event-stream" in value for name, value in message["headers"]
                ):
                    streams_after = time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        finally:
            seconds = time.perf_counter() - began if streams_after is None else streams_after
            method = scope["method"] if scope["method"] in METHODS else OTHER
            self._seconds.labels(method, self._template(scope), str(status)).observe(seconds)

    def _template(self, scope: Scope) -> str:
        template = getattr(scope.get("route"), "path", None)
        if not isinstance(template, str):
            return OTHER
        included = scope["path"].startswith(f"{self._prefix}/") and not template.startswith("/api/")
        return self._prefix + template if included else template
