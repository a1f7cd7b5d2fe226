"""Personal access tokens: create, verify, list, revoke."""

from __future__ import annotations

import hmac
import re
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from backend.accounts.digests import sha256
from backend.accounts.rules import TOKEN_SCOPES, TokenScope
from backend.accounts.tables import AccessToken, User
from backend.kit.db import database
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Conflict, Unauthorized
from backend.kit.http.pagination import Paging
from backend.kit.settings import Settings
from scattering.core.notices import Notice

PREFIX: Final = "bc"
SECRET_BYTES: Final = 32
MAX_TOKENS: Final = 50
"""Largest number of tokens of one owner."""
USE_RECORDED_EVERY: Final = timedelta(minutes=1)
"""A write for each request would make all requests wait for their turn to write."""
_TOKEN: Final = re.compile(rf"{PREFIX}_([0-9a-f]{{32}})_([A-Za-z0-9_-]{{20,200}})", re.ASCII)


@dataclass(frozen=True)
class VerifiedToken:
    """The owner of a valid token, and what it allows."""

    owner: str
    scopes: frozenset[TokenScope]
    roles: tuple[str, ...] | None
    """Of the user at the last sign-in; None on a server without accounts."""


def create(scope: Scope, name: str, scopes: Iterable[TokenScope], lifetime: timedelta) -> tuple[AccessToken, str]:
    """Store a new token; return its row, and the token itself, which cannot be read again.

    Raises
    ------
    Conflict
        The owner has `MAX_TOKENS` tokens.
    """
    n_tokens = scope.session.exec(select(func.count()).select_from(scope.select(AccessToken).subquery())).one()
    if n_tokens >= MAX_TOKENS:
        raise Conflict(Notice("too_many_tokens", {"maximum": MAX_TOKENS}))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    asked = set(scopes)
    row = AccessToken(
        name=name,
        secret_sha256=sha256(secret),
        scopes=[one for one in TOKEN_SCOPES if one in asked],
        expires_at=database.clock(scope.session) + lifetime,
    )
    scope.add(row)
    return row, f"{PREFIX}_{row.id.hex}_{secret}"


def page(scope: Scope, paging: Paging) -> tuple[list[AccessToken], int]:
    """Return one page of the owner's tokens, expired ones too, newest first, and the number of all."""
    return scope.page(scope.select(AccessToken), AccessToken, paging)


def revoke(scope: Scope, token_id: uuid.UUID) -> None:
    """Delete a token, so that it is refused from now on.

    Raises
    ------
    NotFound
    """
    scope.session.delete(scope.get_own(AccessToken, token_id, "token"))


def verify(settings: Settings, token: str) -> VerifiedToken:
    """Return whose token this is, and record its use.

    Raises
    ------
    Unauthorized
        It is no token of this server, is revoked, or has expired.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise Unauthorized(Notice("invalid_token"))
    token_id, secret = uuid.UUID(match[1]), match[2]
    with database.transaction(settings, reading=True) as session:
        row = session.get(AccessToken, token_id)
        now = database.clock(session)
        user = _user(session, row.owner) if row and settings.has_accounts else None
    # Compared also where there is no row, so that the time of the answer does not say whether there is one
    same = hmac.compare_digest(sha256(secret), row.secret_sha256 if row else "")
    # A token of the local user, of the time before there were accounts, is nobody's
    if row is None or not same or (settings.has_accounts and user is None):
        raise Unauthorized(Notice("invalid_token"))
    if row.expires_at <= now:
        raise Unauthorized(Notice("expired_token", {"expired_at": row.expires_at.isoformat(timespec="seconds")}))
    if row.last_used_at is None or now - row.last_used_at >= USE_RECORDED_EVERY:
        _record_use(settings, token_id, now)
    scopes = frozenset(one for one in TOKEN_SCOPES if one in row.scopes)
    return VerifiedToken(row.owner, scopes, tuple(user.roles) if user else None)


def _user(session: Session, owner: str) -> User | None:
    try:
        return session.get(User, uuid.UUID(owner))
    except ValueError:
        return None


def _record_use(settings: Settings, token_id: uuid.UUID, now: datetime) -> None:
    with database.transaction(settings) as session:
        statement = select(AccessToken).where(col(AccessToken.id) == token_id).with_for_update()
        if row := session.exec(statement).first():
            row.last_used_at = now
