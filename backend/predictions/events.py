"""Events of a prediction: its states, from now until it ends."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable

from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.http.errors import NotFound
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

    last: PredictionOut | None = None
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
