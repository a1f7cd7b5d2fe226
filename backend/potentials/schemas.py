"""Bodies of responses about potentials."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from backend.kit.settings import Settings
from backend.potentials import service
from backend.potentials.availability import find_obstacle
from backend.potentials.catalogue import default, pretrained
from backend.potentials.tables import Potential


class PotentialOut(ResponseBody):
    """An interatomic potential."""

    id: uuid.UUID
    created_at: datetime
    name: str = Field(examples=["NEP89"])
    kind: Literal["pretrained", "uploaded", "trained", "site"] = Field(
        description="site: a file that the operator of this server has added", examples=["pretrained"]
    )
    family: str = Field(description="family of potentials", examples=["nep"])
    elements: list[str] = Field(description="empty: not known", examples=[["H", "He", "Li"]])
    sha256: str = Field(
        description="of its file; of `FAMILY/FORMAT` for a potential without a file",
        examples=["75168ece02e840e4a32644f982b78d43cba697f5b64b4c8134ab66c7a8c28be1"],
    )
    size_bytes: int = Field(description="0: it has no file", examples=[15622195])
    format: str = Field(description="format within the family", examples=["nep4_zbl"])
    engine: str = Field(description="engine that loaded it", examples=[default().engine])
    cutoff_angstrom: float = Field(description="largest radial cutoff", examples=[6.0])
    licence: str = Field(examples=["GPL-3.0-or-later"])
    citation: str
    source: str
    structure_id: uuid.UUID | None = Field(description="structure that it was trained for; null: of none, or deleted")
    training: str = Field(description="training set; empty: not stated", examples=["MPtrj"])
    functional: str = Field(description="functional of the training set; empty: not stated", examples=["PBE"])
    installed: bool = Field(
        description="whether it can run without a download: the server has its file, or a worker the package that "
        "brings it"
    )
    unavailable: NoticeOut | None = Field(
        description="what must be installed before it can run, and how; null: nothing, though a file may have to be "
        "downloaded first"
    )

    @classmethod
    def of(cls, row: Potential, settings: Settings, running: frozenset[str]) -> Self:
        """Return the body of a row; `running` are the engines of living workers."""
        entry = pretrained().get(row.sha256)
        obstacle = find_obstacle(settings, row, running)
        is_of_package = entry is not None and bool(entry.package_file)
        return cls.model_validate(
            {
                **row.model_dump(),
                "training": "" if entry is None else entry.training,
                "functional": "" if entry is None else entry.functional,
                "installed": obstacle is None and (is_of_package or service.is_installed(settings, row)),
                "unavailable": NoticeOut.of_optional(obstacle),
            }
        )
