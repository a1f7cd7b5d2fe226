"""A prediction's state as it changes, for as long as it may change."""

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

POLL_S = 0.25


async def changes(
    settings: Settings, owner: str, prediction_id: uuid.UUID, closing: Callable[[], bool]
) -> AsyncIterator[PredictionOut]:
    """Each state that differs from the one before; ends when the prediction ends, is deleted, or the server closes."""

    def look() -> PredictionOut:
        with transaction(settings, reading=True) as session:
            return PredictionOut.of(service.get(Scope(session, owner), prediction_id))

    last: PredictionOut | None = None
    while not closing():
        try:
            now = await asyncio.to_thread(look)
        except NotFound:
            return
        if now != last:
            yield now
            last = now
        if now.status in FINISHED:
            return
        await asyncio.sleep(POLL_S)
