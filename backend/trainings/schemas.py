"""Bodies of the routes of trainings."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.potentials.catalogue import DEFAULT
from backend.predictions.schemas import Status
from backend.trainings.recipes import Effort
from backend.trainings.tables import Training
from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class ReferenceIn(RequestBody):
    """The reference of a training: what labels its structures."""

    kind: Literal["file", "engine", "phonons"] = Field(description="`file`: labels that were uploaded")
    label_set_id: uuid.UUID | None = Field(None, description="of `file`")
    engine: Name | None = Field(None, description="of `engine`: id of a reference of `GET /references`")
    prediction_id: uuid.UUID | None = Field(None, description="of `phonons`: harmonic forecast")


class TrainingIn(RequestBody):
    """Request to improve a potential for one material."""

    structure_id: uuid.UUID
    base: Name | None = Field(DEFAULT, description="name or id of the NEP to start from")
    reference: ReferenceIn
    temperature_k: float = Field(
        300.0, ge=MIN_TEMPERATURE_K, le=MAX_TEMPERATURE_K, description="at which dynamics must stay intact"
    )
    effort: Effort = "standard"
    active_learning: bool = Field(False, description="needs a reference that labels new structures")
    options: FreeForm = Field(
        default_factory=dict, description="steps, batch_size, learning_rate, …: all of the answer's `options`"
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "structure_id": "6f9a1f0e-6c1d-4b57-9d0c-0a9a7c1a2b3c",
                    "base": DEFAULT,
                    "reference": {"kind": "file", "label_set_id": "0c2d7f5e-1f6b-4f7d-8b1e-7c8f0f7c0f11"},
                    "temperature_k": 300,
                    "effort": "standard",
                }
            ]
        }
    )


class TrainingOut(ResponseBody):
    """A training: its request, its state and its evidence."""

    id: uuid.UUID
    created_at: datetime
    structure_id: uuid.UUID
    base_id: uuid.UUID | None = Field(description="null: it was deleted")
    base: str = Field(description="name of the potential that it starts from", examples=[DEFAULT])
    label_set_id: uuid.UUID | None = Field(description="null: it was deleted; `…/labels` are a copy")
    reference: dict[str, Any]
    temperature_k: float
    effort: Effort
    options: dict[str, Any] = Field(description="all options, including those that the request leaves out")
    status: Status
    stage: str = Field(description="stage of the running job, or the reason to wait")
    stage_notice: NoticeOut | None
    waiting_for: NoticeOut | None
    progress: float = Field(ge=0, le=1)
    eta_s: float | None
    estimate_s: tuple[float, float] | None = Field(description="range of the duration in seconds, without the wait")
    attempt: int
    error: str | None
    error_notice: NoticeOut | None
    warnings: list[str] = Field(description="why it was not accepted, and what could not be checked")
    notices: list[NoticeOut] = Field(description="the warnings as codes with parameters")
    accepted: bool = Field(description="whether the potential passed the gate")
    potential_id: uuid.UUID | None = Field(description="null unless accepted")
    evidence: dict[str, Any] = Field(
        description="number of labels, seconds, `loss` ([step, train, held out], also while it runs), errors on "
        "`held_out` labels before and after, `phonons` at special points (meV), `stable_md_ps`, `refusals`"
    )
    provenance: dict[str, Any]
    cancel_requested: bool
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Training, estimate_s: tuple[float, float] | None, loss: list[list[float]] | None = None) -> Self:
        """Return the body of a row; `loss` is the curve of a training that runs."""
        evidence = {**row.evidence, "loss": loss} if loss else row.evidence
        return cls.model_validate(
            {
                **row.model_dump(exclude={"stage", "waiting_for", "error", "warnings", "evidence", "estimate_s"}),
                "estimate_s": estimate_s,
                "evidence": evidence,
                "stage": wording.message_or_none(row.waiting_for or row.stage) or "",
                "stage_notice": NoticeOut.of_optional(row.stage),
                "waiting_for": NoticeOut.of_optional(row.waiting_for),
                "error": wording.message_or_none(row.error),
                "error_notice": NoticeOut.of_optional(row.error),
                "warnings": wording.messages(row.warnings),
                "notices": NoticeOut.of_all(row.warnings),
            }
        )


class TrainingEstimateOut(ResponseBody):
    """What a training would take."""

    estimate_s: tuple[float, float] = Field(description="range of the duration in seconds, without the wait")
    options: dict[str, Any] = Field(description="all options, including those that the request leaves out")


class ReferenceOut(ResponseBody):
    """What can supply labels on this server."""

    id: str = Field(examples=["file"])
    title: str = Field(examples=["Labels of a file"])
    available: bool
    why_not: str | None = Field(description="why it cannot be used; null: it can")
    why_not_notice: NoticeOut | None
    elements: list[str] | None = Field(description="that it can label; null: all")
    cost_s_per_atom: float | None = Field(description="CPU time of a label over its atoms; null: unknown")
    licence: str
    evidence: list[NoticeOut] = Field(description="how good it is for these elements, where that was measured")
