"""Bodies of trainings from their rows, with the curve of the loss of one that runs."""

from __future__ import annotations

import uuid

from backend.kit.db.owners import Scope
from backend.trainings import service
from backend.trainings.schemas import TrainingOut
from backend.trainings.tables import Training


def of_row(scope: Scope, row: Training) -> TrainingOut:
    """Return the body of a training."""
    estimate = None if row.estimate_s is None else service.estimate_range(row.estimate_s)
    return TrainingOut.of(row, estimate, service.running_loss(scope, row))


def of_id(scope: Scope, training_id: uuid.UUID) -> TrainingOut:
    """Return the body of the training with this id."""
    return of_row(scope, service.get(scope, training_id))
