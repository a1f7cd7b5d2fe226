"""The table of resumable uploads. The length of the file of an upload is the number of bytes that have arrived."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from backend.kit.db.columns import Owned, UTCDateTime, utc_now


class Upload(Owned, table=True):
    """A file that arrives in parts."""

    __tablename__ = "uploads"

    name: str = Field(max_length=255)
    n_bytes: int = Field(sa_type=BigInteger, description="length of the whole file")
    extra: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="metadata of the client")
    touched_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime, description="time of the last part")
