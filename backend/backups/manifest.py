"""The manifest of a backup: its version, and the size and SHA-256 of each file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scattering.core.notices import Notice

MANIFEST: Final = "manifest.json"
DATABASE: Final = "beamcast.db"
"""The rows, in a file of SQLite whatever database the server uses."""
FILES: Final = "data"
"""Folder of the files of the data folder."""
CHUNK_BYTES: Final = 1 << 20


class BackupRefused(Exception):
    """A backup cannot be made, or not be restored; the notice says why."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.code)
        self.notice = notice


class FileRecord(BaseModel):
    """A file of a backup."""

    model_config = ConfigDict(frozen=True)

    n_bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds. It is written last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    version: str
    revision: str
    created_at: datetime
    files: dict[str, FileRecord]


def copy_with_sum(source: Path, target: Path) -> FileRecord:
    """Copy the bytes of a file to the disk, and return their number and sum."""
    digest, n_bytes = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(CHUNK_BYTES):
            digest.update(chunk)
            writing.write(chunk)
            n_bytes += len(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return FileRecord(n_bytes=n_bytes, sha256=digest.hexdigest())


def sum_of(path: Path) -> FileRecord:
    """Return the size and sum of a file."""
    with path.open("rb") as file:
        return FileRecord(sha256=hashlib.file_digest(file, "sha256").hexdigest(), n_bytes=path.stat().st_size)


def files_below(folder: Path) -> Iterator[str]:
    """Yield the paths of all files below a folder, relative to it."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield (Path(place) / name).relative_to(folder).as_posix()


def verify(backup: Path) -> Manifest:
    """Return the manifest of a backup after every file was compared with it.

    Raises
    ------
    BackupRefused
        It is no backup, or a file is missing, changed, or not in the manifest.
    """
    try:
        manifest = Manifest.model_validate_json((backup / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise BackupRefused(Notice("backup_without_manifest", {"folder": str(backup)})) from None
    except ValidationError:
        raise BackupRefused(Notice("backup_damaged", {"file": MANIFEST})) from None
    there = set(files_below(backup)) - {MANIFEST}
    if differing := there.symmetric_difference(manifest.files):
        raise BackupRefused(Notice("backup_damaged", {"file": min(differing)}))
    for name, record in manifest.files.items():
        if sum_of(backup / name) != record:
            raise BackupRefused(Notice("backup_damaged", {"file": name}))
    return manifest
