"""The database: engine, transactions, migrations.

One request or one step of a task is one transaction; application code never commits. Actions that must happen only
after the commit (send wake-up messages, remove files), or only when it fails (remove files just written), are postponed
with `on_commit` and `on_rollback`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Pool, event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session, create_engine, func, select

from backend.kit.db.columns import utc_now
from backend.kit.db.write_queue import WriteQueue
from backend.kit.settings import Settings

logger = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 15_000
WRITE_TIMEOUT_S = 60.0
"""Time in which the turn of a writer comes, however many there are before it."""
TURN = "turn to write"
CONNECT_TIMEOUT_S = 5
KEEPALIVES = {"tcp_keepalives_idle": 20, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
"""Seconds, seconds, probes: PostgreSQL releases the locks of a silent client in less than a minute."""
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


_parents_pools: list[Pool] = []


@cache
def _engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        # Threads of requests limit the connections; one that waits for another would wait for its writer
        engine = create_engine(url, connect_args={"check_same_thread": False}, max_overflow=-1)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _end_turn)
    else:
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
        event.listen(engine, "connect", _set_up_postgresql)
    os.register_at_fork(after_in_child=partial(_leave_to_parent, engine))
    return engine


def _leave_to_parent(engine: Engine) -> None:
    # A forked child may neither use nor close the parent's connections: keep them aside
    _parents_pools.append(engine.pool)
    engine.dispose(close=False)
    # A thread of the parent may have its turn, and no such thread is here
    _write_queue.cache_clear()


def engine(settings: Settings) -> Engine:
    """Return the engine of the database of these settings; there is one in a process."""
    return _engine(settings.database_url)


def _set_up_sqlite(connection: Any, _: object) -> None:
    # The driver's own handling of transactions is off: it starts them too late for a consistent read
    connection.isolation_level = None
    # SQLite's own function knows the letters of ASCII only
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _lower(text: Any) -> str | None:
    return None if text is None else str(text).lower()


def _set_up_postgresql(connection: Any, _: object) -> None:
    # A machine that vanishes within a transaction holds its locks until the server notices, by default after two hours
    with connection.cursor() as cursor:
        for setting, value in KEEPALIVES.items():
            cursor.execute(f"SET {setting} = {value}")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("reading", False):
        connection.exec_driver_sql("BEGIN")
        return
    queue = _write_queue(str(connection.engine.url))
    if not queue.acquire(WRITE_TIMEOUT_S):
        raise OperationalError("BEGIN IMMEDIATE", None, TimeoutError("too many writers"))
    connection.info[TURN] = queue
    # A read that becomes a write cannot wait for another writer (its snapshot is stale): lock at once
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@cache
def _write_queue(url: str) -> WriteQueue:
    return WriteQueue()


def _end_turn(_: Any, record: ConnectionPoolEntry) -> None:
    """Let the next writer begin: the pool has its connection back, so its transaction is complete."""
    if queue := record.info.pop(TURN, None):
        queue.release()


@contextmanager
def transaction(settings: Settings, *, reading: bool = False) -> Iterator[Session]:
    """Open a transaction, which is committed at the end and rolled back on any error."""
    bind = engine(settings)
    if reading:
        bind = bind.execution_options(reading=True)
    with Session(bind, expire_on_commit=False) as session:
        session.info["settings"] = settings
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            _run_postponed(session, "on_rollback")
            raise
        _run_postponed(session, "on_commit")


def clock(session: Session) -> datetime:
    """Return the time of the database server in UTC, which all machines share; with SQLite that of this machine."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    now: datetime = session.exec(select(func.clock_timestamp())).one()
    # PostgreSQL answers in the time zone of the session
    return now.astimezone(UTC)


def on_commit(session: Session, action: Callable[[], object]) -> None:
    """Run an action after the transaction is committed; forget it if the transaction is rolled back."""
    session.info.setdefault("on_commit", []).append(action)


def on_rollback(session: Session, action: Callable[[], object]) -> None:
    """Run an action when the transaction is rolled back."""
    session.info.setdefault("on_rollback", []).append(action)


def _run_postponed(session: Session, when: str) -> None:
    for action in session.info.pop(when, ()):
        try:
            action()
        except Exception:
            # The transaction is complete: the sweep sends a lost message again, and a leftover file only takes space
            logger.exception("%s action failed", when)


def migrate(settings: Settings) -> None:
    """Create the database, or migrate it to the newest revision."""
    from alembic import command
    from alembic.config import Config

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine(settings).connect() as connection, migration(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def migration(connection: Connection) -> Iterator[None]:
    """Open a transaction for migrations, in which tables can be copied without a loss of the rows that refer to them.

    SQLite alters a table by dropping it after it was copied, and drops with it the rows that refer to it. Foreign keys
    are therefore off, and checked at the end.

    Raises
    ------
    IntegrityError
        A row refers to a row that does not exist.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        _set_foreign_keys(connection, "OFF")
    try:
        with connection.begin():
            yield
            if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise IntegrityError("PRAGMA foreign_key_check", None, ValueError(f"a lost reference: {tuple(broken)}"))
    finally:
        if is_sqlite:
            _set_foreign_keys(connection, "ON")


def _set_foreign_keys(connection: Connection, state: str) -> None:
    # Past SQLAlchemy, which would begin a transaction, in which SQLite ignores this
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys = {state}")
    cursor.close()
