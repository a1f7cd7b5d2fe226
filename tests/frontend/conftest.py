"""The pages on the real application: a data folder of its own, silicon, and a forecast whose partials are written."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI

from backend import database
from backend import settings as settings_module
from backend.app import create_app
from backend.owners import LOCAL_USER, Scope
from backend.predictions import runs
from backend.predictions.partials_file import write_partials
from backend.settings import Settings
from backend.startup import prepare
from backend.structures import parse
from backend.structures import service as structures
from frontend.app import csp_script_hashes, mount
from frontend.client import ApiClient
from scattering.partials import Partials

Answer = TypeVar("Answer")
WORKER = "played:1"

SILICON = b"""Silicon
5.431
0 0.5 0.5
0.5 0 0.5
0.5 0.5 0
Si
2
Direct
0 0 0
0.25 0.25 0.25
"""


def run(work: Awaitable[Answer]) -> Answer:
    """Wait for an asynchronous call; in a thread, for Playwright keeps a loop running in this one."""

    async def waiting() -> Answer:
        return await work

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, waiting()).result()


@dataclass(frozen=True)
class Site:
    """An application with pages, one structure and what was forecast for it."""

    settings: Settings
    app: FastAPI
    structure_id: str
    harmonic_id: str
    md_id: str

    @property
    def api(self) -> ApiClient:
        return ApiClient(self.app)


def one_mode(energy_mev: float, *, statistics: Any) -> Partials:
    """Partials of a single flat mode of silicon, on a coarse grid."""
    q, energy = np.arange(0.1, 12.0, 0.2), np.arange(0.0, 120.0, 0.5)
    line = np.exp(-(((energy - energy_mev) / 1.5) ** 2)) / 4.0
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
        statistics=statistics,
        metadata={},
    )


def forecast(settings: Settings, prediction_id: str, partials: Partials) -> None:
    """Do what a worker does, but for the physics."""
    job = runs.claim(uuid.UUID(prediction_id), WORKER)
    assert job is not None
    folder = settings.prediction_dir(job.id)
    folder.mkdir(parents=True)
    write_partials(folder / "partials.h5", partials)
    runs.succeed(job.id, WORKER, {"versions": {"euphonic": "2.1.1"}}, ["one mode is all there is"])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site; what tests add to it, others may see."""
    patch = pytest.MonkeyPatch()
    patch.setenv("BEAMCAST_DATA_DIR", str(tmp_path_factory.mktemp("site")))
    settings_module.current.cache_clear()
    settings = settings_module.current()
    prepare(settings)
    contents = parse.parse(SILICON, "poscar", 100)
    with database.transaction(settings) as session:
        row = structures.add(
            Scope(session, LOCAL_USER), contents, content=SILICON, fmt="poscar", file_name="Si.vasp", name="Silicon"
        )
        structure_id = str(row.id)
    app = create_app(settings)
    app.state.script_hashes = tuple(csp_script_hashes(mount(app)))
    api = ApiClient(app)
    ids = []
    for method, energy in (("harmonic", 60.0), ("md", 58.0)):
        body = {
            "structure_id": structure_id,
            "method": method,
            "quality": "preview",
            "instruments": ["TOSCA", "MAPS"],
        }
        prediction = run(api.start(body, idempotency_key=f"site-{method}"))
        forecast(
            settings, prediction["id"], one_mode(energy, statistics="quantum" if method == "harmonic" else "classical")
        )
        ids.append(prediction["id"])
    # The rest of the session has data folders of its own.
    patch.undo()
    settings_module.current.cache_clear()
    yield Site(settings, app, structure_id, *ids)
    database.engine(settings).dispose()


@pytest.fixture(scope="session")
def address(site: Site) -> Iterator[str]:
    """The site served on loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(site.app, log_level="error", ws="none"))
        started = threading.Event()
        ready = server.startup

        async def startup(*arguments: Any, **named: Any) -> None:
            await ready(*arguments, **named)
            started.set()

        server.startup = startup  # type: ignore[method-assign]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        assert started.wait(30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        site.app.state.closing = True
        server.should_exit = True
        thread.join(30)
