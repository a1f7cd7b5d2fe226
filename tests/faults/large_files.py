"""Trajectories that a job has to read, and their resumable uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from tests.faults.stack import Stack, until

TUS = {"Tus-Resumable": "1.0.0"}


def begin(stack: Stack, file: Path) -> str:
    """Begin an upload; its id."""
    answer = stack.client.post("/uploads", headers={**TUS, "Upload-Length": str(file.stat().st_size)})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def append(stack: Stack, upload: str, offset: int, content: bytes | Iterable[bytes]) -> httpx.Response:
    """Send a part."""
    stated = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return stack.client.patch(f"/uploads/{upload}", headers=stated, content=content)


def offset_of(stack: Stack, upload: str) -> int:
    """Where the server wants an upload to go on."""
    return int(stack.client.head(f"/uploads/{upload}", headers=TUS).raise_for_status().headers["Upload-Offset"])


def send(stack: Stack, file: Path) -> str:
    """Upload a file; its id."""
    upload = begin(stack, file)
    assert append(stack, upload, 0, file.read_bytes()).status_code == 204
    return upload


def read(stack: Stack, upload: str) -> dict[str, Any]:
    """Ask for a source of an upload."""
    answer = stack.client.post("/sources", data={"uploads": upload})
    assert answer.status_code in (201, 202), answer.text
    return dict(answer.json())


def final(stack: Stack, source: str) -> dict[str, Any]:
    """The source when its reading has ended."""

    def now() -> dict[str, Any]:
        return dict(stack.client.get(f"/sources/{source}").raise_for_status().json())

    until(lambda: now()["status"] not in ("queued", "running"), lambda: f"it is read: {now()}", every_s=0.3)
    return now()


def sum_of(file: Path) -> str:
    """Its SHA-256."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def left(stack: Stack) -> list[Path]:
    """Files of uploads and of readings on the disk."""
    folders = ("uploads", "readings", "arriving")
    return [path for name in folders for path in (stack.settings.data_dir / name).rglob("*") if path.is_file()]
