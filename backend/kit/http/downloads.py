"""Files as answers: whole, or ranges of them; a refused range is a problem document as every refusal is."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

import anyio
from fastapi.responses import FileResponse
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from backend.kit.http.errors import BadRequest, Problem, RangeNotSatisfiable, as_response
from scattering.core.notices import Notice


class FileDownload(FileResponse):
    """A file as an answer.

    Attributes
    ----------
    chunk_size
        Bytes that are read at once, on a thread: with fewer, a large file needs many changes of threads.

    Parameters
    ----------
    path
        The file.
    media_type, headers
        As of any response.
    is_temporary
        The file is removed however the answer ends: sent, refused, or cut off by the client.
    """

    chunk_size = 256 * 1024

    def __init__(
        self,
        path: Path,
        # FastAPI reads its default for the documentation
        status_code: int = HTTPStatus.OK,
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        is_temporary: bool = False,
    ) -> None:
        super().__init__(path, status_code, media_type=media_type, headers=headers)
        self._is_temporary = is_temporary

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, the range that the request asks for, or the refusal of this range."""
        is_refused = False

        async def send_or_refuse(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] >= 400:
                is_refused = True
                headers = Headers(raw=message["headers"])
                size = headers.get("content-range")
                await as_response(_refusal(size).document(), {"Content-Range": size} if size else None)(
                    scope, receive, send
                )
            elif not is_refused:
                await send(message)

        try:
            await super().__call__(scope, receive, send_or_refuse)
        finally:
            if self._is_temporary:
                # Also when the client has gone, and this task is cancelled
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(lambda: Path(self.path).unlink(missing_ok=True))


def _refusal(content_range: str | None) -> Problem:
    """Return the problem of a range: outside a file, whose size `Content-Range` states, or not a range."""
    if content_range is None:
        return BadRequest(Notice("invalid_range"))
    return RangeNotSatisfiable(Notice("range_not_satisfiable", {"size": int(content_range.rpartition("/")[2])}))
