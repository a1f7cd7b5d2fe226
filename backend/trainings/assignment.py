"""The facts about a training that a worker needs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from backend.kit.db.database import transaction
from backend.kit.settings import Settings
from backend.potentials.tables import Potential
from backend.structures.tables import Structure
from backend.trainings.recipes import Recipe
from backend.trainings.tables import Training


@dataclass(frozen=True)
class TrainingAssignment:
    """The request of a training, complete.

    Attributes
    ----------
    base
        Potential to start from; None if it was deleted meanwhile.
    elements
        Elements of the structure, for which the potential is made.
    kind, engine
        Kind and id of the reference that supplies the labels.
    teacher
        Potential that labels; None if the reference is none, or if it was deleted meanwhile.
    """

    training_id: uuid.UUID
    structure_id: uuid.UUID
    base: Potential | None
    elements: tuple[str, ...]
    temperature_k: float
    recipe: Recipe
    kind: str = "file"
    engine: str = ""
    teacher: Potential | None = None

    @property
    def base_sha256(self) -> str | None:
        """Checksum of the file of the base."""
        return None if self.base is None else self.base.sha256


def read_assignment(settings: Settings, training_id: uuid.UUID) -> TrainingAssignment | None:
    """Return the request of a training, or None if it was deleted."""
    with transaction(settings, reading=True) as session:
        row = session.get(Training, training_id)
        if row is None:
            return None
        teacher = row.reference.get("potential_id")
        return TrainingAssignment(
            training_id=row.id,
            structure_id=row.structure_id,
            base=None if row.base_id is None else session.get(Potential, row.base_id),
            elements=tuple(session.get_one(Structure, row.structure_id).elements),
            temperature_k=row.temperature_k,
            recipe=Recipe.model_validate(row.options),
            kind=row.reference["kind"],
            engine=row.reference.get("engine", ""),
            teacher=None if teacher is None else session.get(Potential, uuid.UUID(teacher)),
        )
