"""One row for each potential; an uploaded one's file lies in the potential's folder.

The table is called `models`, as in the first databases, and so is the folder of the files.
"""

from __future__ import annotations

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import Owned


class Potential(Owned, table=True):
    """A potential that simulations can run with."""

    __tablename__ = "models"

    name: str = Field(max_length=200, index=True)
    kind: str = Field(max_length=16, description="pretrained, uploaded or trained")
    family: str = Field(max_length=32, description="name of the family's record")
    elements: list[str] = Field(sa_type=JSON)
    sha256: str = Field(max_length=64, index=True)
    size_bytes: int
    format: str = Field(max_length=32, description="the family's word for its kind, such as nep4_zbl")
    engine: str = Field(max_length=32, description="that it was found to load in")
    cutoff_angstrom: float = Field(description="largest radial cutoff")
    licence: str = Field(default="", max_length=200)
    citation: str = Field(default="", max_length=1000)
    source: str = Field(default="", max_length=1000)
