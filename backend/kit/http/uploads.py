"""Uploads of files: how many at the same time, how large, and how slowly they may arrive.

An upload that arrives takes memory and a connection; one that is read takes a thread and a process as well. So many may
arrive, a few are read, and the others wait in their order, without a thread. Other requests keep the other threads.
"""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit.http.body_limits import UPLOADS, is_resumable, is_upload, max_body_bytes
from backend.kit.http.errors import RequestTimeout, Unavailable, as_response
from backend.kit.settings import Settings
from scattering.core.notices import Notice

MAX_UPLOADS: Final = 64
"""Uploads at the same time, those that wait included; one more is refused."""
MAX_READ: Final = 12
"""Uploads whose files are read at the same time. The server has 40 threads for requests."""
SILENCE_S: Final = 30.0
"""Time without a byte after which an upload ends."""
GRACE_S: Final = 60.0
MIN_BYTES_PER_S: Final = 2048.0
"""Mean rate from `GRACE_S` on; a slower upload ends."""


class Uploads:
    """Middleware for requests with a file; all others pass."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        headers = Headers({"content-type": "multipart/form-data"})
        self._app = app
        self._limited = {
            path: RequestBodyLimitMiddleware(app, max_body_bytes(settings, path, headers)) for path in UPLOADS
        }
        self._n_uploads = 0
        self._reading: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on through the limits."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        resumable = scope["type"] == "http" and is_resumable(scope["path"], headers)
        if scope["type"] != "http" or not (resumable or is_upload(scope["path"], headers)):
            await self._app(scope, receive, send)
            return
        if self._n_uploads >= MAX_UPLOADS:
            busy = Unavailable(Notice("too_many_uploads", {"maximum": MAX_UPLOADS}))
            await as_response(busy.document(), {**busy.headers, "Connection": "close"})(scope, receive, send)
            return
        self._n_uploads += 1
        try:
            if resumable:
                # Its parts are written as they arrive
                await self._app(scope, receive, send)
                return
            async with AsyncExitStack() as slot:
                arriving = _Arriving(receive, self._limiter(), slot)
                await self._limited[scope["path"]](scope, arriving.receive, send)
        finally:
            self._n_uploads -= 1

    def _limiter(self) -> anyio.CapacityLimiter:
        # It belongs to the event loop, which does not run yet when the application is made
        self._reading = self._reading or anyio.CapacityLimiter(MAX_READ)
        return self._reading


class _Arriving:
    """The messages of an upload."""

    def __init__(self, receive: Receive, reading: anyio.CapacityLimiter, slot: AsyncExitStack) -> None:
        self._receive = receive
        self._reading = reading
        self._slot = slot
        self._began = time.monotonic()
        self._n_bytes = 0
        self._is_complete = False

    async def receive(self) -> Message:
        """Return the next message. The last one comes once there is a slot to read the file.

        Raises
        ------
        RequestTimeout
            The upload arrives too slowly.
        """
        if self._is_complete:
            return await self._receive()
        with anyio.move_on_after(SILENCE_S) as silence:
            message = await self._receive()
        if silence.cancelled_caught:
            raise too_slow()
        self._n_bytes += len(message.get("body", b""))
        seconds = time.monotonic() - self._began
        if seconds > GRACE_S and self._n_bytes < seconds * MIN_BYTES_PER_S:
            raise too_slow()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._is_complete = True
            await self._slot.enter_async_context(self._reading)
        return message


def too_slow() -> RequestTimeout:
    """Return the problem of an upload that arrives too slowly."""
    return RequestTimeout(Notice("upload_too_slow", {"silence_s": SILENCE_S, "minimum_kib_s": MIN_BYTES_PER_S / 1024}))
