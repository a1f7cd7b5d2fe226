"""Events of a prediction: its states, from now until it ends."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable

from backend.jobs.following import follow
from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.settings import Settings
from backend.predictions import service
from backend.predictions.schemas import FINISHED, PredictionOut

POLL_INTERVAL_S = 0.25


async def watch(
    settings: Settings, owner: str, prediction_id: uuid.UUID, closing: Callable[[], bool]
) -> AsyncIterator[PredictionOut]:
    """Yield each new state, until the prediction ends or is deleted, or the server closes."""

    def read() -> PredictionOut:
        with transaction(settings, reading=True) as session:
            return PredictionOut.of(service.get(Scope(session, owner), prediction_id))

    states = follow(read, has_ended=lambda state: state.status in FINISHED, closing=closing, interval_s=POLL_INTERVAL_S)
    async for state in states:
        yield state
