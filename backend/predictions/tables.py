"""Table of predictions. The rows of their jobs are in `backend.jobs`."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field

from backend.jobs.work import Work, register_work_table
from backend.kit.db.columns import Hideable
from scattering.options.base import Options
from scattering.options.registry import find_kind


@register_work_table
class Prediction(Hideable, Work, table=True):
    """A prediction: its request, its state and its provenance."""

    __tablename__ = "predictions"
    __table_args__ = (Index("ix_predictions_tally", "status", "method"),)

    structure_id: uuid.UUID = Field(foreign_key="structures.id", index=True)
    # These columns keep the names of the first version
    potential_id: uuid.UUID = Field(foreign_key="models.id", index=True, sa_column_kwargs={"name": "model_id"})
    potential: str = Field(
        max_length=200, description="its name at the time of the request", sa_column_kwargs={"name": "model"}
    )
    method: str = Field(max_length=16)
    sampling: str = Field(max_length=16)
    quality: str = Field(max_length=16)
    temperature_k: float
    instruments: list[str] = Field(sa_type=JSON)
    isotopes: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="isotopes of the simulation, by element or site"
    )
    options: dict[str, Any] = Field(sa_type=JSON, description="complete, as `scattering.options` writes them")

    def typed_options(self) -> Options:
        """Return the options as an object of the class of this method and sampling."""
        return find_kind(self.method, self.sampling).options.parse(self.options)
