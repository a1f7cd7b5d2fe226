"""The table of personal access tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import Owned, UTCDateTime


class AccessToken(Owned, table=True):
    """A personal access token of its owner. Its secret is shown once and not stored."""

    __tablename__ = "access_tokens"

    name: str = Field(max_length=100)
    secret_sha256: str = Field(max_length=64, description="hexadecimal")
    scopes: list[str] = Field(sa_type=JSON)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UTCDateTime, description="to a minute")
