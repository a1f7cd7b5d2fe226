"""Limits on the size of requests, by path: measured data and proposals may be larger than other uploads."""

from __future__ import annotations

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.kit.settings import Settings

DATASETS = "/api/v1/datasets"
UPLOADS = frozenset({DATASETS, f"{DATASETS}/preview"})
"""Paths to which files of measured data are uploaded."""
PROPOSALS = "/api/v1/proposals/import"

FORM_OVERHEAD_BYTES = 64 * 1024


def max_file_bytes(settings: Settings, path: str) -> int:
    """Return the largest size in bytes of a file that is uploaded to a path."""
    if path == PROPOSALS:
        return settings.max_proposal_bytes
    largest = max(settings.max_dataset_bytes, settings.max_upload_bytes)
    return largest if path in UPLOADS else settings.max_upload_bytes


def max_body_bytes(settings: Settings, path: str) -> int:
    """Return the largest size in bytes of a request to a path, with the overhead of its form.

    The pages upload files as base64, which is a third longer; larger files are uploaded to the API unencoded.
    """
    as_base64 = settings.max_upload_bytes * 4 // 3
    return max(max_file_bytes(settings, path), as_base64) + FORM_OVERHEAD_BYTES


class BodyLimit:
    """Middleware that counts the bytes of requests that do not state their length; `Guard` checks the others."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._usual = RequestBodyLimitMiddleware(app, max_body_bytes(settings, "/"))
        larger = {path: max_body_bytes(settings, path) for path in (*UPLOADS, PROPOSALS)}
        self._larger = {path: RequestBodyLimitMiddleware(app, limit) for path, limit in larger.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on through the limit of its path."""
        await self._larger.get(scope.get("path", ""), self._usual)(scope, receive, send)
