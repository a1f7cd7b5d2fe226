"""Files that belong to rows: they come and go with the transaction that adds or deletes the row."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fastapi import UploadFile
from sqlmodel import Session

from backend.kit.db.database import on_commit, on_rollback
from backend.kit.http.errors import TooLarge, Unprocessable

CHUNK_BYTES = 1 << 20
ARRIVING = "arriving"
"""A file that keeps a folder from the sweep until its row is committed."""


def new_folder(session: Session, folder: Path) -> Path:
    """Make a folder that is gone again when the transaction is rolled back."""
    on_rollback(session, partial(shutil.rmtree, folder, ignore_errors=True))
    folder.mkdir(parents=True)
    return folder


def arriving_folder(session: Session, folder: Path) -> Path:
    """Make a folder among those that the sweep looks through, as `new_folder` does."""
    on_rollback(session, partial(shutil.rmtree, folder, ignore_errors=True))
    hidden = folder.with_name(f".{folder.name.replace('-', '')}")
    hidden.mkdir(parents=True)
    (hidden / ARRIVING).touch()
    hidden.rename(folder)
    on_commit(session, partial((folder / ARRIVING).unlink, missing_ok=True))
    return folder


def delete_folder(session: Session, folder: Path) -> None:
    """Remove a folder with all that is in it once the transaction is committed."""
    on_commit(session, partial(shutil.rmtree, folder, ignore_errors=True))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path that takes the place of `path` when the block ends well and is removed otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_upload(upload: UploadFile, max_bytes: int) -> bytes:
    """An uploaded file's bytes, at most so many.

    Raises
    ------
    TooLarge
        The file is larger; no more than `max_bytes` were read.
    Unprocessable
        The file is empty.
    """
    content = bytearray()
    while chunk := upload.file.read(min(CHUNK_BYTES, max_bytes + 1 - len(content))):
        content += chunk
        if len(content) > max_bytes:
            raise TooLarge.than(max_bytes)
    if not content:
        raise Unprocessable("The file is empty.", [{"loc": "file", "msg": "is empty"}])
    return bytes(content)


@dataclass(frozen=True)
class Received:
    """An uploaded file on disk, as long as the request lasts, and the sum of its bytes."""

    path: Path
    sha256: str


@contextmanager
def received(upload: UploadFile, max_bytes: int) -> Iterator[Received]:
    """An uploaded file that may be too large to be held in memory.

    Raises
    ------
    TooLarge
        The file is larger than `max_bytes`.
    Unprocessable
        The file is empty.
    """
    with tempfile.TemporaryDirectory(prefix="beamcast-") as folder:
        path = Path(folder) / "upload"
        digest = hashlib.sha256()
        size = 0
        with path.open("wb") as file:
            while chunk := upload.file.read(CHUNK_BYTES):
                size += len(chunk)
                if size > max_bytes:
                    raise TooLarge.than(max_bytes)
                digest.update(chunk)
                file.write(chunk)
        if not size:
            raise Unprocessable("The file is empty.", [{"loc": "file", "msg": "is empty"}])
        yield Received(path, digest.hexdigest())


def base_name(file_name: str, otherwise: str) -> str:
    """The name of an uploaded file without folders and what cannot be printed: for people, never a path."""
    base = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in base if char.isprintable()).strip()[:255] or otherwise


def as_attachment(file_name: str) -> dict[str, str]:
    """Headers of an uploaded file: it may hold anything, also HTML; it is saved, never shown, its type not guessed."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in file_name)
    return {"Content-Disposition": f'attachment; filename="{plain}"', "X-Content-Type-Options": "nosniff"}


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
