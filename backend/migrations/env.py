"""Alembic's entry: runs the revisions on the connection of `backend.kit.db.database.migrate`, or on its own."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from backend import all_tables
from backend.kit import settings
from backend.kit.db import database

assert all_tables  # imported for its tables


def _run(connection: object) -> None:
    context.configure(
        connection=connection,  # type: ignore[arg-type]
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite alters tables by copying them
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with database.engine(settings.current()).connect() as connection, database.migration(connection):
        _run(connection)
