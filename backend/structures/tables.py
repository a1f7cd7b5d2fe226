"""One row for each structure; its atoms lie in `structure.json` in the structure's folder."""

from __future__ import annotations

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import NoticesColumn, Owned
from scattering.core.notices import Notice


class Structure(Owned, table=True):
    """A crystal that predictions can be made for."""

    __tablename__ = "structures"

    name: str = Field(max_length=200)
    formula: str = Field(max_length=400, description="one molecule's or the reduced formula")
    formula_cell: str = Field(max_length=400, description="everything in the cell")
    elements: list[str] = Field(sa_type=JSON)
    n_atoms: int
    lengths_angstrom: list[float] = Field(sa_type=JSON)
    angles_deg: list[float] = Field(sa_type=JSON)
    volume_angstrom3: float
    density_g_cm3: float
    space_group: str = Field(max_length=32)
    space_group_number: int
    temperature_k: float | None = Field(default=None, description="that the cell was measured at")
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
    format: str = Field(max_length=32, description="name in backend.structures.formats")
    filename: str = Field(max_length=255, description="as uploaded; for the download only, never a path")
    sha256: str = Field(max_length=64, description="of the file as uploaded")
    example: str | None = Field(default=None, max_length=64, description="the built-in example that it was made from")
