"""Bodies without files: limits on their size, on the number of their parts and on the time that they take to arrive.

A million wrong keys would be a million errors. Validation by pydantic holds Python's global lock, so that another
thread would not help: the body must be small before it is validated. A megabyte of brackets takes the parser of JSON
half a second, with the lock too. The parts of larger bodies are counted in a thread, in a loop that shares the lock.
"""

from __future__ import annotations

import re
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.kit.http.body_limits import MAX_JSON_BYTES, is_resumable, is_upload
from backend.kit.http.errors import Problem, RequestTimeout, TooLarge, as_response
from backend.kit.http.security import SAFE_METHODS
from scattering.core.notices import Notice

MAX_KEYS: Final = 5000
"""Keys of a body, at all levels; a plan with 200 settings of 8 numbers has 2000."""
MAX_LISTS: Final = 10_000
"""Lists and objects of a body, at all levels."""
LARGE_BYTES: Final = 16 * 1024
"""Size from which parts are counted; a smaller body has few enough (7 bytes for a key, 2 for a list)."""
ARRIVES_WITHIN_S: Final = 60.0
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"(\s*+:)?|\\?\Z)', re.DOTALL)
"""A text of JSON, with the colon behind it if it is a key. It matches unended texts too, to be linear in time."""


class JsonBodies:
    """Middleware that receives bodies without files, and refuses too large, late and detailed ones."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request with its whole body."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or _has_file(scope):
            await self._app(scope, receive, send)
            return
        try:
            with anyio.fail_after(ARRIVES_WITHIN_S):
                body = await _whole_body(receive)
            if body is None:
                return
            if len(body) > LARGE_BYTES and (wrong := await anyio.to_thread.run_sync(find_excess, body)):
                raise TooLarge(wrong)
        except TimeoutError:
            late = RequestTimeout(Notice("body_too_late", {"seconds": ARRIVES_WITHIN_S}))
            await _refuse(late, scope, receive, send)
        except Problem as problem:
            await _refuse(problem, scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)


def _has_file(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return is_upload(scope["path"], headers) or is_resumable(scope["path"], headers)


def find_excess(body: bytes) -> Notice | None:
    """Return what a JSON text has too many of, keys or lists, or None; it need not be valid."""
    if body.count(b":") <= MAX_KEYS and _n_lists(body, 0, len(body)) <= MAX_LISTS:
        return None
    n_keys = n_lists = end = 0
    for text in _TEXT.finditer(body):
        n_keys += text.group(1) is not None
        n_lists += _n_lists(body, end, text.start())
        end = text.end()
        if n_keys > MAX_KEYS:
            return Notice("too_many_keys", {"maximum": MAX_KEYS})
        if n_lists > MAX_LISTS:
            break
    if n_lists + _n_lists(body, end, len(body)) > MAX_LISTS:
        return Notice("too_many_lists", {"maximum": MAX_LISTS})
    return None


def _n_lists(body: bytes, start: int, end: int) -> int:
    return body.count(b"[", start, end) + body.count(b"{", start, end)


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the body; None if the client has gone."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_JSON_BYTES:
            raise TooLarge.than(MAX_JSON_BYTES)
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    # The rest of the body is not read: the connection cannot be used again
    await as_response(problem.document(), {**problem.headers, "Connection": "close"})(scope, receive, send)
