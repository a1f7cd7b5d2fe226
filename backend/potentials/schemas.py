"""Bodies of responses about potentials."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from backend.kit.http.schemas import ResponseBody
from backend.kit.settings import Settings
from backend.potentials import service
from backend.potentials.catalogue import default
from backend.potentials.tables import Potential


class PotentialOut(ResponseBody):
    """An interatomic potential."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["NEP89"])
    kind: Literal["pretrained", "uploaded", "trained"] = Field(examples=["pretrained"])
    family: str = Field(description="family of potentials", examples=["nep"])
    elements: list[str] = Field(examples=[["H", "He", "Li"]])
    sha256: str = Field(examples=["75168ece02e840e4a32644f982b78d43cba697f5b64b4c8134ab66c7a8c28be1"])
    size_bytes: int = Field(examples=[15622195])
    format: str = Field(description="format within the family", examples=["nep4_zbl"])
    engine: str = Field(description="engine that loaded it", examples=[default().engine])
    cutoff_angstrom: float = Field(description="largest radial cutoff", examples=[6.0])
    licence: str = Field(examples=["GPL-3.0-or-later"])
    citation: str
    source: str
    structure_id: uuid.UUID | None = Field(description="structure that it was trained for; null: of none, or deleted")
    installed: bool = Field(
        description="whether the server has its file; the file of a pretrained potential is downloaded on first use"
    )

    @classmethod
    def of(cls, row: Potential, settings: Settings) -> Self:
        """Return the body of a row."""
        return cls.model_validate({**row.model_dump(), "installed": service.is_installed(settings, row)})
