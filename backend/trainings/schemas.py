"""Bodies of the routes of trainings."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints

from backend import wording
from backend.jobs.schemas import WorkOut
from backend.kit.http.notices import NoticeOut
from backend.kit.http.schemas import FreeForm, RequestBody, ResponseBody
from backend.potentials.catalogue import DEFAULT
from backend.trainings.offers import Offer
from backend.trainings.recipes import Effort
from backend.trainings.tables import Training
from scattering.core.constants import MAX_TEMPERATURE_K, MIN_TEMPERATURE_K
from scattering.core.notices import Notice

Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class ReferenceIn(RequestBody):
    """The reference of a training: what labels its structures."""

    kind: Literal["file", "engine", "phonons"] = Field(
        description="`file`: uploaded labels; `engine`: a potential or DFT that labels; `phonons`: force constants"
    )
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


class TrainingOut(WorkOut):
    """A training: its request, its state and its evidence."""

    structure_id: uuid.UUID
    base_id: uuid.UUID | None = Field(description="null: it was deleted")
    base: str = Field(description="name of the potential that it starts from", examples=[DEFAULT])
    label_set_id: uuid.UUID | None = Field(description="null: it was deleted; `…/labels` are a copy")
    reference: dict[str, Any]
    temperature_k: float
    effort: Effort
    options: dict[str, Any] = Field(description="all options, including those that the request leaves out")
    estimate_s: tuple[float, float] | None = Field(description="range of the duration in seconds, without the wait")
    warnings: list[str] = Field(description="why it was not accepted, and what could not be checked")
    accepted: bool = Field(description="whether the potential passed the gate")
    potential_id: uuid.UUID | None = Field(description="null unless accepted")
    evidence: dict[str, Any] = Field(
        description="number of labels, seconds, `loss` ([step, train, held out], also while it runs), errors on "
        "`held_out` labels before and after, `phonons` at special points (meV), `stable_md_ps`, `refusals`"
    )

    @classmethod
    def of(cls, row: Training, estimate_s: tuple[float, float] | None, loss: list[list[float]] | None = None) -> Self:
        """Return the body of a row; `loss` is the curve of a training that runs."""
        evidence = {**row.evidence, "loss": loss} if loss else row.evidence
        return cls.model_validate({**cls.facts(row), "estimate_s": estimate_s, "evidence": evidence})


class TrainingEstimateOut(ResponseBody):
    """What a training would take."""

    estimate_s: tuple[float, float] = Field(description="range of the duration in seconds, without the wait")
    options: dict[str, Any] = Field(description="all options, including those that the request leaves out")


class ReferenceOut(ResponseBody):
    """What can supply labels on this server."""

    id: str = Field(description="`engine` of requests of this kind", examples=["gfn1-xtb"])
    kind: Literal["file", "engine", "phonons"] = Field(description="`kind` of the reference in requests")
    title: str = Field(examples=["Labels of a file"])
    available: bool
    why_not: str | None = Field(description="why it cannot be used; null: it can")
    why_not_notice: NoticeOut | None
    elements: list[str] | None = Field(description="that it can label; null: all")
    cost_s_per_atom: float | None = Field(description="CPU time of a label over its atoms; null: unknown")
    licence: str
    evidence: list[NoticeOut] = Field(
        description="errors of its phonons in classes of crystals, where they were measured; without a structure, one "
        "that is worse than the base potential in a class is available, and says so here"
    )

    @classmethod
    def of(cls, offer: Offer, obstacle: Notice | None) -> Self:
        """Return the body of a reference, with the reason why it cannot be used."""
        known = offer.reference
        return cls.model_validate(
            {
                **{name: getattr(known, name) for name in ("id", "kind", "title", "cost_s_per_atom", "licence")},
                "available": obstacle is None,
                "why_not": wording.message_or_none(obstacle),
                "why_not_notice": NoticeOut.of_optional(obstacle),
                "elements": None if known.elements is None else list(known.elements),
                "evidence": NoticeOut.of_all(offer.evidence),
            }
        )
