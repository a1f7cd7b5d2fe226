"""Making, finding, ending and expiring of resumable uploads."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from sqlmodel import Session, col, func, select

from backend.kit.db.database import clock, on_commit, on_rollback, transaction
from backend.kit.db.owners import Scope
from backend.kit.files.storage import base_name
from backend.kit.http.errors import Conflict, DiskFull, TooLarge
from backend.kit.settings import Settings
from backend.uploads import parts
from backend.uploads.tables import Upload
from scattering.core.notices import Notice

NOUN: Final = "upload"
ABANDONED_S: Final = 3600.0
"""Age from which a file without a row is removed."""
MIN_FREE_BYTES: Final = 256 * 1024**2
"""Space that an upload leaves on the disk: jobs of others need some."""


def create(scope: Scope, n_bytes: int, metadata: Mapping[str, str]) -> Upload:
    """Make an upload of a file with so many bytes.

    Raises
    ------
    TooLarge
        The file is larger than a trajectory may be, or the uploads would be together.
    DiskFull
        The disk has no space for it.
    """
    settings = scope.settings
    if n_bytes > settings.max_trajectory_bytes:
        raise TooLarge.than(settings.max_trajectory_bytes)
    of_owner = _stored_bytes(scope.session, scope.owner)
    if of_owner + n_bytes > settings.max_owner_uploads_bytes:
        raise _over_quota("owner", of_owner, settings.max_owner_uploads_bytes)
    of_all = _stored_bytes(scope.session)
    if of_all + n_bytes > settings.max_uploads_bytes:
        raise _over_quota("all", of_all, settings.max_uploads_bytes)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(settings.data_dir).free < n_bytes + MIN_FREE_BYTES:
        raise DiskFull(Notice("no_space_for_upload", {"mib": n_bytes / 2**20}))
    row = Upload(
        name=base_name(metadata.get("filename", metadata.get("name", "")), "file"),
        n_bytes=n_bytes,
        extra=dict(metadata),
        touched_at=clock(scope.session),
    )
    path = settings.upload_path(row.id)
    with parts.new_file(path):
        on_rollback(scope.session, partial(path.unlink, missing_ok=True))
        return scope.add(row)


def _stored_bytes(session: Session, owner: str | None = None) -> int:
    statement = select(func.coalesce(func.sum(Upload.n_bytes), 0))
    if owner is not None:
        statement = statement.where(Upload.owner == owner)
    return int(session.exec(statement).one())


def _over_quota(whose: str, used: int, maximum: int) -> TooLarge:
    sizes = {"used_mib": used / 2**20, "maximum_mib": maximum / 2**20}
    return TooLarge(Notice("upload_quota", {"whose": whose, **sizes}))


def get(scope: Scope, upload_id: uuid.UUID) -> Upload:
    """Return the upload with this id."""
    return scope.get(Upload, upload_id, NOUN)


def unfinished(scope: Scope) -> list[Upload]:
    """Return the uploads of the owner, newest first."""
    statement = scope.select(Upload).order_by(col(Upload.created_at).desc())
    return list(scope.session.exec(statement).all())


def offset(settings: Settings, row: Upload) -> int:
    """Return the number of bytes of an upload that have arrived."""
    return parts.offset_of(settings.upload_path(row.id), row.id)


def expires_at(settings: Settings, row: Upload) -> datetime:
    """Return the time at which an upload is removed if no part of it comes before."""
    return row.touched_at + timedelta(hours=settings.upload_expires_h)


def touch(settings: Settings, owner: str, upload_id: uuid.UUID) -> Upload:
    """Note that a part has arrived, and return the upload.

    Raises
    ------
    NotFound
        It was removed meanwhile.
    """
    with transaction(settings) as session:
        row = Scope(session, owner).get_own(Upload, upload_id, NOUN, lock=True)
        row.touched_at = clock(session)
        session.add(row)
    return row


def delete(scope: Scope, upload_id: uuid.UUID) -> None:
    """Delete an upload and its file."""
    row = scope.get_own(Upload, upload_id, NOUN, lock=True)
    discard(scope.session, scope.settings, [row.id])


def finished(scope: Scope, upload_id: uuid.UUID) -> tuple[Upload, Path]:
    """Return an upload whose file is complete, and the place of the file.

    Raises
    ------
    Conflict
        Bytes are missing.
    """
    row = get(scope, upload_id)
    arrived = offset(scope.settings, row)
    if arrived != row.n_bytes:
        raise Conflict(Notice("upload_incomplete", {"name": row.name, "n_found": arrived, "n_expected": row.n_bytes}))
    return row, scope.settings.upload_path(row.id)


def discard(session: Session, settings: Settings, upload_ids: Iterable[uuid.UUID]) -> None:
    """Delete uploads whose files are not needed any more, as far as they exist."""
    for upload_id in upload_ids:
        if (row := session.get(Upload, upload_id)) is not None:
            session.delete(row)
        on_commit(session, partial(settings.upload_path(upload_id).unlink, missing_ok=True))


def remove_expired(settings: Settings) -> None:
    """Remove the uploads of which no part has come for long, and files without a row."""
    files = {path.name: path for path in settings.upload_path("*").parent.glob("*-*-*-*-*")}
    with transaction(settings) as session:
        before = clock(session) - timedelta(hours=settings.upload_expires_h)
        discard(session, settings, session.exec(select(Upload.id).where(Upload.touched_at < before)).all())
        known = {str(one) for one in session.exec(select(Upload.id))}
    # Files were listed before their rows, and a file is there only shortly before its row
    for name, path in files.items():
        if name not in known and _is_old(path):
            path.unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except FileNotFoundError:
        return False
