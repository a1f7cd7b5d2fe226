"""Events of a training: its states, from now until it ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable

from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.http.errors import NotFound
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

    last: TrainingOut | None = None
    while not closing():
        try:
            now = await asyncio.to_thread(read)
        except NotFound:
            return
        if now != last:
            yield now
            last = now
        if now.status in FINISHED:
            return
        await asyncio.sleep(POLL_INTERVAL_S)
