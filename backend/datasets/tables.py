"""The table of datasets. The folder of a dataset has its uploaded file and its numbers."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from backend.datasets.run import RunConditions
from backend.kit.db.columns import Hideable, NoticesColumn, Owned
from scattering.core.notices import Notice

NULLABLE_JSON = JSON(none_as_null=True)


class Dataset(RunConditions, Hideable, Owned, table=True):
    """A measured spectrum or map, with facts about the measurement."""

    __tablename__ = "datasets"

    name: str = Field(max_length=200)
    kind: str = Field(max_length=8, description="1d or 2d")
    format: str = Field(max_length=32, description="name in backend.datasets.formats")
    filename: str = Field(max_length=255, description="name of the uploaded file; for the download only, never a path")
    sha256: str = Field(max_length=64, description="of the uploaded file")
    spectrum: int = Field(description="index of the spectrum in the file, from 0")
    title: str = Field(max_length=400, description="title in the file")
    x_unit: str = Field(max_length=16, description="unit of the axis in the file")
    y_unit: str = Field(max_length=100, description="unit of the intensities, as written in the file")
    n_points: int
    energy_range_mev: list[float] = Field(sa_type=JSON)
    q_range_inv_angstrom: list[float] | None = Field(default=None, sa_type=NULLABLE_JSON)
    has_errors: bool
    instrument: str | None = Field(default=None, max_length=64, description="name in scattering.instruments")
    settings: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="known settings")
    fixed_energy_mev: float | None = Field(default=None, description="stated by the user or the file")
    isotopes: dict[str, Any] = Field(default_factory=dict, sa_type=JSON, description="isotopes of the sample")
    structure_id: uuid.UUID | None = Field(
        default=None, foreign_key="structures.id", ondelete="SET NULL", nullable=True, index=True
    )
    warnings: list[Notice] = Field(default_factory=list, sa_type=NoticesColumn)
    revision: int = Field(
        default=0, description="number of recalculations; part of the name of the file with the numbers"
    )
