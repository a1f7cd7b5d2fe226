"""One row for each potential; an uploaded one's file is `nep.txt` in the model's folder."""

from __future__ import annotations

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import Owned


class Model(Owned, table=True):
    """A potential that simulations can run with."""

    __tablename__ = "models"

    name: str = Field(max_length=200, index=True)
    kind: str = Field(max_length=16, description="pretrained, uploaded or trained")
    elements: list[str] = Field(sa_type=JSON)
    sha256: str = Field(max_length=64, index=True)
    size_bytes: int
    format: str = Field(max_length=32, description="first word of the file, such as nep4_zbl")
    engine: str = Field(max_length=32, description="nep-adapters or calorine: what runs it on a CPU")
    cutoff_angstrom: float = Field(description="largest radial cutoff")
    licence: str = Field(default="", max_length=200)
    citation: str = Field(default="", max_length=1000)
    source: str = Field(default="", max_length=1000)
