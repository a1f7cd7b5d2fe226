"""Tables of proposals, of links to their items, and of their reports; files of reports are in a folder."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel

from backend.kit.db.columns import Owned, UTCDateTime, utc_now

NULLABLE_JSON = JSON(none_as_null=True)


class Proposal(Owned, table=True):
    """A proposal: the workspace of one request for beam time."""

    __tablename__ = "proposals"

    name: str = Field(max_length=200)
    notes: str = Field(default="", sa_type=Text)
    sample: dict[str, Any] | None = Field(default=None, sa_type=NULLABLE_JSON, description="a SampleIn")
    settings: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSON, description="selected settings, each a SettingIn"
    )
    plan: dict[str, Any] | None = Field(default=None, sa_type=NULLABLE_JSON, description="a PlanIn")
    changed_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    share_secret: str | None = Field(
        default=None, max_length=64, description="secret that allows reading; null: not shared"
    )
    share_expires_at: datetime | None = Field(
        default=None, sa_type=UTCDateTime, description="end of the link; null: it does not expire"
    )


class _Link(SQLModel):
    """A link from a proposal to an item; it is deleted with the proposal and with the item."""

    proposal_id: uuid.UUID = Field(foreign_key="proposals.id", ondelete="CASCADE", primary_key=True)
    added_at: datetime = Field(default_factory=utc_now, sa_type=UTCDateTime)


class ProposalStructure(_Link, table=True):
    """A structure in a proposal."""

    __tablename__ = "proposal_structures"

    item_id: uuid.UUID = Field(foreign_key="structures.id", ondelete="CASCADE", primary_key=True, index=True)


class ProposalPrediction(_Link, table=True):
    """A prediction in a proposal."""

    __tablename__ = "proposal_predictions"

    item_id: uuid.UUID = Field(foreign_key="predictions.id", ondelete="CASCADE", primary_key=True, index=True)


class ProposalDataset(_Link, table=True):
    """Measured data in a proposal."""

    __tablename__ = "proposal_datasets"

    item_id: uuid.UUID = Field(foreign_key="datasets.id", ondelete="CASCADE", primary_key=True, index=True)


class ProposalReport(Owned, table=True):
    """A report; the names of its files come from its id."""

    __tablename__ = "proposal_reports"

    proposal_id: uuid.UUID = Field(foreign_key="proposals.id", ondelete="CASCADE", index=True)
    title: str = Field(max_length=200)
    formats: list[str] = Field(sa_type=JSON, description="pdf, html")
