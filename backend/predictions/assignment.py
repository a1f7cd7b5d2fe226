"""The facts about a prediction that a worker needs to simulate it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.potentials.tables import Potential
from backend.predictions.tables import Prediction
from scattering.options.base import Options


@dataclass(frozen=True)
class Assignment:
    """The request of a prediction, complete."""

    prediction_id: uuid.UUID
    structure_id: uuid.UUID
    potential: Potential
    method: str
    sampling: str
    temperature_k: float
    options: Options


def read_assignment(settings: Settings, prediction_id: uuid.UUID) -> Assignment | None:
    """Return the request of a prediction, or None if the prediction was deleted."""
    with transaction(settings, reading=True) as session:
        row = session.get(Prediction, prediction_id)
        if row is None:
            return None
        return Assignment(
            prediction_id=row.id,
            structure_id=row.structure_id,
            potential=session.get_one(Potential, row.potential_id),
            method=row.method,
            sampling=row.sampling,
            temperature_k=row.temperature_k,
            options=row.typed_options(),
        )
