"""The table of structures. The atoms are in the file `structure.json` in the folder of a structure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from backend.kit.db.columns import Hideable, NoticesColumn, Owned
from scattering.core.notices import Notice


class Structure(Hideable, Owned, table=True):
    """A crystal structure."""

    __tablename__ = "structures"

    name: str = Field(max_length=200)
    formula: str = Field(max_length=400, description="formula of one molecule, or the reduced formula")
    formula_cell: str = Field(max_length=400, description="formula of all atoms in the cell")
    elements: list[str] = Field(sa_type=JSON)
    n_atoms: int
    lengths_angstrom: list[float] = Field(sa_type=JSON)
    angles_deg: list[float] = Field(sa_type=JSON)
    volume_angstrom3: float
    density_g_cm3: float
    isotopes: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="isotopes in the file, by element or site"
    )
    space_group: str = Field(max_length=32)
    space_group_number: int
    temperature_k: float | None = Field(default=None, description="temperature of the measurement of the cell")
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
    format: str = Field(max_length=32, description="name in backend.structures.formats")
    filename: str = Field(max_length=255, description="name of the uploaded file; for the download only, never a path")
    sha256: str = Field(max_length=64, description="of the uploaded file")
    ordered_from: dict[str, str] | None = Field(
        default=None,
        sa_type=JSON(none_as_null=True),
        description="`filename` and `sha256` of the disordered file that this ordered cell was chosen of; null: none",
    )
    example: str | None = Field(
        default=None, max_length=64, description="name of the built-in structure that it is a copy of"
    )
