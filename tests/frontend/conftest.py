"""The pages on the real application: a data folder of its own, silicon, and a forecast whose partials are written."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from numpy.typing import NDArray

from backend.app import create_app
from backend.kit import settings as settings_module
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import Settings
from backend.observing.layouts import PATH, POWDER
from backend.startup import prepare
from backend.structures import parse
from backend.structures import service as structures
from frontend.client import ApiClient, JsonObject
from frontend.routes import mount
from frontend.static_files import StaticFiles
from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.crystal.partials import CrystalPartials
from tests.backend.predicting import finish
from tests.frontend.browsing import visit

__all__ = ["visit"]

Answer = TypeVar("Answer")

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


class Api(ApiClient):
    """The client with what scripts of the pages ask for."""

    async def open_example(self, name: str) -> JsonObject:
        """Add a built-in structure to the user's own."""
        structure: JsonObject = await self.call("POST", f"/examples/{name}")
        return structure

    async def upload_structure(self, filename: str, content: bytes) -> JsonObject:
        """Add a structure from a file."""
        structure: JsonObject = await self.call("POST", "/structures", files={"file": (filename, content)})
        return structure

    async def start(self, request: JsonObject, *, idempotency_key: str) -> JsonObject:
        """Start a prediction; the same key gives the same prediction."""
        headers = {"Idempotency-Key": idempotency_key}
        prediction: JsonObject = await self.call("POST", "/predictions", json=request, headers=headers)
        return prediction


@dataclass(frozen=True)
class Site:
    """An application with pages, one structure and what was forecast for it."""

    settings: Settings
    app: FastAPI
    structure_id: str
    harmonic_id: str
    md_id: str

    @property
    def api(self) -> Api:
        return Api(self.app)

    def fetch(self, path: str, **headers: str) -> httpx.Response:
        """Return a page or a file as a browser gets it."""

        async def get() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.get(path, headers=headers)

        return run(get())


def one_mode(energy_mev: float, *, n_orders: int = 0, n_runs: int = 1) -> Partials:
    """Partials of a single flat mode of silicon, on a coarse grid.

    With orders, n phonons stand at n times its energy; with runs, these differ by 10 % from one to the next, and in
    a flat background.
    """
    q, energy = np.arange(0.1, 12.0, 0.2), np.arange(0.0, 150.0, 0.5)

    def line(phonons: int) -> NDArray[np.float32]:
        height = np.exp(-(((energy - phonons * energy_mev) / 1.5) ** 2)) / 4.0**phonons
        return (q[:, None] ** 2 * height)[None].astype(np.float32)

    orders = np.stack([line(phonons) for phonons in range(1, n_orders + 1)]) if n_orders else None
    shape = line(1) if orders is None else orders.sum(axis=0)
    apart = [0.1 * (run - (n_runs - 1) / 2) for run in range(n_runs)]
    runs = np.stack([shape * (1 + off) + np.float32(0.01 * off) for off in apart]) if n_runs > 1 else None
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
        statistics="quantum" if n_orders else "classical",
        metadata={},
        orders=orders,
        coherent_runs=runs,
        incoherent_runs=runs,
    )


LATTICE = 5.43
ZONES = [[0, 0, 0], [0, 0, 4], [2, 2, 0]]
SPECIAL = {"Γ": (0.0, 0.0, 0.0), "X": (0.0, 0.0, 1.0), "W": (0.5, 0.0, 1.0)}


def flat_branch(energy_mev: float, *, reaches: str = "W", n_runs: int = 1) -> CrystalPartials:
    """A mode of one energy along Γ–X–W in three zones, stronger in the farther ones, as |q|² makes it.

    The waves end at the special point that is named, as those of a box may.
    """
    energy = np.arange(0.0, 80.0, 0.5)
    points = np.array(list(SPECIAL.values()))
    wave_vectors = np.concatenate([np.linspace(points[0], points[1], 6), np.linspace(points[1], points[2], 4)[1:]])
    labels = ["Γ", *[""] * 4, "X", *[""] * 2, "W"]
    n = 1 + labels.index(reaches)
    steps = np.linalg.norm(np.diff(wave_vectors, axis=0), axis=1)
    distance = 2 * np.pi / LATTICE * np.concatenate([[0.0], np.cumsum(steps)])
    zones = np.array(ZONES)
    q = 2 * np.pi / LATTICE * np.linalg.norm(zones[:, None] + wave_vectors[:n], axis=-1)
    line = np.exp(-(((energy - energy_mev) / 1.0) ** 2))
    coherent = (q[:, :, None] ** 2 * line)[None].astype(np.float32)
    smooth = np.arange(0.1, 13.0, 0.1)
    incoherent = np.zeros((1, len(smooth), len(energy)), dtype=np.float32)
    apart = 1 + 0.1 * (np.arange(n_runs) - (n_runs - 1) / 2)
    return CrystalPartials(
        cell=LATTICE * np.eye(3),
        wave_vectors=wave_vectors[:n],
        distance=distance[:n],
        labels=tuple(labels[:n]),
        ticks=tuple((float(distance[labels.index(name)]), name) for name in SPECIAL),
        zones=zones,
        energy=energy,
        species=("Si",),
        concentration=np.array([1.0]),
        coherent=coherent,
        q=smooth,
        incoherent=incoherent,
        displacements=np.zeros((1, 3, 3)),
        dispersion_distance=distance,
        dispersion=np.full((len(distance), 2), energy_mev),
        temperature=300.0,
        statistics="classical" if n_runs > 1 else "quantum",
        coherent_runs=coherent * apart[:, None, None, None, None].astype(np.float32) if n_runs > 1 else None,
        incoherent_runs=np.repeat(incoherent[None], n_runs, axis=0) if n_runs > 1 else None,
    )


@contextlib.contextmanager
def working_in(settings: Settings) -> Iterator[None]:
    """Let this process do what a worker of the site does."""
    patch = pytest.MonkeyPatch()
    patch.setenv("BEAMCAST_DATA_DIR", str(settings.data_dir))
    settings_module.current.cache_clear()
    try:
        yield
    finally:
        patch.undo()
        settings_module.current.cache_clear()


def forecast(settings: Settings, prediction_id: str, partials: Partials | CrystalPartials) -> None:
    """Do what a worker does, but for the physics."""
    with working_in(settings):
        _forecast(settings, prediction_id, partials)


def _forecast(settings: Settings, prediction_id: str, partials: Partials | CrystalPartials) -> None:
    def write(path: Path) -> None:
        if isinstance(partials, CrystalPartials):
            PATH.write(path, partials)
        else:
            POWDER.write(path, partials)

    finish(
        prediction_id,
        write,
        settings.partials_path(prediction_id),
        provenance={"versions": {"euphonic": "2.1.1"}, "species": list(partials.species)},
        warnings=[Notice("text", {"text": "one mode is all there is"})],
    )


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
    files = StaticFiles()
    files.compress().join()
    mount(app, files)
    api = Api(app)
    ids = []
    simulated = {
        "harmonic": ({"n_orders": 2}, one_mode(60.0, n_orders=2)),
        "md": ({"replicas": 3}, one_mode(58.0, n_runs=3)),
    }
    for method, (options, partials) in simulated.items():
        body = {
            "structure_id": structure_id,
            "method": method,
            "quality": "preview",
            "instruments": ["TOSCA", "MAPS"],
            "options": options,
        }
        prediction = run(api.start(body, idempotency_key=f"site-{method}"))
        forecast(settings, prediction["id"], partials)
        ids.append(prediction["id"])
    # The rest of the session has data folders of its own.
    patch.undo()
    settings_module.current.cache_clear()
    yield Site(settings, app, structure_id, *ids)
    database.engine(settings).dispose()


@dataclass(frozen=True)
class CrystalSite:
    """A structure forecast as a powder first, then along Γ–X–W; the waves of the dynamics end at X."""

    structure_id: str
    powder_id: str
    harmonic_id: str
    md_id: str


@pytest.fixture(scope="session")
def crystal(site: Site) -> CrystalSite:
    """The forecasts of a single crystal, on the same site."""
    structure_id = run(site.api.upload_structure("crystal.vasp", SILICON.replace(b"Silicon", b"Crystal")))["id"]
    path = {"path": "Γ-X-W", "zones": ZONES}
    simulated: list[tuple[str, str, dict[str, Any], Partials | CrystalPartials]] = [
        ("harmonic", "powder", {}, one_mode(60.0)),
        ("harmonic", "path", path, flat_branch(60.0)),
        ("md", "path", {**path, "replicas": 2}, flat_branch(58.0, reaches="X", n_runs=2)),
    ]
    ids = []
    for method, sampling, options, partials in simulated:
        body = {
            "structure_id": structure_id,
            "method": method,
            "sampling": sampling,
            "quality": "preview",
            "instruments": ["ARCS", "MAPS"],
            "options": options,
        }
        prediction = run(site.api.start(body, idempotency_key=f"crystal-{method}-{sampling}"))
        forecast(site.settings, prediction["id"], partials)
        ids.append(prediction["id"])
    return CrystalSite(structure_id, *ids)


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
