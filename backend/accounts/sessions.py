"""Sessions of users in browsers: begin at the sign-in, find by the secret of the cookie, end."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, delete, or_, select

from backend.accounts.digests import sha256
from backend.accounts.tables import User, UserSession
from backend.kit.db import database
from backend.kit.settings import Settings

SECRET_BYTES: Final = 32
USE_RECORDED_EVERY: Final = timedelta(minutes=1)
"""A write for each request would make all requests wait for their turn to write."""


@dataclass(frozen=True)
class Identity:
    """A user as the provider describes them.

    Attributes
    ----------
    issuer, subject
        Together they identify the user.
    name, email
        For people; empty if the provider does not state them.
    roles
        Of `backend.kit.db.owners`.
    id_token
        The token in which the provider states this.
    """

    issuer: str
    subject: str
    name: str
    email: str
    roles: tuple[str, ...]
    id_token: str


@dataclass(frozen=True)
class SignedIn:
    """The user of a valid session."""

    owner: str
    name: str
    roles: tuple[str, ...]


def begin(settings: Settings, identity: Identity, replaced: str | None) -> str:
    """Store a new session of a user, who is created at the first sign-in; return the secret of its cookie.

    Parameters
    ----------
    settings
        Of the server.
    identity
        The user.
    replaced
        Secret of the session that the browser had before, which ends.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with database.transaction(settings) as session:
        now = database.clock(session)
        _remove_expired(session, settings, now)
        if replaced:
            session.exec(delete(UserSession).where(col(UserSession.secret_sha256) == sha256(replaced)))
        user = _user(session, identity, now)
        row = UserSession(
            user_id=user.id,
            secret_sha256=sha256(secret),
            expires_at=now + timedelta(hours=settings.session_max_h),
            last_used_at=now,
            id_token=identity.id_token,
        )
        session.add(row)
    return secret


def find(settings: Settings, secret: str) -> SignedIn | None:
    """Return the user of a session, and record its use; None if there is no such session, or it has expired."""
    with database.transaction(settings, reading=True) as session:
        statement = select(UserSession, User).where(
            col(UserSession.secret_sha256) == sha256(secret), col(UserSession.user_id) == col(User.id)
        )
        found = session.exec(statement).first()
        now = database.clock(session)
    if found is None:
        return None
    row, user = found
    if row.expires_at <= now or row.last_used_at <= now - timedelta(hours=settings.session_idle_h):
        return None
    if now - row.last_used_at >= USE_RECORDED_EVERY:
        _record_use(settings, row.id, now)
    return SignedIn(str(user.id), user.name or user.email or user.subject, tuple(user.roles))


def end(settings: Settings, secret: str) -> str | None:
    """Delete a session; return the ID token of its sign-in, or None if there is no such session."""
    with database.transaction(settings) as session:
        row = session.exec(select(UserSession).where(col(UserSession.secret_sha256) == sha256(secret))).first()
        if row is None:
            return None
        session.delete(row)
        return row.id_token


def _user(session: Session, identity: Identity, now: datetime) -> User:
    statement = select(User).where(col(User.issuer) == identity.issuer, col(User.subject) == identity.subject)
    user = session.exec(statement.with_for_update()).first()
    if user is None:
        user = User(issuer=identity.issuer, subject=identity.subject, roles=[], signed_in_at=now)
    user.name, user.email = identity.name, identity.email
    user.roles, user.signed_in_at = list(identity.roles), now
    session.add(user)
    session.flush()
    return user


def _remove_expired(session: Session, settings: Settings, now: datetime) -> None:
    unused_since = now - timedelta(hours=settings.session_idle_h)
    session.exec(
        delete(UserSession).where(
            or_(col(UserSession.expires_at) <= now, col(UserSession.last_used_at) <= unused_since)
        )
    )


def _record_use(settings: Settings, session_id: uuid.UUID, now: datetime) -> None:
    with database.transaction(settings) as session:
        row = session.exec(select(UserSession).where(col(UserSession.id) == session_id).with_for_update()).first()
        if row:
            row.last_used_at = now
