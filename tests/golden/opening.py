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
def opened(folder: Path) -> Iterator[Server]:
    """The server on a data folder, its database migrated; `settings.current()` is of this folder meanwhile."""
    with (
        mock.patch.dict(os.environ, {"BEAMCAST_DATA_DIR": str(folder)}),
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
