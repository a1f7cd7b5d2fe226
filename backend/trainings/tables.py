"""Table of trainings. The rows of their jobs are in `backend.jobs`."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from backend.jobs.work import TRAINING, Work, register_work_table


@register_work_table(TRAINING, lambda settings: settings.trainings_dir)
class Training(Work, table=True):
    """A training: its request, its state and its evidence."""

    __tablename__ = "trainings"

    structure_id: uuid.UUID = Field(foreign_key="structures.id", index=True)
    base_id: uuid.UUID | None = Field(
        default=None, foreign_key="models.id", ondelete="SET NULL", index=True, description="None: it was deleted"
    )
    base: str = Field(max_length=200, description="name of the potential that it starts from")
    label_set_id: uuid.UUID | None = Field(
        default=None, foreign_key="label_sets.id", ondelete="SET NULL", index=True, description="None: it was deleted"
    )
    reference: dict[str, Any] = Field(sa_type=JSON, description="kind of the reference, and facts about its labels")
    temperature_k: float
    effort: str = Field(max_length=16)
    options: dict[str, Any] = Field(sa_type=JSON, description="complete, as `recipes.Recipe` writes them")
    accepted: bool = Field(default=False, description="whether the potential passed the gate")
    potential_id: uuid.UUID | None = Field(
        default=None, foreign_key="models.id", ondelete="SET NULL", index=True, description="None unless accepted"
    )
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
