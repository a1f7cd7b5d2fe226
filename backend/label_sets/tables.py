"""Table of label sets. The folder of each holds the labels in one form, whatever the uploaded file was."""

from __future__ import annotations

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import NoticesColumn, Owned
from scattering.core.notices import Notice


class LabelSet(Owned, table=True):
    """Structures with energies and forces of one reference."""

    __tablename__ = "label_sets"

    name: str = Field(max_length=200)
    level_of_theory: str = Field(default="", max_length=200, description="as the user states it, such as PBE")
    file_name: str = Field(max_length=255, description="name of the uploaded file")
    sha256: str = Field(max_length=64, description="of the uploaded file")
    n_structures: int
    n_atoms: int = Field(description="of all structures together")
    elements: list[str] = Field(sa_type=JSON)
    has_stress: bool = Field(description="whether every structure has a stress")
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
