"""Files that belong to rows: they come and go with the transaction that adds or deletes the row."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fastapi import UploadFile
from sqlmodel import Session

from backend.database import on_commit, on_rollback
from backend.errors import TooLarge, Unprocessable

CHUNK_BYTES = 1 << 20


def new_folder(session: Session, folder: Path) -> Path:
    """Make a folder that is gone again when the transaction is rolled back."""
    on_rollback(session, partial(shutil.rmtree, folder, ignore_errors=True))
    folder.mkdir(parents=True)
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


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
