"""The table of calibrations by the counts of a standard."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field

from backend.kit.db.columns import Owned


class StandardCalibration(Owned, table=True):
    """Counts of a standard of known mass on an instrument, as its staff entered them."""

    __tablename__ = "calibrations"

    instrument: str = Field(max_length=64, index=True, description="name in scattering.instruments")
    settings: dict[str, Any] = Field(sa_type=JSON, description="all settings, checked")
    standard: str = Field(max_length=16, description="vanadium or forecast")
    prediction_id: uuid.UUID | None = Field(
        default=None,
        foreign_key="predictions.id",
        ondelete="SET NULL",
        nullable=True,
        index=True,
        description="forecast of the standard; null: vanadium, or deleted",
    )
    temperature_k: float = Field(description="of vanadium")
    mass_g: float
    bands: list[dict[str, float]] = Field(sa_type=JSON, description="as in the request")
    relative_uncertainty: float
    source: str = Field(sa_type=Text)
    entered_by: str = Field(max_length=200)
    measured_on: date | None = Field(default=None)
