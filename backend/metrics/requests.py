"""A histogram of the times of requests by route, in this process."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OTHER: Final = "other"
"""Label for static files and for requests without a route, because their paths may be any text."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestTimes:
    """Middleware that measures the time to the last byte of an answer; for event streams, to the first byte."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, prefix: str) -> None:
        """Time the requests of an application. The paths of its routers lack `prefix`."""
        self._app = app
        self._prefix = prefix
        self._seconds = Histogram(
            "beamcast_http_request_duration_seconds",
            "Time to answer a request, by route template; for event streams, time to the first byte.",
            ("method", "route", "status"),
            registry=registry,
            buckets=BUCKETS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The server answers 500 to an exception that nothing else answers
        status, streams_after = 500, None
        began = time.perf_counter()

        async def send_and_record(message: Message) -> None:
            nonlocal status, streams_after
            if message["type"] == "http.response.start":
                status = message["status"]
                if any(
                    name.lower() == b"content-type" and b"event-stream" in value for name, value in message["headers"]
                ):
                    streams_after = time.perf_counter() - began
            await send(message)

        try:
            await self._app(scope, receive, send_and_record)
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
