"""One row for each potential. The folder of an uploaded potential holds its file.

The table and the folder of all files are called `models`, as in the first version.
"""

from __future__ import annotations

import uuid

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import Owned


class Potential(Owned, table=True):
    """An interatomic potential."""

    __tablename__ = "models"

    name: str = Field(max_length=200, index=True)
    kind: str = Field(max_length=16, description="pretrained, uploaded or trained")
    family: str = Field(max_length=32, description="name of the family's record")
    elements: list[str] = Field(sa_type=JSON)
    sha256: str = Field(max_length=64, index=True)
    size_bytes: int
    format: str = Field(max_length=32, description="format within the family, such as nep4_zbl")
    engine: str = Field(max_length=32, description="engine that loaded it")
    cutoff_angstrom: float = Field(description="largest radial cutoff")
    licence: str = Field(default="", max_length=200)
    citation: str = Field(default="", max_length=1000)
    source: str = Field(default="", max_length=1000)
    structure_id: uuid.UUID | None = Field(
        default=None, foreign_key="structures.id", ondelete="SET NULL", index=True, description="trained for it"
    )
