"""Bodies of the proposals' routes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    StringConstraints,
    computed_field,
    model_validator,
)

from backend import wording
from backend.datasets.schemas import DatasetOut
from backend.datasets.schemas import Name as Line
from backend.jobs.work import Status
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import DEPRECATED, RequestBody, ResponseBody
from backend.plans.schemas import PlanIn, SettingIn
from backend.predictions.tables import Prediction
from backend.samples.schemas import SampleIn
from backend.structures.schemas import StructureOut
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.options.names import Method, Quality, Sampling

Kind = Literal["structures", "predictions", "datasets"]
ReportFormat = Literal["pdf", "html"]
MAX_NOTES_CHARACTERS = 100_000
MAX_TITLE_CHARACTERS = 200
MAX_SETTINGS = 200
MAX_ITEMS = 200
"""Largest number of items of each kind, and of reports, in a proposal."""

MAX_SHARED_DAYS = 3650
"""Longest life of a link that expires."""


def _plain_text(text: str) -> str:
    # PostgreSQL stores no NUL; nobody writes the other control characters on purpose.
    return "".join(char for char in text.replace("\r\n", "\n") if char.isprintable() or char in "\n\t")


def _plain_line(text: str) -> str:
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


Notes = Annotated[str, StringConstraints(max_length=MAX_NOTES_CHARACTERS), AfterValidator(_plain_text)]
Settings = Annotated[list[SettingIn], Field(max_length=MAX_SETTINGS)]


class ProposalIn(RequestBody):
    """A new proposal."""

    name: Line
    notes: Notes = Field("", description="plain text")
    sample: SampleIn | None = None
    settings: Settings = Field(default_factory=list, description="selected instruments with their settings")
    plan: PlanIn | None = Field(
        None, description="its prediction and its calibration datasets are added to the proposal"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Methyl rotations in toluene",
                    "notes": "TOSCA first; ask about the CCR.",
                    "sample": {"geometry": "plate", "mass_g": 2},
                    "settings": [{"instrument": "TOSCA"}],
                }
            ]
        }
    )


class ProposalPatch(RequestBody):
    """Changes of a proposal. Missing fields stay as they are; null removes sample or plan."""

    name: Line = Field("", description="name of the proposal")
    notes: Notes = Field("", description="plain text")
    sample: SampleIn | None = None
    settings: Settings = Field(default_factory=list, description="all settings; they replace the old ones")
    plan: PlanIn | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"notes": "Two days on MAPS will do."}]})


class ProposalReportIn(RequestBody):
    """A report to make and keep."""

    title: Annotated[str, StringConstraints(max_length=MAX_TITLE_CHARACTERS), AfterValidator(_plain_line)] = Field(
        "", description="empty: the proposal's name"
    )
    proposer: Annotated[str, StringConstraints(max_length=MAX_TITLE_CHARACTERS), AfterValidator(_plain_line)] = ""
    prediction_id: uuid.UUID | None = Field(
        None, description="null: the prediction of the plan, or the newest prediction for a powder"
    )

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "Optical phonons", "proposer": "A. Physicist"}]}
    )


class ReportOut(ResponseBody):
    """A kept report."""

    id: uuid.UUID
    created_at: datetime
    title: str
    formats: list[ReportFormat]


class ShareIn(RequestBody):
    """When a link expires: at a time, or after a number of days. Empty: a link that exists stays as it is."""

    expires_at: AwareDatetime | None = Field(
        None, description="with its time zone; null: the link does not expire", examples=["2026-12-01T12:00:00Z"]
    )
    days: float | None = Field(None, gt=0, le=MAX_SHARED_DAYS, description="days from now", examples=[14])

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.days is not None and "expires_at" in self.model_fields_set:
            raise ScatteringError(Notice("two_expiries"))
        return self

    @property
    def states_expiry(self) -> bool:
        """Whether the request states when the link expires."""
        return self.days is not None or "expires_at" in self.model_fields_set

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 14}, {"expires_at": "2026-12-01T12:00:00Z"}]})


class ShareOut(ResponseBody):
    """Read-only link to a proposal."""

    token: str
    path: str = Field(description="path of the page on this server", examples=["/shared/6f9a1f…"])
    expires_at: datetime | None = Field(description="end of the link; null: it does not expire")
    expired: bool = Field(description="whether the link has expired; sharing again makes a new one", examples=[False])


class ProposalOut(ResponseBody):
    """A proposal with the ids of its items, in the order in which they were added."""

    id: uuid.UUID
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None = Field(description="null: not archived")
    name: str
    notes: str
    sample: dict[str, Any] | None
    settings: list[dict[str, Any]]
    plan: dict[str, Any] | None
    structure_ids: list[uuid.UUID]
    prediction_ids: list[uuid.UUID]
    dataset_ids: list[uuid.UUID]
    reports: list[ReportOut] = Field(description="the newest first")
    share_path: str | None = Field(
        description="path of the read-only page for anybody with the link; null: not shared, or expired"
    )
    share: ShareOut | None = Field(description="the read-only link; null: not shared")


class SharedPrediction(ResponseBody):
    """A prediction of a shared proposal."""

    id: uuid.UUID
    created_at: datetime
    structure_id: uuid.UUID
    potential: str | None = Field(description="name of the potential; null: the phonons come from a source")
    method: Method
    sampling: Sampling
    quality: Quality
    temperature_k: float
    instruments: list[str]
    options: dict[str, Any]
    status: Status
    warnings: list[str]
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")

    @classmethod
    def of(cls, row: Prediction) -> Self:
        """Return the body of a row."""
        return cls.model_validate(
            {
                **row.model_dump(exclude={"warnings"}),
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )

    @computed_field(json_schema_extra=DEPRECATED)  # type: ignore[prop-decorator]
    @property
    def model(self) -> str | None:
        """Another name of `potential`."""
        return self.potential


class SharedOut(ResponseBody):
    """A shared proposal, read-only."""

    name: str
    created_at: datetime
    changed_at: datetime
    share_expires_at: datetime | None = Field(description="end of the link; null: it does not expire")
    notes: str
    sample: dict[str, Any] | None
    settings: list[dict[str, Any]]
    plan: dict[str, Any] | None
    structures: list[StructureOut]
    predictions: list[SharedPrediction]
    datasets: list[DatasetOut]
    reports: list[ReportOut]
