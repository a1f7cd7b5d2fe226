"""Keep the database and the data folder as they are at one moment, while the server and its workers run.

Files of a row are in their place before it is committed, and are removed after its deletion is committed. While nobody
may commit, every file of every row therefore exists. In that time the files get a second name by a hard link, which
takes some microseconds each and survives their removal, and a snapshot of the database is opened. Both are copied
afterwards, while others write again.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from backend import all_tables
from backend.backups.manifest import BackupRefused
from backend.jobs.graph import ORDER
from backend.jobs.work import WORK_FOLDER
from backend.kit.db import database
from backend.kit.files.data_folder import LOCK_FILE
from backend.kit.files.storage import link_or_copy, remove_folder
from backend.kit.settings import SQLITE_FILE, Settings
from backend.potentials import fetch
from scattering.core.notices import Notice

assert all_tables  # imported for its tables

JOB_FOLDER: Final = re.compile(rf"({'|'.join(ORDER)})-\d+")
"""Name of the folder of one job in the folder of a work: checkpoints and displacements, for later attempts."""
LOCK_WAIT_MS: Final = 900
"""PostgreSQL looks for a deadlock after 1 s. A backup gives up before, so that no request is ended in its place."""
LOCK_WITHIN_S: Final = 60.0
LOCK_AGAIN_AFTER_S: Final = 0.2


@dataclass(frozen=True)
class Moment:
    """The state of an installation at one moment.

    Attributes
    ----------
    connection
        Reads the database as it was.
    files
        Folder of links to the files of the data folder.
    """

    connection: Connection
    files: Path


def transient_names(settings: Settings) -> frozenset[str]:
    """Return the names in the data folder of what is no part of a backup.

    They are the database itself, the lock, messages, files that are being received, and caches.
    """
    folders = (settings.broker_dir, settings.scratch_dir, settings.staging_dir, settings.previews_dir)
    database_files = (SQLITE_FILE + end for end in ("", "-wal", "-shm", "-journal"))
    return frozenset({*(folder.name for folder in folders), *database_files, LOCK_FILE})


@contextmanager
def hold_moment(settings: Settings, *, potentials: bool, checkpoints: bool) -> Iterator[Moment]:
    """Yield the state of now. Others wait for their turn to write only until this yields.

    Parameters
    ----------
    potentials
        Keep the downloaded potentials and those that the operator added to the data folder.
    checkpoints
        Keep the folders of running jobs, with their checkpoints and displacements.

    Raises
    ------
    BackupRefused
        Others write without a pause.
    """
    # The sweep removes it if this process dies
    staged = settings.staging_dir / f"backup-{uuid.uuid4().hex}"
    staged.mkdir(parents=True)
    left_out = transient_names(settings) | (set() if potentials else {fetch.FOLDER_NAME})
    bind = database.engine(settings).execution_options(reading=True)
    if not is_sqlite(settings):
        bind = bind.execution_options(isolation_level="REPEATABLE READ")
    try:
        with bind.connect() as connection, connection.begin():
            with _nobody_writes(settings):
                # PostgreSQL and SQLite open the snapshot at the first statement
                connection.exec_driver_sql("SELECT count(*) FROM alembic_version")
                _link_files(settings.data_dir, staged, left_out, checkpoints=checkpoints)
            yield Moment(connection, staged)
    finally:
        remove_folder(staged)


def keep_from_sweep(moment: Moment) -> None:
    """Tell the sweep, which removes old folders of files that arrive, that this one is in use."""
    os.utime(moment.files)


def is_sqlite(settings: Settings) -> bool:
    """Return whether the database is a file of SQLite."""
    return database.engine(settings).dialect.name == "sqlite"


@contextmanager
def _nobody_writes(settings: Settings) -> Iterator[None]:
    if is_sqlite(settings):
        with database.engine(settings).connect() as connection, connection.begin():
            yield
        return
    tables = ", ".join(table.name for table in SQLModel.metadata.sorted_tables)
    with database.engine(settings).connect() as connection:
        deadline = time.monotonic() + LOCK_WITHIN_S
        while not _lock(connection, tables):
            if time.monotonic() > deadline:
                raise BackupRefused(Notice("database_written_without_pause", {"seconds": LOCK_WITHIN_S}))
            time.sleep(LOCK_AGAIN_AFTER_S)
        try:
            yield
        finally:
            connection.rollback()


def _lock(connection: Connection, tables: str) -> bool:
    """Begin a transaction in which nobody else writes to the tables; return False if others hold them for too long."""
    try:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS}")
        connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE MODE")
    except OperationalError:
        connection.rollback()
        return False
    return True


def _link_files(folder: Path, to: Path, left_out: frozenset[str], *, checkpoints: bool) -> None:
    for top in sorted(folder.iterdir()):
        if top.name in left_out:
            continue
        if not top.is_dir():
            _link(top, to / top.name)
            continue
        for place, folders, names in os.walk(top):
            if not checkpoints and os.path.basename(place) == WORK_FOLDER:
                folders[:] = [name for name in folders if not JOB_FOLDER.fullmatch(name)]
            target = to / Path(place).relative_to(folder)
            target.mkdir(parents=True, exist_ok=True)
            for name in names:
                _link(Path(place, name), target / name)


def _link(path: Path, to: Path) -> None:
    # A file that vanishes belonged to a row whose deletion is committed. Links and pipes are none of ours
    with contextlib.suppress(FileNotFoundError):
        if path.is_file() and not path.is_symlink():
            link_or_copy(path, to)
