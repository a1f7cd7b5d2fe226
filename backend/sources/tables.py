"""The table of sources. The folder of a source has the uploaded files, and its phonons or frames in one file."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from backend.jobs.work import READING, Work, register_work_table
from backend.kit.db.columns import NoticesColumn, Owned
from scattering.core.notices import Notice


class Source(Owned, table=True):
    """Phonons or a trajectory that a user has calculated with another program."""

    __tablename__ = "sources"

    name: str = Field(max_length=200)
    kind: str = Field(max_length=16, description="phonons or trajectory")
    format: str = Field(max_length=32, description="name in backend.sources.formats")
    structure_id: uuid.UUID = Field(foreign_key="structures.id", index=True)
    formula: str = Field(max_length=400, description="of the structure, when it was made")
    n_atoms: int = Field(description="of the structure")
    elements: list[str] = Field(sa_type=JSON)
    cell: dict[str, Any] = Field(sa_type=JSON, description="of the structure, as StructureOut has it")
    files: list[dict[str, Any]] = Field(
        sa_type=JSON, description="name, role, sha256, n_bytes and the name in the folder of each file"
    )
    stated: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="statements of the user")
    program: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="program that made the files")
    phonons: dict[str, Any] | None = Field(
        sa_type=JSON,
        nullable=False,
        description="facts about phonons, as SourcePhononsOut has them; the null of JSON for a trajectory",
    )
    trajectory: dict[str, Any] | None = Field(
        default=None, sa_type=JSON, description="facts about a trajectory, as SourceTrajectoryOut has them"
    )
    findings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)


@register_work_table(READING, lambda settings: settings.readings_dir)
class SourceReading(Work, table=True):
    """A trajectory that a job is reading. The source that it becomes has its id."""

    __tablename__ = "source_readings"

    name: str | None = Field(default=None, max_length=200, description="name from the user")
    format: str | None = Field(default=None, max_length=40, description="format from the user")
    files: list[dict[str, Any]] = Field(
        sa_type=JSON, description="name, n_bytes and the name in the folder of each file"
    )
    uploads: list[str] = Field(
        default_factory=list, sa_type=JSON, description="ids of the resumable uploads of the files"
    )
    stated: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="statements of the user")
    preview: dict[str, Any] = Field(sa_type=JSON, description="contents of the head of the files")
