"""Bodies of responses about resumable uploads."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from pydantic import Field

from backend.kit.http.schemas import ResponseBody
from backend.kit.settings import Settings
from backend.uploads import service
from backend.uploads.tables import Upload


class UploadOut(ResponseBody):
    """A file that arrives in parts."""

    id: uuid.UUID
    name: str = Field(examples=["movie.xyz"])
    n_bytes: int = Field(description="length of the whole file", examples=[1073741824])
    offset: int = Field(description="bytes that have arrived", examples=[268435456])
    is_complete: bool
    created_at: datetime
    expires_at: datetime = Field(description="time at which it is removed if no part of it comes before")

    @classmethod
    def of(cls, settings: Settings, row: Upload) -> Self:
        """Return the response for a row."""
        offset = service.offset(settings, row)
        return cls(
            id=row.id,
            name=row.name,
            n_bytes=row.n_bytes,
            offset=offset,
            is_complete=offset == row.n_bytes,
            created_at=row.created_at,
            expires_at=service.expires_at(settings, row),
        )
