"""Bodies of responses about label sets."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from backend.label_sets.tables import LabelSet


class LabelSetOut(ResponseBody):
    """Structures with energies and forces of one reference."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["Silicon, PBE"])
    level_of_theory: str = Field(description="as the user or the file states it", examples=["PBE, 300 eV"])
    file_name: str = Field(examples=["si_pbe.xyz"])
    sha256: str = Field(description="of the uploaded file")
    n_structures: int = Field(examples=[20])
    n_atoms: int = Field(description="of all structures together", examples=[128])
    elements: list[str] = Field(examples=[["Si"]])
    has_stress: bool = Field(description="whether every structure has a stress")
    energy_unit: Literal["eV"] = "eV"
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")

    @classmethod
    def of(cls, row: LabelSet) -> Self:
        """Return the body of a row."""
        return cls.model_validate(
            {
                **row.model_dump(exclude={"warnings"}),
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )
