"""Whose rows a request may see: every query of a subject goes through a `Scope`.

The embedded server has one local user. Accounts come on top of `current_owner` without touching the subjects.
"""

from __future__ import annotations

import uuid
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.kit.db.columns import Owned
from backend.kit.db.sessions import ReadingSessionDep, SessionDep
from backend.kit.http.errors import Forbidden, NotFound
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings

LOCAL_USER = "local"
EVERYONE = "everyone"
"""Owner of rows that all may read and nobody may change: the pretrained potentials."""

Row = TypeVar("Row", bound=Owned)


class Scope:
    """One owner's rows within one transaction."""

    def __init__(self, session: Session, owner: str) -> None:
        self.session = session
        self.owner = owner

    @property
    def settings(self) -> Settings:
        """Settings of the server that the transaction belongs to."""
        settings: Settings = self.session.info["settings"]
        return settings

    def select(self, table: type[Row]) -> SelectOfScalar[Row]:
        """Statement for the rows of a table that the owner may see."""
        return select(table).where(col(table.owner).in_((self.owner, EVERYONE)))

    def get(self, table: type[Row], row_id: uuid.UUID, noun: str, *, lock: bool = False) -> Row:
        """The row with this id; locked until the transaction ends, if so wished.

        Raises
        ------
        NotFound
            There is none, or it is somebody else's: the two are not told apart.
        """
        statement = self.select(table).where(table.id == row_id)
        row = self.session.exec(statement.with_for_update() if lock else statement).first()
        if row is None:
            raise NotFound(f"There is no {noun} {row_id}.")
        return row

    def get_own(self, table: type[Row], row_id: uuid.UUID, noun: str, *, lock: bool = False) -> Row:
        """The row with this id, to be changed: what belongs to everyone is not found."""
        row = self.get(table, row_id, noun, lock=lock)
        if row.owner != self.owner:
            raise NotFound(f"There is no {noun} {row_id} of yours.")
        return row

    def add(self, row: Row) -> Row:
        """Put a new row into the owner's hands."""
        row.owner = self.owner
        self.session.add(row)
        self.session.flush()
        return row

    def page(self, statement: SelectOfScalar[Row], table: type[Row], paging: Paging) -> tuple[list[Row], int]:
        """One page of a statement's rows, newest first, and how many there are in all."""
        total = self.session.exec(select(func.count()).select_from(statement.subquery())).one()
        newest_first = statement.order_by(col(table.created_at).desc(), col(table.id))
        rows = self.session.exec(newest_first.limit(paging.limit).offset(paging.offset)).all()
        return list(rows), total


def current_owner(request: Request) -> str:
    """Who is asking."""
    return LOCAL_USER


OwnerDep = Annotated[str, Depends(current_owner)]


def current_operator(owner: OwnerDep) -> str:
    """Who is asking, if it is somebody who runs the server: they see how all jobs stand, whoever asked for them.

    With one local user, it is that user. Accounts will say here who else is (`BEAMCAST_OPERATORS`).

    Raises
    ------
    Forbidden
        It is not.
    """
    if owner != LOCAL_USER:
        raise Forbidden("Only who runs this server may see this.")
    return owner


OperatorDep = Annotated[str, Depends(current_operator)]


def _scope(session: SessionDep, owner: OwnerDep) -> Scope:
    return Scope(session, owner)


def _reading_scope(session: ReadingSessionDep, owner: OwnerDep) -> Scope:
    return Scope(session, owner)


ScopeDep = Annotated[Scope, Depends(_scope)]
ReadingScopeDep = Annotated[Scope, Depends(_reading_scope)]
"""For a POST that only reads."""
