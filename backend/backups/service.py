"""Make and restore backups."""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import select

from backend.backups import rows
from backend.backups.manifest import (
    DATABASE,
    FILES,
    MANIFEST,
    BackupRefused,
    FileRecord,
    Manifest,
    copy_with_sum,
    files_below,
    sum_of,
    verify,
)
from backend.backups.moment import Moment, hold_moment, is_sqlite, keep_from_sweep, transient_names
from backend.jobs import leases
from backend.jobs.tables import Job
from backend.kit.db import database
from backend.kit.files import data_folder
from backend.kit.files.storage import remove_folder, write_through
from backend.kit.settings import Settings
from backend.kit.version import VERSION
from backend.potentials import fetch
from scattering.core.notices import Notice


def create(settings: Settings, folder: Path, *, potentials: bool = False, checkpoints: bool = False) -> Manifest:
    """Write a backup into a new folder, while the server and its workers run.

    The folder appears when it is complete. An interrupted backup leaves a hidden folder `.NAME.….part` without a
    manifest.

    Parameters
    ----------
    potentials, checkpoints
        See `backend.backups.moment.hold_moment`.

    Raises
    ------
    BackupRefused
        The folder exists, or is in the data folder, or the database is of another version.
    """
    folder = folder.absolute()
    if folder.exists():
        raise BackupRefused(Notice("backup_exists", {"folder": str(folder)}))
    if folder.is_relative_to(settings.data_dir):
        raise BackupRefused(Notice("backup_in_data_folder", {"folder": str(settings.data_dir)}))
    with database.engine(settings).execution_options(reading=True).connect() as connection:
        revision = rows.revision(connection)
    if revision != rows.newest_revision():
        raise BackupRefused(Notice("database_of_other_version"))
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.part")
    try:
        partial.mkdir(parents=True, mode=0o700)
        with hold_moment(settings, potentials=potentials, checkpoints=checkpoints) as moment:
            _copy_database(settings, moment.connection, partial / DATABASE)
            records = _copy_files(moment, partial)
        records[DATABASE] = sum_of(partial / DATABASE)
        manifest = Manifest(version=VERSION, revision=revision, created_at=datetime.now(UTC), files=records)
        written = partial / MANIFEST
        written.write_text(manifest.model_dump_json(indent=1) + "\n", "utf-8")
        write_through(written)
        partial.rename(folder)
    except BaseException:
        remove_folder(partial)
        raise
    return manifest


def _copy_database(settings: Settings, connection: Connection, path: Path) -> None:
    if is_sqlite(settings):
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        with closing(sqlite3.connect(path)) as target:
            # One step, within the snapshot that the connection has open
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
    else:
        with _migrated(settings, path) as copy, copy.begin():
            rows.copy_rows(connection, copy)
    write_through(path)


def _copy_files(moment: Moment, to: Path) -> dict[str, FileRecord]:
    records: dict[str, FileRecord] = {}
    for name in sorted(files_below(moment.files)):
        keep_from_sweep(moment)
        records[f"{FILES}/{name}"] = copy_with_sum(moment.files / name, to / FILES / name)
    return records


def restore(settings: Settings, folder: Path) -> Manifest:
    """Restore a backup into an empty installation, of whichever database; no server may run.

    Raises
    ------
    BackupRefused
        The installation is not empty or in use, or the backup is damaged or of a newer version.
    """
    manifest = verify(folder)
    if not rows.is_known(manifest.revision):
        raise BackupRefused(Notice("backup_of_newer_version", {"version": manifest.version}))
    try:
        with data_folder.hold(settings):
            _refuse_used(settings)
            _restore(settings, folder)
    except BlockingIOError:
        raise BackupRefused(Notice("data_folder_in_use", {"folder": str(settings.data_dir)})) from None
    return manifest


def _refuse_used(settings: Settings) -> None:
    ignored = transient_names(settings) | {fetch.FOLDER_NAME}
    for top in settings.data_dir.iterdir():
        if top.name not in ignored and (not top.is_dir() or any(files_below(top))):
            raise BackupRefused(Notice("installation_not_empty", {"folder": str(settings.data_dir)}))
    with database.engine(settings).execution_options(reading=True).connect() as connection:
        known = rows.revision(connection)
        if known is not None and (known != rows.newest_revision() or rows.has_rows(connection)):
            raise BackupRefused(Notice("installation_not_empty", {"folder": str(settings.data_dir)}))


def _restore(settings: Settings, folder: Path) -> None:
    staged = settings.staging_dir / f"restored-{uuid.uuid4().hex}"
    try:
        (staged / FILES).mkdir(parents=True)
        shutil.copyfile(folder / DATABASE, staged / DATABASE)
        if (folder / FILES).exists():
            shutil.copytree(folder / FILES, staged / FILES, dirs_exist_ok=True)
        os.sync()
        # The rows come last: files without rows are harmless
        shutil.copytree(staged / FILES, settings.data_dir, copy_function=os.replace, dirs_exist_ok=True)
        with _migrated(settings, staged / DATABASE) as source:
            database.migrate(settings)
            with database.engine(settings).begin() as target:
                rows.copy_rows(source, target)
        _hand_back_jobs(settings)
    finally:
        remove_folder(staged)


def _hand_back_jobs(settings: Settings) -> None:
    """Queue the jobs that were running. Their workers did not die, so it counts as no attempt."""
    with database.transaction(settings, reading=True) as session:
        running = session.exec(select(Job).where(Job.status == "running")).all()
    for job in running:
        assert job.lease is not None
        leases.release(leases.Lease(job.lease, job.id, job.kind, job.number, job.attempt, job.work))


@contextmanager
def _migrated(settings: Settings, path: Path) -> Iterator[Connection]:
    """Yield a connection to a file of SQLite, which is created or brought up to date."""
    of_file = settings.model_copy(update={"database_url": f"sqlite:///{path}"})
    database.migrate(of_file)
    engine = database.engine(of_file)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        # The last connection merges the journal into the file
        engine.dispose()
