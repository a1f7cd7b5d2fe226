"""Column types and mix-ins that the tables of all subjects share.

Assign a JSON column anew instead of changing it in place: SQLAlchemy does not notice a change inside it.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from scattering.core.notices import Notice


def utc_now() -> datetime:
    """Return the current time, with its time zone."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite drops time zones; this type restores UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class NoticeColumn(TypeDecorator[Notice]):
    """A notice, or NULL. A query reads its code as `col(Table.column)["code"].as_string()`."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Read an index as JSON does: it is a text, not a notice."""
        return self.impl_instance.coerce_compared_value(op, value)

    def process_bind_param(self, value: Notice | None, dialect: Dialect) -> Any:
        return None if value is None else value.to_json()

    def process_result_value(self, value: Any, dialect: Dialect) -> Notice | None:
        return None if value is None else Notice.from_json(value)


class NoticesColumn(TypeDecorator[list[Notice]]):
    """A list of notices."""

    impl = JSON()
    cache_ok = True

    def process_bind_param(self, value: list[Notice] | None, dialect: Dialect) -> Any:
        return None if value is None else [notice.to_json() for notice in value]

    def process_result_value(self, value: Any, dialect: Dialect) -> list[Notice] | None:
        return None if value is None else [Notice.from_json(one) for one in value]


class Identified(SQLModel):
    """A row with its own id and the time of its creation."""

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime, nullable=False, index=True)


class Owned(Identified):
    """A row with an owner, which `backend.kit.db.owners.Scope` sets and checks."""

    owner: str = Field(default="", max_length=64, index=True)


class Hideable(SQLModel):
    """A row that can leave the lists and stay for the proposals that use it (`backend.kit.db.keeping`)."""

    hidden_at: datetime | None = Field(default=None, sa_type=UTCDateTime, description="null: in the lists")
