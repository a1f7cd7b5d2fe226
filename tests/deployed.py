"""The deployed stack from real processes: migration, server and workers, on servers of tests/services.py."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.processes import Processes
from tests.services import PostgreSQL, Redis, wait_for

READY = re.compile(r"Beamcast is ready at (http://127\.0\.0\.1:\d+)")
ASK_EVERY_S = 0.2
FINAL = ("succeeded", "failed", "cancelled")


class Deployment(Processes):
    """A server and as many workers as are asked for; all end with it.

    Parameters
    ----------
    postgres, redis
        Which servers to use.
    database_url
        An empty database.
    folder
        For data and logs.
    settings
        More `BEAMCAST_…`.
    """

    def __init__(self, postgres: PostgreSQL, redis: Redis, database_url: str, folder: Path, **settings: str) -> None:
        self.postgres, self.redis = postgres, redis
        environment = {
            **os.environ,
            "BEAMCAST_DATABASE_URL": database_url,
            "BEAMCAST_BROKER_URL": redis.url,
            "BEAMCAST_DATA_DIR": str(folder / "data"),
            "BEAMCAST_PORT": "0",
            "BEAMCAST_WORKER_CONCURRENCY": "0",
            "BEAMCAST_LOG_FORMAT": "json",
            "BEAMCAST_LOG_LEVEL": "INFO",
            **settings,
        }
        super().__init__(folder, environment)
        self.client = httpx.Client(trust_env=False, timeout=30)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.launch("migrate", "-m", "backend", "migrate")
        assert self.processes.pop("migrate").wait(60) == 0, self.log("migrate")
        self.start_server()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()
        self.kill_all()
        if error is not None:
            print(self.last_words())

    def start_server(self) -> None:
        """Start the server and wait until it says that it is ready."""
        self.launch("server", "serve.py")
        wait_for(lambda: self._said(READY), "the server is ready", 60)
        self.client.base_url = f"{READY.findall(self.log('server'))[-1]}/api/v1"

    def start_worker(self, name: str = "cpu", *, queues: str = "cpu", concurrency: int = 2) -> None:
        """Start a worker and wait until it shows life."""
        before = self.slots()
        self.launch(name, *("-m", "workers", "--queues", queues, "--concurrency", str(concurrency), "--name", name))
        wait_for(lambda: self.slots() == before + concurrency, f"worker {name} shows life", 60, ASK_EVERY_S)

    def slots(self) -> int:
        """Slots of all workers that show life."""
        response = self.client.get("/health")
        return int(response.json()["workers"]) if response.status_code == 200 else 0

    def ask(self, **prediction: Any) -> str:
        """Ask for a prediction of the example silicon; its id."""
        structure = self.client.post("/examples/silicon")
        structure.raise_for_status()
        body = {"structure_id": structure.json()["id"], "method": "harmonic", "quality": "preview", **prediction}
        response = self.client.post("/predictions", json=body)
        assert response.status_code in (200, 201, 202), response.text
        return str(response.json()["id"])

    def prediction(self, prediction_id: str) -> dict[str, Any]:
        """What the API says of a prediction."""
        response = self.client.get(f"/predictions/{prediction_id}")
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def until(
        self, prediction_id: str, what: str, condition: Callable[[dict[str, Any]], bool], within_s: float = 60
    ) -> None:
        """Wait until what the API says of a prediction is as it should be."""
        seen: dict[str, Any] = {}

        def so() -> bool:
            seen.update(self.prediction(prediction_id))
            return condition(seen)

        try:
            wait_for(so, f"prediction {prediction_id} {what}", within_s, ASK_EVERY_S)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {seen}") from error

    def final(self, prediction_id: str, within_s: float = 120) -> dict[str, Any]:
        """The prediction once it has ended."""
        self.until(prediction_id, "ends", lambda found: found["status"] in FINAL, within_s)
        return self.prediction(prediction_id)

    def _said(self, words: re.Pattern[str]) -> bool:
        assert self.processes["server"].poll() is None, self.log("server")
        return words.search(self.log("server")) is not None
