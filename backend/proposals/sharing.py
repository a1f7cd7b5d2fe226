"""Links with which anybody may read a proposal, until they expire or are revoked."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel import Session

from backend.kit.db.database import clock
from backend.kit.db.owners import Scope
from backend.kit.http.errors import NotFound, Unprocessable
from backend.proposals.schemas import MAX_SHARED_DAYS, ShareIn, ShareOut
from backend.proposals.tables import Proposal
from scattering.core.notices import Notice

SECRET_BYTES: Final = 24
SHARED_PATH: Final = "/shared/"
"""Path of the page of shared proposals."""


def share(scope: Scope, row: Proposal, asked: ShareIn) -> ShareOut:
    """Return the present link of a proposal with a new expiry if the request states one, or a new link.

    Raises
    ------
    Unprocessable
        The link would expire in the past, or too late.
    """
    now = clock(scope.session)
    if row.share_secret is None or _has_expired(row, now):
        # An expired link must not work again
        row.share_secret, row.share_expires_at = secrets.token_urlsafe(SECRET_BYTES), None
    if asked.states_expiry:
        row.share_expires_at = _expiry(asked, now)
    return _link(scope.add(row), now)


def revoke(scope: Scope, row: Proposal) -> None:
    """Make the link of a proposal invalid."""
    row.share_secret = row.share_expires_at = None
    scope.add(row)


def links(session: Session, rows: Sequence[Proposal]) -> list[ShareOut | None]:
    """Return the link of each proposal, expired or not; None for a proposal that is not shared."""
    if all(row.share_secret is None for row in rows):
        return [None] * len(rows)
    now = clock(session)
    return [None if row.share_secret is None else _link(row, now) for row in rows]


def open_link(session: Session, token: str) -> tuple[Scope, Proposal]:
    """Return the proposal of a token and the scope of its owner; use them only to read its items.

    Raises
    ------
    NotFound
        The token is not valid, or not any more.
    """
    refusal = NotFound(Notice("unknown_link"))
    try:
        proposal_id = uuid.UUID(hex=token[:32])
    except ValueError:
        raise refusal from None
    row = session.get(Proposal, proposal_id)
    if row is None or row.share_secret is None:
        raise refusal
    if not secrets.compare_digest(token[32:].encode("utf-8", "replace"), row.share_secret.encode()):
        raise refusal
    if _has_expired(row, clock(session)):
        assert row.share_expires_at is not None
        raise NotFound(Notice("expired_link", {"expired_at": row.share_expires_at.isoformat(timespec="seconds")}))
    return Scope(session, row.owner), row


def _expiry(asked: ShareIn, now: datetime) -> datetime | None:
    if asked.days is not None:
        return now + timedelta(days=asked.days)
    if asked.expires_at is None:
        return None
    if not now < asked.expires_at <= now + timedelta(days=MAX_SHARED_DAYS):
        raise Unprocessable.at("expires_at", Notice("expiry_out_of_range", {"max_days": MAX_SHARED_DAYS}))
    return asked.expires_at.astimezone(UTC)


def _has_expired(row: Proposal, now: datetime) -> bool:
    return row.share_expires_at is not None and row.share_expires_at <= now


def _link(row: Proposal, now: datetime) -> ShareOut:
    # The id finds the row and is not secret; the secret is compared in constant time
    token = f"{row.id.hex}{row.share_secret}"
    return ShareOut(
        token=token, path=SHARED_PATH + token, expires_at=row.share_expires_at, expired=_has_expired(row, now)
    )
