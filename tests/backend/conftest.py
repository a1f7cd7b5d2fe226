"""The API on a data folder of its own, and a client that speaks to it in-process."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from starlette.routing import Mount, Route

from backend.app import create_app
from backend.kit import settings as settings_module
from backend.kit.db import database
from backend.kit.db.owners import LOCAL_USER, Scope
from backend.kit.settings import SQLITE_FILE, Settings
from backend.startup import prepare
from backend.structures import parse
from backend.structures import service as structures

Answer = TypeVar("Answer")


def run_apart(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Run an asynchronous function in a thread: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, work).result()


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest revision; migrating takes longer than copying."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("template"))
    prepare(settings)
    database.engine(settings).dispose()
    return settings.data_dir / SQLITE_FILE


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of a fresh data folder; `backend.kit.settings.current()` gives the same, as in a worker."""
    monkeypatch.setenv("BEAMCAST_DATA_DIR", str(tmp_path))
    if request.config.getoption("--postgresql"):
        monkeypatch.setenv("BEAMCAST_DATABASE_URL", request.getfixturevalue("migrated_postgres_url"))
    else:
        shutil.copy(migrated_database, tmp_path / SQLITE_FILE)
    settings_module.current.cache_clear()
    settings = settings_module.current()
    yield settings
    database.engine(settings).dispose()
    settings_module.current.cache_clear()


@pytest.fixture(scope="session")
def warm_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """An application whose routers `app` uses: FastAPI takes long to read the signatures of all routes."""
    return create_app(Settings(data_dir=tmp_path_factory.mktemp("app")))


@pytest.fixture
def app(settings: Settings, warm_app: FastAPI) -> FastAPI:
    """The API."""
    app = create_app(settings)
    routes = zip(app.router.routes, warm_app.router.routes, strict=True)
    # Routes of the application itself hold its state; those of routers find it in the request
    app.router.routes[:] = [own if isinstance(own, Route | Mount) else warm for own, warm in routes]
    # Routers look for replaced dependencies in the application that included them
    warm_app.dependency_overrides = app.dependency_overrides
    return app


class Client:
    """A blocking client: httpx's transport into an application is asynchronous only."""

    def __init__(self, portal: BlockingPortal, app: FastAPI) -> None:
        self._portal = portal
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000/api/v1")

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """The response to a request; `path` is relative to /api/v1. The unexpected is raised."""

        async def send() -> httpx.Response:
            return await self._client.request(method, path, **arguments)

        return self._portal.call(send)

    def get(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, **arguments)

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("POST", path, **arguments)

    def delete(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("DELETE", path, **arguments)


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def client(portal: BlockingPortal, app: FastAPI) -> Client:
    """A client of the API."""
    return Client(portal, app)


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
DISORDERED = b"""data_split
_cell_length_a 3.84
_cell_length_b 3.84
_cell_length_c 3.84
_cell_angle_alpha 60
_cell_angle_beta 60
_cell_angle_gamma 60
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Si1 Si 0 0 0 1
Si2 Si 0.25 0.25 0.25 0.6
Si3 Si 0.30 0.25 0.25 0.4
"""
"""Silicon with an atom on two positions."""


@pytest.fixture(scope="session")
def silicon() -> dict[str, Any]:
    """What the parser finds in a file of silicon's primitive cell."""
    return parse.parse(SILICON, "poscar", 100)


@pytest.fixture
def structure(settings: Settings, silicon: dict[str, Any]) -> dict[str, Any]:
    """Silicon as a stored structure, without the upload's own process."""
    with database.transaction(settings) as session:
        row = structures.add(
            Scope(session, LOCAL_USER), silicon, content=SILICON, fmt="poscar", file_name="Si.vasp", name=None
        )
        return {"id": str(row.id), "n_atoms": row.n_atoms, "name": row.name}
