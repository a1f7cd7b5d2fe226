"""Startup before the first request: bring the database up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backend.kit.db import database
from backend.kit.settings import Settings
from backend.potentials import catalogue

LOCK_NUMBER = 0x6265616D
"""Number of the advisory lock; arbitrary, but the same in every version ("beam")."""


def prepare(settings: Settings) -> None:
    """Create or migrate the database and register the pretrained potentials; several servers may do so at once."""
    with _exclusive(settings):
        database.migrate(settings)
        with database.transaction(settings) as session:
            catalogue.register(session, settings)


@contextmanager
def _exclusive(settings: Settings) -> Iterator[None]:
    """Make other servers of this database wait. SQLite needs no lock here: each step begins with its own lock."""
    engine = database.engine(settings)
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The lock ends with the connection, also after an error
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK_NUMBER})")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK_NUMBER})")
