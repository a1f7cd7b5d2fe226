"""Ownership of rows: every query of a subject goes through a `Scope`, which selects the owner's rows.

A server without accounts has one local user. `current_owner` says who sends a request; the subjects do not ask how:
middleware of `backend.accounts` puts the owner and the roles into the state of the request.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Final, TypeVar

from fastapi import Depends, Request
from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.kit.db.columns import Owned
from backend.kit.db.sessions import ReadingSessionDep, SessionDep
from backend.kit.http.errors import Forbidden, NotFound, NotSignedIn
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from scattering.core.notices import Notice

USER: Final = "user"
OPERATOR: Final = "operator"
"""Roles."""
LOCAL_USER = "local"
EVERYONE = "everyone"
"""Owner of rows that everybody may read and nobody may change: the pretrained potentials."""

Row = TypeVar("Row", bound=Owned)


class Scope:
    """The rows of one owner within one transaction."""

    def __init__(self, session: Session, owner: str) -> None:
        self.session = session
        self.owner = owner

    @property
    def settings(self) -> Settings:
        """Settings of the server that the transaction belongs to."""
        settings: Settings = self.session.info["settings"]
        return settings

    def select(self, table: type[Row]) -> SelectOfScalar[Row]:
        """Return the statement for the rows of a table that the owner may see."""
        return select(table).where(self._may_see(table))

    def _may_see(self, table: type[Row]) -> ColumnElement[bool]:
        """Return the condition of sight, on which every query of every subject rests. Grants to others belong here."""
        return col(table.owner).in_((self.owner, EVERYONE))

    def get(self, table: type[Row], row_id: uuid.UUID, noun: str, *, lock: bool = False) -> Row:
        """Return the row with this id; with `lock` it is locked until the transaction ends.

        Raises
        ------
        NotFound
            There is no such row, or it belongs to somebody else; the message does not say which.
        """
        statement = self.select(table).where(table.id == row_id)
        row = self.session.exec(statement.with_for_update() if lock else statement).first()
        if row is None:
            raise NotFound(Notice("not_found", {"kind": noun, "id": str(row_id)}))
        return row

    def get_own(self, table: type[Row], row_id: uuid.UUID, noun: str, *, lock: bool = False) -> Row:
        """Return the row with this id for a change; rows of `EVERYONE` are not found."""
        row = self.get(table, row_id, noun, lock=lock)
        if row.owner != self.owner:
            raise NotFound(Notice("not_own", {"kind": noun, "id": str(row_id)}))
        return row

    def add(self, row: Row) -> Row:
        """Add a new row that belongs to the owner."""
        row.owner = self.owner
        self.session.add(row)
        self.session.flush()
        return row

    def page(self, statement: SelectOfScalar[Row], table: type[Row], paging: Paging) -> tuple[list[Row], int]:
        """Return one page of the rows of a statement, newest first, and the number of all rows."""
        total = self.session.exec(select(func.count()).select_from(statement.subquery())).one()
        newest_first = statement.order_by(col(table.created_at).desc(), col(table.id))
        rows = self.session.exec(newest_first.limit(paging.limit).offset(paging.offset)).all()
        return list(rows), total


def current_owner(request: Request) -> str:
    """Return the owner who sends the request: that of its token or session, which middleware has verified.

    Raises
    ------
    NotSignedIn
        There is none, and the server has accounts. Without accounts it is the local user.
    """
    owner: str | None = getattr(request.state, "owner", None)
    if owner is not None:
        return owner
    settings: Settings = request.app.state.settings
    if settings.has_accounts:
        raise NotSignedIn(Notice("not_signed_in"))
    return LOCAL_USER


OwnerDep = Annotated[str, Depends(current_owner)]


def current_roles(request: Request, owner: OwnerDep) -> tuple[str, ...]:
    """Return the roles of the owner who sends the request. The one local user is an operator."""
    roles: tuple[str, ...] | None = getattr(request.state, "roles", None)
    if roles is not None:
        return roles
    return (USER, OPERATOR) if owner == LOCAL_USER else (USER,)


RolesDep = Annotated[tuple[str, ...], Depends(current_roles)]


def current_operator(owner: OwnerDep, roles: RolesDep) -> str:
    """Return the owner who sends the request, if they are an operator, who sees the jobs of all owners.

    Raises
    ------
    Forbidden
        The owner is not an operator.
    """
    if OPERATOR not in roles:
        raise Forbidden(Notice("operators_only"))
    return owner


OperatorDep = Annotated[str, Depends(current_operator)]


def _scope(session: SessionDep, owner: OwnerDep) -> Scope:
    return Scope(session, owner)


def _reading_scope(session: ReadingSessionDep, owner: OwnerDep) -> Scope:
    return Scope(session, owner)


ScopeDep = Annotated[Scope, Depends(_scope)]
ReadingScopeDep = Annotated[Scope, Depends(_reading_scope)]
"""Scope of a POST that only reads."""
