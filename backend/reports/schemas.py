"""Bodies of the reports' routes."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from backend.kit.http.schemas import RequestBody
from backend.observing.schemas import ViewIn
from backend.plans.schemas import PlanIn
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice

MAX_VIEWS = 3
"""Spectra on two pages."""

Line = Annotated[str, StringConstraints(max_length=300)]


class ReportViewIn(ViewIn):
    """An instrument with its settings, to draw."""

    label: Line | None = Field(None, description="label above the spectrum; made from the view by default")


class ReportIn(RequestBody):
    """Request for a report."""

    prediction_id: uuid.UUID
    others: list[uuid.UUID] = Field(
        default_factory=list, max_length=3, description="further predictions, drawn as dashed lines"
    )
    views: list[ReportViewIn] = Field(
        default_factory=list,
        max_length=24,
        description="instruments to draw if there is no plan; only the first three are drawn; empty: the instruments "
        "of the prediction",
    )
    dataset_ids: list[uuid.UUID] = Field(
        default_factory=list, max_length=6, description="measured data to draw over the spectra"
    )
    plan: PlanIn | None = Field(None, description="adds features, hours and a simulated measurement")
    hours: float | None = Field(
        None,
        gt=0,
        le=1e5,
        description="hours of the simulated measurement; null: hours of the best setting of the plan",
    )
    title: Line = Field("", description="empty: name of the structure")
    proposer: Line = ""
    notes: str = Field(
        "", max_length=20_000, description="scientific case; the two pages have room for about 900 characters"
    )
    paper: Literal["a4"] = "a4"

    @model_validator(mode="after")
    def _same_prediction(self) -> Self:
        if self.plan is not None and self.plan.prediction_id != self.prediction_id:
            raise ScatteringError(Notice("plan_of_other_prediction"))
        return self

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c",
                    "views": [{"instrument": "MAPS", "settings": {"e_init": 120}}],
                    "title": "Optical phonons of silicon",
                    "proposer": "A. Physicist",
                }
            ]
        }
    )
