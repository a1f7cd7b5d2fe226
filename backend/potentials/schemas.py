"""Bodies of responses about potentials."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import ResponseBody
from backend.kit.settings import Settings
from backend.potentials import evidence, service
from backend.potentials.availability import find_obstacle
from backend.potentials.catalogue import PRETRAINED, default, pretrained
from backend.potentials.tables import Potential


class EvidenceOut(ResponseBody):
    """What is known of the phonons of a potential in a class of crystals."""

    material_class: str = Field(examples=["covalent"])
    crystals: list[str] = Field(description="compared crystals", examples=[["silicon"]])
    mean_error: float | None = Field(
        description="mean of |computed / reference - 1|; null: a crystal is unstable in the potential", examples=[0.123]
    )
    than_default: Literal["better", "worse"] | None = Field(
        description="compared with the default potential in the same crystals; null: not known"
    )
    source: str = Field(description="what was compared with what")


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
    call_seconds: list[tuple[int, float]] = Field(
        description="numbers of atoms, each with seconds of one evaluation of forces on one core; empty: not measured",
        examples=[[(64, 0.22)]],
    )
    evidence: list[EvidenceOut] = Field(description="empty: nothing is known")
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
                "call_seconds": [] if entry is None else list(entry.call_seconds),
                "evidence": _evidence_of(row),
                "installed": obstacle is None and (is_of_package or service.is_installed(settings, row)),
                "unavailable": NoticeOut.of_optional(obstacle),
            }
        )


def _evidence_of(row: Potential) -> list[EvidenceOut]:
    known = evidence.of_potential(row.name) if row.kind == PRETRAINED else []
    return [
        EvidenceOut(
            material_class=one.material_class,
            crystals=list(one.crystals),
            mean_error=one.mean_error,
            than_default=evidence.compare_with_default(one),
            source=one.source,
        )
        for one in known
    ]
