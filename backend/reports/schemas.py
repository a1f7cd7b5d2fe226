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

MOST_VIEWS = 3
"""Spectra that two pages hold."""

Line = Annotated[str, StringConstraints(max_length=300)]


class ReportViewIn(ViewIn):
    """An instrument as it is set, to be drawn."""

    label: Line | None = Field(None, description="above its spectrum; made from the view by default")


class ReportIn(RequestBody):
    """What a report is of."""

    prediction_id: uuid.UUID
    others: list[uuid.UUID] = Field(
        default_factory=list, max_length=3, description="further predictions, drawn dashed beside it"
    )
    views: list[ReportViewIn] = Field(
        default_factory=list,
        max_length=24,
        description="instruments to draw where there is no plan, the first three of them; empty: the prediction's own",
    )
    dataset_ids: list[uuid.UUID] = Field(default_factory=list, max_length=6, description="measured data to draw over")
    plan: PlanIn | None = Field(None, description="adds features, hours and a simulated measurement")
    hours: float | None = Field(
        None, gt=0, le=1e5, description="of the simulated measurement; null: those of the plan's best setting"
    )
    title: Line = Field("", description="empty: the structure's name")
    proposer: Line = ""
    notes: str = Field("", max_length=20_000, description="your own words; pages hold some 900 characters")
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
