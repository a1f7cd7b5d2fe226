"""Limits on the size of requests: of uploaded files by path, of all other bodies the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers

from backend.kit.settings import Settings
from scattering.core.notices import Notice

FORM: Final = "multipart/form-data"
FORM_OVERHEAD_BYTES: Final = 64 * 1024
MAX_JSON_BYTES: Final = 1024**2
"""Largest size of a body without a file. The largest useful one, 100 000 energies, is shorter."""
RESUMABLE: Final = "/api/v1/uploads/"
"""Begin of the paths to which parts of a resumable upload are sent."""
OFFSET_STREAM: Final = "application/offset+octet-stream"
UPLOADS: Final[Mapping[str, str]] = {
    "/api/v1/structures": "max_upload_bytes",
    "/api/v1/structures/ordered-cells": "max_upload_bytes",
    "/api/v1/label-sets": "max_upload_bytes",
    "/api/v1/potentials": "max_upload_bytes",
    "/api/v1/models": "max_upload_bytes",
    "/api/v1/datasets": "max_dataset_bytes",
    "/api/v1/datasets/preview": "max_dataset_bytes",
    "/api/v1/proposals/import": "max_proposal_bytes",
    "/api/v1/sources": "max_source_bytes",
    "/api/v1/sources/preview": "max_source_bytes",
}
"""Paths to which files are uploaded → setting with the largest size of the file, or of all files together."""
OF_SEVERAL_FILES: Final = frozenset({"/api/v1/sources", "/api/v1/sources/preview"})
"""Paths to which several files are uploaded together."""


def is_upload(path: str, headers: Headers) -> bool:
    """Return whether a request is a form with a file, at a path that takes files."""
    return path in UPLOADS and headers.get("content-type", "").lower().startswith(FORM)


def is_resumable(path: str, headers: Headers) -> bool:
    """Return whether a request is a part of a resumable upload."""
    return path.startswith(RESUMABLE) and headers.get("content-type", "").lower() == OFFSET_STREAM


def max_file_bytes(settings: Settings, path: str) -> int:
    """Return the largest size in bytes of a file that is uploaded to a path."""
    largest: int = getattr(settings, UPLOADS[path])
    return max(largest, settings.max_upload_bytes)


def max_stated_bytes(settings: Settings, path: str, headers: Headers) -> int:
    """Return the limit in bytes that a refusal states: of the file, or of the body where there is no file."""
    if is_resumable(path, headers):
        return settings.max_trajectory_bytes
    return max_file_bytes(settings, path) if is_upload(path, headers) else MAX_JSON_BYTES


def max_body_bytes(settings: Settings, path: str, headers: Headers) -> int:
    """Return the largest size in bytes of a request, with the overhead of its form."""
    return max_stated_bytes(settings, path, headers) + FORM_OVERHEAD_BYTES * is_upload(path, headers)


def too_many_bytes(max_bytes: int) -> Notice:
    """Return the notice that a file or a request has more than `max_bytes`."""
    return Notice("too_many_bytes", {"maximum_mib": max_bytes / 2**20})


def size_refusal(settings: Settings, path: str, headers: Headers) -> Notice:
    """Return the notice that a request is too large."""
    largest = max_stated_bytes(settings, path, headers)
    if path in OF_SEVERAL_FILES:
        return Notice("too_large", {"quantity": "upload_mib", "n_found": None, "maximum": largest // 2**20})
    return too_many_bytes(largest)
