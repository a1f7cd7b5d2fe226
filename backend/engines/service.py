"""List the engines with the workers that have them."""

from __future__ import annotations

from sqlmodel import Session

from backend.engines import catalogue
from backend.engines.schemas import EngineOut
from backend.health import heartbeats
from backend.kit.db.database import clock


def engines(session: Session) -> list[EngineOut]:
    """Return every engine with the number of living workers that have it."""
    workers = heartbeats.living_workers(session, clock(session))
    return [
        EngineOut.of(
            engine, workers=sum(name in worker.engines and engine.queue in worker.queues for worker in workers)
        )
        for name, engine in catalogue.engines().items()
    ]
