"""Copy the rows of all tables from one database into another, as they are stored, also to another kind of database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Insert,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from backend import all_tables
from backend.health.tables import WorkerHeartbeat
from backend.kit.db.database import MIGRATIONS
from backend.kit.db.owners import EVERYONE

assert all_tables  # imported for its tables

ROWS_AT_ONCE: Final = 500
HEARTBEATS: Final = SQLModel.metadata.tables[WorkerHeartbeat.__tablename__]


def revision(connection: Connection) -> str | None:
    """Return the revision of the tables of a database; None of a database without tables of Beamcast."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """Return the revision that this version of Beamcast makes."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head is not None
    return head


def is_known(revision: str) -> bool:
    """Return whether this version of Beamcast can update tables of a revision."""
    return revision in {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def has_rows(connection: Connection) -> bool:
    """Return whether the tables hold anything but the built-in potentials, which every server registers."""
    for table in SQLModel.metadata.sorted_tables:
        statement = select(func.count()).select_from(table)
        if "owner" in table.c:
            statement = statement.where(table.c.owner != EVERYONE)
        if table is not HEARTBEATS and connection.execute(statement).scalar_one():
            return True
    return False


def copy_rows(source: Connection, target: Connection) -> None:
    """Replace the rows of all tables by those of another database; both are at the newest revision.

    Heartbeats are left out: no worker of then is a worker of now.
    """
    for table in reversed(SQLModel.metadata.sorted_tables):
        target.execute(table.delete())
    for table in (one for one in SQLModel.metadata.sorted_tables if one is not HEARTBEATS):
        statement = _insertion(table, target)
        for rows in source.execute(_selection(table)).mappings().partitions(ROWS_AT_ONCE):
            target.execute(statement, [_renamed(row) for row in rows])


def _selection(table: Table) -> Any:
    # As text: read as JSON, an SQL NULL and a JSON null are the same
    return select(*(cast(one, Text).label(one.name) if _is_json(one) else one for one in table.columns))


def _insertion(table: Table, target: Connection) -> Insert:
    return insert(table).values({one.name: _value(one, target) for one in table.columns})


def _value(column: Column[Any], target: Connection) -> ColumnElement[Any]:
    if not _is_json(column):
        return bindparam(_parameter(column.name), type_=column.type)
    text = bindparam(_parameter(column.name), type_=Text())
    # SQLite keeps JSON as text, and would make numbers of it in a cast
    return text if target.dialect.name == "sqlite" else cast(text, JSON())


def _renamed(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {_parameter(name): value for name, value in row.items()}


def _parameter(name: str) -> str:
    # A parameter may not have the name of a column of its statement
    return f"new_{name}"


def _is_json(column: Column[Any]) -> bool:
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(kind, JSON)
