"""The only place of the golden tests that knows where things are in the program: follow moves here.

`opened(folder)` is the server on a data folder, brought up to date as at its start.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from anyio.from_thread import start_blocking_portal

from backend.app import create_app
from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs import leases, sweep
from backend.kit import settings as settings_module
from backend.kit.db import database
from backend.startup import prepare
from workers import tasks
from workers.kit import checkpoint
from workers.kit.shutdown import Flag

HERE = Path(__file__).parent
ARCHIVE = HERE / "data.tar.xz"
CORES = {0, 1}
"""What the golden estimates were made for: durations go by the number of cores."""


class Server:
    """A server on a data folder: its API without a network, and the ids of what is in the folder, by name."""

    def __init__(self, send: Any, folder: Path) -> None:
        self._send = send
        self.folder = folder
        self.ids: dict[str, str] = json.loads((folder / "golden.json").read_text())

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """The response to a request; `path` is relative to /api/v1."""
        response: httpx.Response = self._send(method, path, arguments)
        return response


def unpack(folder: Path) -> Path:
    """The data folder of the old version, in `folder`."""
    with tarfile.open(ARCHIVE, "r:xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@contextmanager
def opened(folder: Path, potentials: Path | None = None) -> Iterator[Server]:
    """The server on a data folder, its database migrated; `settings.current()` is of this folder meanwhile.

    Parameters
    ----------
    potentials
        The folder of NEP89's file, where something is simulated.
    """
    addresses = {"BEAMCAST_DATA_DIR": str(folder), "BEAMCAST_POTENTIALS_DIR": str(potentials or folder / "potentials")}
    with (
        mock.patch.dict(os.environ, addresses),
        mock.patch.object(os, "sched_getaffinity", return_value=CORES),
        start_blocking_portal() as portal,
    ):
        settings_module.current.cache_clear()
        settings = settings_module.current()
        prepare(settings)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(settings)), base_url="http://127.0.0.1:8000/api/v1", timeout=300
        )

        def send(method: str, path: str, arguments: dict[str, Any]) -> httpx.Response:
            async def at_once() -> httpx.Response:
                return await client.request(method, path, **arguments)

            return portal.call(at_once)

        try:
            yield Server(send, folder)
        finally:
            portal.call(client.aclose)
            database.engine(settings).dispose()
            settings_module.current.cache_clear()


ENGINES = ("nep-adapters", "nep-adapters-cuda", "calorine", "gpumd", "i-pi")
WORKER = WorkerHeartbeat(
    name="new@golden", slots=100, long_slots=99, queues=["cpu", "gpu"], engines=dict.fromkeys(ENGINES, "1")
)


def take_back_and_claim() -> tuple[int, list[leases.Lease]]:
    """Take back the jobs whose leases ran out, and claim all that there is for a worker that can do everything.

    Within `opened`. Returns how many were taken back, and the leases.
    """
    taken_back = sweep.take_back_expired()
    heartbeats.record(WORKER.model_copy())
    claimed = []
    while (lease := leases.claim(WORKER.name, 1)) is not None:
        claimed.append(lease)
    return taken_back, claimed


def simulate_again(server: Server, name: str) -> Path:
    """Ask for a prediction of the archive again and do all of its jobs here.

    Within `opened`, where nothing else is queued. Returns the file of its partials.
    """
    old = server.request("GET", f"predictions/{server.ids[name]}").json()
    asked = ("structure_id", "method", "sampling", "quality", "temperature_k", "instruments", "options", "model")
    response = server.request("POST", "predictions", json={field: old[field] for field in asked})
    assert response.status_code == 202, response.text
    do_all_jobs()
    made = response.json()["id"]
    new = server.request("GET", f"predictions/{made}").json()
    assert new["status"] == "succeeded", new["error"]
    return server.folder / "predictions" / made / "partials.h5"


def do_all_jobs() -> list[int]:
    """Take back the jobs whose leases ran out, and do all that there are, here. Within `opened`.

    Returns the steps of the checkpoints that other workers had left, and that fit.
    """
    steps = []
    read_intact = checkpoint.Checkpoints.read_intact

    def noted(self: checkpoint.Checkpoints) -> Iterator[checkpoint.Checkpoint]:
        for found in read_intact(self):
            steps.append(found.step)
            yield found

    sweep.take_back_expired()
    # Each replica would make this process nicer
    with mock.patch.object(os, "nice"), mock.patch.object(checkpoint.Checkpoints, "read_intact", noted):
        heartbeats.record(WORKER.model_copy())
        while (lease := leases.claim(WORKER.name, os.getpid())) is not None:
            tasks.perform(lease, Flag())
            heartbeats.record(WORKER.model_copy())
    return steps
