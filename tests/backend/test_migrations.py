"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

import datetime
import uuid
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Column, MetaData
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from backend import all_tables
from backend.kit.db import database
from backend.kit.settings import Settings

assert all_tables


def test_newest_revision_is_what_the_tables_declare(settings: Settings) -> None:
    with database.engine(settings).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_rows_that_refer_to_a_copied_table_stay(tmp_path: Path) -> None:
    """Revision 0015 copies the table of predictions, to which jobs refer with a cascade."""
    fresh = Settings(data_dir=tmp_path)
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    made = {name: uuid.uuid4().hex for name in ("structures", "models", "predictions", "jobs")}
    with database.engine(fresh).connect() as connection, database.migration(connection):
        config.attributes["connection"] = connection
        command.upgrade(config, "0014")
        tables = MetaData()
        tables.reflect(connection)
        ids = {"structure_id": made["structures"], "model_id": made["models"], "prediction_id": made["predictions"]}
        for name, row_id in made.items():
            columns = {one.name: ids.get(one.name, _value(one)) for one in tables.tables[name].columns}
            connection.execute(tables.tables[name].insert().values(**{**columns, "id": row_id}))
    database.migrate(fresh)
    with database.engine(fresh).connect() as connection:
        for name, row_id in made.items():
            found = connection.exec_driver_sql(f"SELECT id FROM {name}").scalars().all()
            assert found == [row_id], name
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("SELECT source_id FROM predictions").scalars().all() == [None]


def _value(column: Column[Any]) -> Any:
    """Return a value of the type of a column; no row with an id is referred to."""
    if column.nullable or column.foreign_keys:
        return None
    if isinstance(column.type, JSON):
        return {}
    kind = column.type.python_type
    return datetime.datetime.now(datetime.UTC) if kind is datetime.datetime else kind()


def test_a_lost_reference_ends_a_migration(settings: Settings) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL checks foreign keys at all times")
    with database.engine(settings).connect() as connection:
        with pytest.raises(IntegrityError), database.migration(connection):
            connection.exec_driver_sql("INSERT INTO proposal_predictions (proposal_id, item_id) VALUES ('a', 'b')")
        assert connection.connection.cursor().execute("PRAGMA foreign_keys").fetchone() == (1,)
    with database.engine(settings).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM proposal_predictions").scalar() == 0
