"""What is done once, before the first request: the database is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backend.kit.db import database
from backend.kit.settings import Settings
from backend.potentials import catalogue

LOCK = 0x6265616D
"""Any number, as long as it stays the same ("beam")."""


def prepare(settings: Settings) -> None:
    """Create or migrate the database, and give the pretrained potentials their rows; others may do so as well now."""
    with _alone(settings):
        database.migrate(settings)
        with database.transaction(settings) as session:
            catalogue.register(session)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep other servers of this database waiting. SQLite's own lock is enough: each step begins by taking it."""
    engine = database.engine(settings)
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Freed with the connection, whatever happens
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
        try:
            yield
        finally:
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({LOCK})")
