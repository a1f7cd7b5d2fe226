"""Structures in responses."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Self

from pydantic import Field

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from backend.structures.chemistry import SYMMETRY_TOLERANCE_ANGSTROM
from backend.structures.tables import Structure


class Cell(ResponseBody):
    """A unit cell."""

    lengths_angstrom: list[float] = Field(examples=[[5.431, 5.431, 5.431]])
    angles_deg: list[float] = Field(examples=[[90.0, 90.0, 90.0]])
    volume_angstrom3: float = Field(examples=[160.19])


class StructureOut(ResponseBody):
    """A crystal that predictions can be made for."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["Silicon"])
    formula: str = Field(description="of one molecule, or reduced", examples=["Si"])
    formula_cell: str = Field(description="everything in the cell", examples=["Si8"])
    n_atoms: int = Field(description="in the cell", examples=[8])
    elements: list[str] = Field(examples=[["Si"]])
    cell: Cell
    space_group: str = Field(description="short international symbol, found in the atoms", examples=["Fd-3m"])
    space_group_number: int = Field(examples=[227])
    symmetry_tolerance_angstrom: float = Field(description="atoms may be off by so much", examples=[0.01])
    density_g_cm3: float = Field(examples=[2.329])
    temperature_k: float | None = Field(
        description="that the cell was measured at, where the file says", examples=[298]
    )
    warnings: list[str] = Field(description="what was assumed or looks wrong, as sentences", examples=[[]])
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters", examples=[[]])
    format: str = Field(description="of the uploaded file", examples=["cif"])
    filename: str = Field(examples=["silicon.cif"])
    example: str | None = Field(description="the built-in example that it was made from", examples=["silicon"])

    @classmethod
    def of(cls, row: Structure) -> Self:
        """The response for a row."""
        cell = Cell(
            lengths_angstrom=row.lengths_angstrom, angles_deg=row.angles_deg, volume_angstrom3=row.volume_angstrom3
        )
        return cls.model_validate(
            {
                **row.model_dump(exclude={"warnings"}),
                "cell": cell,
                "symmetry_tolerance_angstrom": SYMMETRY_TOLERANCE_ANGSTROM,
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )


class ExampleOut(ResponseBody):
    """A built-in structure."""

    name: str = Field(examples=["silicon"])
    title: str = Field(examples=["Silicon"])
    formula: str = Field(examples=["Si"])
    description: str = Field(description="what it is good for")
    source: str = Field(description="where its numbers come from")
