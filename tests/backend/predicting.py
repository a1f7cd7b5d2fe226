"""Predictions for tests: asked for over the API, run by a worker that is played here."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs import leases
from backend.jobs.leases import Lease
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from scattering.core.notices import Notice
from scattering.core.partials import Partials

from .conftest import Client

WORKER = "played@here"
COARSE_GRID = Notice("text", {"text": "a coarse grid"})
"""The warning that `run` gives."""
ENGINES = ("nep-adapters", "nep-adapters-cuda", "calorine", "gpumd", "i-pi")


def worker(name: str = WORKER, *, slots: int = 100, **more: Any) -> WorkerHeartbeat:
    """A worker that can do everything, unless said otherwise."""
    return WorkerHeartbeat(
        **{
            "name": name,
            "slots": slots,
            "long_slots": heartbeats.long_slots(slots),
            "queues": ["cpu", "gpu"],
            "engines": dict.fromkeys(ENGINES, "1"),
            **more,
        }
    )


@contextlib.contextmanager
def living(name: str = WORKER, **more: Any) -> Iterator[str]:
    """A worker that lives as long as this lasts."""
    heartbeats.record(worker(name, **more))
    try:
        yield name
    finally:
        heartbeats.remove(name)


def claim(prediction_id: str | uuid.UUID, *, pid: int = 1) -> Lease | None:
    """A lease on the next job of this prediction, whatever else is queued; None when none is to be done."""
    others = []
    with living() as name:
        while (lease := leases.claim(name, pid)) is not None and str(lease.prediction_id) != str(prediction_id):
            others.append(lease)
        for other in others:
            leases.release(other)
    return lease


def finish(prediction_id: str | uuid.UUID, write: Callable[[Path], object], path: Path, **more: Any) -> None:
    """Do all the jobs of a prediction, the last of which writes its partials."""
    lease = claim(prediction_id)
    assert lease is not None
    while lease.kind not in ("whole", "combine"):
        leases.succeed(lease, lambda: None)
        lease = claim(prediction_id)
        assert lease is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    leases.succeed(lease, lambda: write(path), **more)


def silicon_partials() -> Partials:
    """Partials of a single mode at 60 meV, on a coarse grid."""
    q, energy = np.arange(0.1, 12.0, 0.2), np.arange(0.0, 120.0, 0.5)
    line = np.exp(-(((energy - 60.0) / 1.5) ** 2)) / 4.0
    shape = (q[:, None] ** 2 * line)[None].astype(np.float32)
    return Partials(
        q=q,
        energy=energy,
        species=("Si",),
        concentration=np.array([1.0]),
        coherent=shape,
        incoherent=shape,
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.zeros((1, len(q))),
        temperature=300.0,
        statistics="quantum",
        metadata={},
    )


def ask(client: Client, structure: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ask for a prediction."""
    response = client.post("/predictions", json={"structure_id": structure["id"], "instruments": ["TOSCA"], **more})
    assert response.status_code == 202, response.text
    return dict(response.json())


def run(settings: Settings, prediction_id: str, provenance: dict[str, Any] | None = None) -> None:
    """Do what a worker does, but for the physics."""
    finish(
        prediction_id,
        lambda path: POWDER.write(path, silicon_partials()),
        settings.partials_path(prediction_id),
        provenance=provenance or {},
        warnings=[COARSE_GRID],
    )


def succeeded(client: Client, settings: Settings, structure: dict[str, Any], **more: Any) -> str:
    """Id of a prediction that has succeeded."""
    prediction_id = str(ask(client, structure, **more)["id"])
    run(settings, prediction_id)
    return prediction_id
