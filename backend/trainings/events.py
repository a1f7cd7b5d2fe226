"""Events of a training: its states, from now until it ends."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable

from backend.jobs.following import follow
from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.settings import Settings
from backend.predictions.schemas import FINISHED
from backend.trainings import bodies
from backend.trainings.schemas import TrainingOut

POLL_INTERVAL_S = 0.5


async def watch(
    settings: Settings, owner: str, training_id: uuid.UUID, closing: Callable[[], bool]
) -> AsyncIterator[TrainingOut]:
    """Yield each new state, until the training ends or is deleted, or the server closes."""

    def read() -> TrainingOut:
        with transaction(settings, reading=True) as session:
            return bodies.of_id(Scope(session, owner), training_id)

    states = follow(read, has_ended=lambda state: state.status in FINISHED, closing=closing, interval_s=POLL_INTERVAL_S)
    async for state in states:
        yield state
