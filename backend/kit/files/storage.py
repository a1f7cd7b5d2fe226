"""Files that belong to rows: they are created and removed with the transaction that adds or deletes the row."""

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
from backend.kit.settings import Settings
from scattering.core.notices import Notice

CHUNK_BYTES = 1 << 20
ARRIVING = "arriving"
"""Name of a file that protects a folder from the sweep until its row is committed."""


def new_folder(session: Session, folder: Path) -> Path:
    """Make a folder that is removed if the transaction is rolled back."""
    on_rollback(session, partial(shutil.rmtree, folder, ignore_errors=True))
    folder.mkdir(parents=True)
    return folder


def arriving_folder(session: Session, folder: Path) -> Path:
    """Make a folder like `new_folder`, protected from the sweep that looks through its parent."""
    on_rollback(session, partial(shutil.rmtree, folder, ignore_errors=True))
    hidden = folder.with_name(f".{folder.name.replace('-', '')}")
    hidden.mkdir(parents=True)
    (hidden / ARRIVING).touch()
    hidden.rename(folder)
    on_commit(session, partial((folder / ARRIVING).unlink, missing_ok=True))
    return folder


@contextmanager
def staging(settings: Settings) -> Iterator[Path]:
    """Yield an empty folder on the disk of the data, for files that are moved to their place within a transaction.

    Writing takes seconds, and a transaction that lasts for seconds makes other writers wait.
    """
    folder = settings.staging_dir / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        remove_folder(folder)


def move_folder(session: Session, staged: Path, folder: Path) -> Path:
    """Move a staged folder to its place; it is removed if the transaction is rolled back."""
    on_rollback(session, partial(shutil.rmtree, folder, ignore_errors=True))
    folder.parent.mkdir(parents=True, exist_ok=True)
    # On the same disk it is renamed
    shutil.move(staged, folder)
    return folder


def link_or_copy(path: Path, to: Path) -> None:
    """Give a file that is never changed another place too: by a link, or on another disk by a copy."""
    try:
        os.link(path, to)
    except OSError:
        shutil.copyfile(path, to)


def write_through(path: Path) -> None:
    """Wait until a file is on the disk, so that a power cut does not leave a row without its file."""
    with path.open("rb") as written:
        os.fsync(written.fileno())


def delete_folder(session: Session, folder: Path) -> None:
    """Remove a folder with its contents after the transaction is committed."""
    on_commit(session, partial(shutil.rmtree, folder, ignore_errors=True))


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` if the block succeeds, and is removed otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        yield temporary
        write_through(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_upload(upload: UploadFile, max_bytes: int) -> bytes:
    """Return the bytes of an uploaded file, at most `max_bytes`.

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
        raise Unprocessable.at("file", Notice("empty_file"))
    return bytes(content)


@dataclass(frozen=True)
class Received:
    """An uploaded file on disk, kept for the duration of the request, and its checksum."""

    path: Path
    sha256: str


@contextmanager
def receive_upload(upload: UploadFile, max_bytes: int, *, loc: str = "file") -> Iterator[Received]:
    """Write an uploaded file, which may be too large for the memory, to a temporary file; `loc` is its form field.

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
            raise Unprocessable.at(loc, Notice("empty_file"))
        yield Received(path, digest.hexdigest())


def base_name(file_name: str, otherwise: str) -> str:
    """Return the name of an uploaded file for display, without folders and unprintable characters; never a path."""
    base = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in base if char.isprintable()).strip()[:255] or otherwise


def as_attachment(file_name: str) -> dict[str, str]:
    """Return headers that make a browser save a file: it may hold anything, such as HTML, and must not be displayed."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in file_name)
    return {"Content-Disposition": f'attachment; filename="{plain}"', "X-Content-Type-Options": "nosniff"}


def remove_folder(folder: Path) -> None:
    """Remove a folder with its contents, if it exists."""
    shutil.rmtree(folder, ignore_errors=True)
