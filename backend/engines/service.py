"""Engines by the methods that they can do, and the workers that have them."""

from __future__ import annotations

from typing import Final, get_args

from sqlmodel import Session

from backend.engines.schemas import EngineOut
from backend.health import beats
from backend.jobs.graph import GPU_ENGINES
from backend.kit.db.database import clock
from backend.predictions.schemas import Method

TITLES: Final = {
    "nep-adapters": "nep-adapters",
    "nep-adapters-cuda": "nep-adapters on a graphics card",
    "calorine": "calorine",
    "i-pi": "i-PI",
    "gpumd": "GPUMD",
}


def engines(session: Session) -> list[EngineOut]:
    """Every engine that some method knows, whether a worker has it or not."""
    from scattering.simulate import protocol  # takes long to import

    methods: dict[str, list[Method]] = {}
    for method in get_args(Method):
        for name in protocol.engines(method):
            methods.setdefault(name, []).append(method)
    workers = beats.alive(session, clock(session))
    return [
        EngineOut(
            name=name,
            title=TITLES.get(name, name),
            methods=able,
            queue=(queue := "gpu" if name in GPU_ENGINES else "cpu"),
            workers=sum(name in worker.engines and queue in worker.queues for worker in workers),
        )
        for name, able in methods.items()
    ]
