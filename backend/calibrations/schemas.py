"""Bodies of the routes of calibrations."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody

Standard = Literal["vanadium", "forecast"]
Text = Annotated[str, StringConstraints(strip_whitespace=True)]

_EXAMPLE: dict[str, JsonValue] = {
    "standard": "vanadium",
    "temperature_k": 20,
    "mass_g": 25,
    "bands": [{"from_mev": 12, "to_mev": 36, "counts_per_hour": 41000, "background_per_hour": 900}],
    "source": "run 31415, 25 g of vanadium, 2 h, at 160 µA",
    "entered_by": "A. Scientist",
    "measured_on": "2026-03-14",
}


class BandIn(RequestBody):
    """Counts of the standard between two energy transfers."""

    from_mev: float = Field(
        ge=-1000, le=2000, description="energy loss; 0 or below: with the elastic line, in direct geometry"
    )
    to_mev: float = Field(gt=0, le=2000)
    counts_per_hour: float = Field(
        gt=0,
        le=1e12,
        description="counts of the sample without container and background, all detectors together, at nominal source "
        "power (160 µA at ISIS)",
    )
    background_per_hour: float = Field(
        0.0, ge=0, le=1e12, description="counts of everything but sample and container in the same band"
    )


class CalibrationRecordIn(RequestBody):
    """Counts of a standard of known mass, a plate as large as the beam, on an instrument."""

    settings: FreeForm = Field(default_factory=dict, description="missing settings have their defaults")
    standard: Standard = Field(
        "vanadium", description="vanadium: calculated as a Debye solid; forecast: the sample of a prediction"
    )
    prediction_id: uuid.UUID | None = Field(None, description="prediction for the standard, if it is a forecast")
    temperature_k: float = Field(
        300.0, ge=0, le=2000, description="temperature of vanadium; a forecast has its own temperature"
    )
    mass_g: float = Field(ge=1e-6, le=1e4, description="mass in the beam")
    bands: list[BandIn] = Field(
        min_length=1,
        max_length=24,
        description="one band, or several where the spectrum of the beam is to be known; they must not overlap",
    )
    relative_uncertainty: float | None = Field(
        None,
        ge=0.01,
        le=5,
        description="of count rates that are calculated from it; 1: a factor of two; null: as assumed for datasets",
    )
    source: Text = Field(min_length=1, max_length=1000, description="where the counts come from; a plan states it")
    entered_by: Text = Field("", max_length=200)
    measured_on: date | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


class BandOut(ResponseBody):
    """Counts of the standard between two energy transfers."""

    from_mev: float
    to_mev: float
    counts_per_hour: float
    background_per_hour: float


class CalibrationRecordOut(ResponseBody):
    """Counts of a standard, usable in plans by `calibration_id`."""

    id: uuid.UUID
    created_at: datetime
    instrument: str
    settings: dict[str, Any]
    standard: Standard
    prediction_id: uuid.UUID | None = Field(description="null: vanadium, or the forecast was deleted")
    temperature_k: float
    mass_g: float
    bands: list[BandOut]
    relative_uncertainty: float
    source: str
    entered_by: str
    measured_on: date | None
    summary: NoticeOut = Field(description="the calibration in one sentence, as a plan states it")
