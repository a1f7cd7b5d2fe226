"""Table of predictions. The rows of their jobs are in `backend.jobs`."""

from __future__ import annotations

import uuid
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Index, and_, or_
from sqlmodel import Field, col

from backend.jobs.work import PREDICTION, Work, register_work_table
from backend.kit.db.columns import Hideable
from scattering.options.base import Options
from scattering.options.registry import find_kind

SOURCE: Final = "source"
"""Entry of the provenance of a prediction from given phonons: facts about their source."""
HARMONIC_REFERENCE: Final = "harmonic_reference"
"""Entry of the provenance of dynamics with the harmonic part of another prediction: its id, and the name of its
potential or source."""


@register_work_table(PREDICTION, lambda settings: settings.predictions_dir)
class Prediction(Hideable, Work, table=True):
    """A prediction: its request, its state and its provenance."""

    __tablename__ = "predictions"
    __table_args__ = (Index("ix_predictions_tally", "status", "method"),)

    structure_id: uuid.UUID = Field(foreign_key="structures.id", index=True)
    # These columns keep the names of the first version
    potential_id: uuid.UUID | None = Field(
        default=None,
        foreign_key="models.id",
        index=True,
        sa_column_kwargs={"name": "model_id"},
        description="None: given phonons",
    )
    potential: str | None = Field(
        default=None,
        max_length=200,
        sa_column_kwargs={"name": "model"},
        description="its name at the time of the request",
    )
    source_id: uuid.UUID | None = Field(
        default=None,
        foreign_key="sources.id",
        index=True,
        description="source of given phonons; None if it was deleted",
    )
    method: str = Field(max_length=16)
    sampling: str = Field(max_length=16)
    quality: str = Field(max_length=16)
    temperature_k: float
    instruments: list[str] = Field(sa_type=JSON)
    isotopes: dict[str, Any] = Field(
        default_factory=dict, sa_type=JSON, description="isotopes of the simulation, by element or site"
    )
    options: dict[str, Any] = Field(sa_type=JSON, description="complete, as `scattering.options` writes them")

    def typed_options(self) -> Options:
        """Return the options as an object of the class of this method and sampling."""
        return find_kind(self.method, self.sampling, given=self.has_given_phonons).options.parse(self.options)

    @property
    def has_given_phonons(self) -> bool:
        """Whether the phonons or the trajectory come from a source, and no potential was used."""
        return self.potential_id is None

    @property
    def has_given_trajectory(self) -> bool:
        """Whether a source gives the trajectory, and nothing was simulated."""
        return self.has_given_phonons and self.method != "harmonic"

    @property
    def harmonic_reference(self) -> dict[str, Any] | None:
        """Facts about the prediction that gives the harmonic part of these dynamics; None if the potential gives it."""
        return self.provenance.get(HARMONIC_REFERENCE)

    @property
    def basis(self) -> str:
        """Name of the potential, or of the source of given phonons."""
        return self.potential or str(self.provenance.get(SOURCE, {}).get("name", ""))


def has_same_origin(row: Prediction) -> ColumnElement[bool]:
    """Return the condition for predictions with the phonons of a prediction: of its potential, source or reference.

    The phonons of dynamics with a harmonic reference are those of the reference.
    """
    reference = col(Prediction.provenance)[HARMONIC_REFERENCE]["id"].as_string()
    if row.harmonic_reference is not None:
        named = str(row.harmonic_reference["id"])
        return or_(col(Prediction.id) == uuid.UUID(named), reference == named)
    if row.potential_id is not None:
        same = and_(col(Prediction.potential_id) == row.potential_id, reference.is_(None))
    else:
        same = col(Prediction.id) == row.id if row.source_id is None else col(Prediction.source_id) == row.source_id
    return or_(same, reference == str(row.id))
