"""The tables of users, of their sessions, and of personal access tokens."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field

from backend.kit.db.columns import Identified, Owned, UTCDateTime


class User(Identified, table=True):
    """A user, who signs in at a provider. The id is the owner of the user's rows."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_users_issuer_subject"),)

    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255, description="id of the user at the issuer, who never gives it to another user")
    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=320)
    roles: list[str] = Field(sa_type=JSON, description="at the last sign-in")
    signed_in_at: datetime = Field(sa_type=UTCDateTime)


class UserSession(Identified, table=True):
    """A browser in which a user is signed in. The secret of its cookie is not stored."""

    __tablename__ = "user_sessions"

    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    secret_sha256: str = Field(max_length=64, unique=True, description="hexadecimal")
    expires_at: datetime = Field(sa_type=UTCDateTime)
    last_used_at: datetime = Field(sa_type=UTCDateTime, description="to a minute")
    id_token: str = Field(sa_type=Text, description="tells the provider at the end which of its sessions ends")


class AccessToken(Owned, table=True):
    """A personal access token of its owner. Its secret is shown once and not stored."""

    __tablename__ = "access_tokens"

    name: str = Field(max_length=100)
    secret_sha256: str = Field(max_length=64, description="hexadecimal")
    scopes: list[str] = Field(sa_type=JSON)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UTCDateTime, description="to a minute")
