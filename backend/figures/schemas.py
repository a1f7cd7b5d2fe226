"""Bodies of the figures' routes."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from backend.predictions.schemas import ViewIn
from backend.schemas import RequestBody

ThemeName = Literal["light", "dark"]
EnergyUnit = Literal["meV", "cm-1"]
Kind = Literal["map", "spectrum", "zones"]


class Style(RequestBody):
    """How a figure is drawn."""

    kind: Kind = Field("spectrum", description="zones: the cut of a path, by Brillouin zone")
    theme: ThemeName = "light"
    energy_unit: EnergyUnit = "meV"
    scale: Literal["linear", "log"] = Field("linear", description="of the intensity")
    per_element: bool = Field(False, description="show each element's part; it is there, hidden, otherwise")
    errors: bool = Field(True, description="show a band of one standard error where there are several runs")
    banks: bool = Field(False, description="show each detector bank; it is there, hidden, otherwise")


class FigureIn(Style, ViewIn):
    """One view of one prediction."""

    dataset_ids: list[uuid.UUID] = Field(default_factory=list, description="measured data to draw beside it")

    @field_validator("dataset_ids")
    @classmethod
    def _no_datasets(cls, dataset_ids: list[uuid.UUID]) -> list[uuid.UUID]:
        if dataset_ids:
            raise ValueError("measured data are not available on this server yet; leave 'dataset_ids' out")
        return dataset_ids

    @property
    def style(self) -> Style:
        """The part that says how."""
        return Style(**{name: getattr(self, name) for name in Style.model_fields})


class LabelledView(ViewIn):
    """A view of a prediction that shares its axes with others."""

    prediction_id: uuid.UUID
    label: str | None = Field(None, max_length=200, description="in the legend; made from the view by default")


class FiguresIn(Style):
    """Several views on the same axes; a map takes one."""

    views: list[LabelledView] = Field(min_length=1, max_length=24)

    @field_validator("views")
    @classmethod
    def _one_map(cls, views: list[LabelledView], others: ValidationInfo) -> list[LabelledView]:
        if others.data.get("kind") in ("map", "zones") and len(views) > 1:
            raise ValueError("a map shows one view; ask for one figure each")
        return views

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "spectrum",
                    "views": [
                        {"prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c", "instrument": "TOSCA"},
                        {"prediction_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c", "instrument": "MAPS"},
                    ],
                }
            ]
        }
    )
