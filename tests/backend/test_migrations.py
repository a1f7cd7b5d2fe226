"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from backend import all_tables
from backend.kit.db import database
from backend.kit.settings import Settings

assert all_tables


def test_newest_revision_is_what_the_tables_declare(settings: Settings) -> None:
    with database.engine(settings).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
