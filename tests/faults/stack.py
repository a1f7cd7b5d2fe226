"""A whole Beamcast of real processes to break: on PostgreSQL and Redis, or the embedded default."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, or_, select

from backend.health import heartbeats
from backend.health.tables import WorkerHeartbeat
from backend.jobs.tables import Job, work_column
from backend.jobs.work import ONGOING, work_tables
from backend.kit.db import database
from backend.kit.db.columns import utc_now
from backend.kit.settings import Settings
from backend.observing.layouts import POWDER
from backend.predictions.tables import Prediction
from backend.sources.tables import Source, SourceReading
from scattering.core.partials import Partials
from tests import plugin_package
from tests.faults.predictions import CRASHING_PLUGINS, NICKEL, REPULSION
from tests.processes import Processes
from tests.services import PostgreSQL, Redis

INTERPOSED = Path(__file__).parent / "interposed"
READY = re.compile(r"Beamcast is ready at (http://127\.0\.0\.1:\d+)")
PATIENCE_S = 120.0
"""For what takes seconds on a machine that does nothing else."""
GONE_WITHIN_S = 30.0
LOOK_EVERY_S = 0.03
FINAL = ("succeeded", "failed", "cancelled")
LEASE_S, CHECKPOINT_S, MAX_ATTEMPTS = 8, 0.005, 6
SLOTS = 2


def until(
    condition: Callable[[], bool],
    what: str | Callable[[], str],
    patience_s: float = PATIENCE_S,
    every_s: float = LOOK_EVERY_S,
) -> float:
    """Wait until it is so; the seconds that it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience_s:
            raise AssertionError(f"not within {patience_s} s: {what() if callable(what) else what}")
        time.sleep(every_s)
    return time.monotonic() - began


class Stack(Processes):
    """Server and workers as processes, a potential and a structure to ask predictions of.

    Parameters
    ----------
    folder
        Of data and logs.
    postgres, redis
        Of a deployed one. The embedded default has a file and a folder in their place.
    """

    def __init__(self, folder: Path, postgres: PostgreSQL | None = None, redis: Redis | None = None) -> None:
        self.postgres, self.redis = postgres, redis
        self.embedded = postgres is None or redis is None
        self.faults = folder / "faults"
        self.faults.mkdir(parents=True)
        url = "" if postgres is None else postgres.create_database()
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BEAMCAST_")},
            "PYTHONPATH": os.pathsep.join([str(INTERPOSED), str(folder / "site")]),
            "BEAMCAST_FAULTS": str(self.faults),
            "BEAMCAST_DATA_DIR": str(folder / "data"),
            "BEAMCAST_PORT": "0",
            "BEAMCAST_LOG_LEVEL": "INFO",
            "BEAMCAST_LEASE_S": str(LEASE_S),
            "BEAMCAST_CHECKPOINT_S": str(CHECKPOINT_S),
            "BEAMCAST_MAX_ATTEMPTS": str(MAX_ATTEMPTS),
            "BEAMCAST_WORKER_CONCURRENCY": str(SLOTS if self.embedded else 0),
            "OMP_NUM_THREADS": "1",
            "NUMBA_NUM_THREADS": "1",
            **({"BEAMCAST_DATABASE_URL": url} if url else {}),
            **({} if redis is None else {"BEAMCAST_BROKER_URL": redis.url}),
        }
        plugin_package.write(folder / "site", **CRASHING_PLUGINS)
        super().__init__(folder, environment)
        self.settings = Settings(
            data_dir=folder / "data", database_url=url, **({} if redis is None else {"broker_url": redis.url})
        )
        self.client = httpx.Client(trust_env=False, timeout=60)
        self._n_holds = 0
        self._launched: dict[str, datetime] = {}
        self._known: dict[str, Any] = {}
        self._references: dict[str, Partials] = {}

    # Processes

    def start_server(self) -> None:
        """Start the server, with its worker if that is embedded, and wait until both are there."""
        said = len(READY.findall(self.log("server")))
        self.launch("server", "serve.py")

        def ready() -> bool:
            assert self.running("server"), self.log("server")
            return len(READY.findall(self.log("server"))) > said

        until(ready, lambda: f"server is ready: {self.log('server')}")
        self.client.base_url = f"{READY.findall(self.log('server'))[-1]}/api/v1"
        if self.embedded:
            until(lambda: bool(self.beats()), "embedded worker shows life")

    def start_worker(self, name: str) -> None:
        """Start a worker of two slots and wait until it shows life."""
        self.launch_worker(name)
        until(lambda: self.alive(name), lambda: f"worker {name} shows life: {self.log(name)}")

    def launch_worker(self, name: str) -> None:
        """Start one and wait for nothing."""
        self._launched[name] = utc_now()
        self.launch(name, "-m", "workers", "--concurrency", str(SLOTS), "--name", name)

    def stop_worker(self) -> None:
        """Stop the worker as whoever runs it would: systemd by SIGTERM, the embedded one by Ctrl-C to the server."""
        status = self.stop("server", signal.SIGINT) if self.embedded else self.stop("one")
        assert status == 0, self.log("server" if self.embedded else "one")

    def ready(self) -> None:
        """Start what is not running."""
        if self.postgres is not None and self.redis is not None:
            self.postgres.start()
            self.redis.start()
            self.redis.relieve()
        if not self.running("server"):
            self.start_server()
        if not self.embedded and not self.running("one"):
            self.start_worker("one")

    def mend(self) -> None:
        """Undo what a test has done, and see that everything comes to its end."""
        self.let_go()
        (self.faults / "die-before-ringing").unlink(missing_ok=True)
        self._signal(signal.SIGCONT)
        for name in set(self.processes) - {"server", "one"}:
            self.kill(name)
        self.ready()
        self.settle()

    def close(self) -> None:
        """End everything, and see that nothing is left."""
        try:
            self.kill_all()
            # Who is frozen does not see that its worker is gone
            self._signal(signal.SIGCONT)
            until(lambda: not self.members(), lambda: f"processes are gone: {self.members()}", GONE_WITHIN_S)
        finally:
            self._signal(signal.SIGKILL)
            self.client.close()
            database.engine(self.settings).dispose()

    def members(self) -> set[int]:
        """Living processes of this stack."""
        found = set()
        mark = f"BEAMCAST_FAULTS={self.faults}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        found.add(int(entry.name))
        return found

    def pool(self) -> set[int]:
        """Child processes of workers, idle or not."""
        workers = {pid for pid in self.members() if b"celery" in _cmdline(pid)}
        return {pid for pid in workers if _parent(pid) in workers}

    def _signal(self, number: int) -> None:
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    # Rows, past the server

    def rows(self, table: Any, *where: Any) -> list[Any]:
        """Rows as they stand; waits for a database that is away."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with database.transaction(self.settings, reading=True) as session:
                    return list(session.exec(select(table).where(*where)))
            except SQLAlchemyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def beats(self) -> list[WorkerHeartbeat]:
        """Workers that have shown life lately."""
        with database.transaction(self.settings, reading=True) as session:
            return heartbeats.living_workers(session, database.clock(session))

    def alive(self, name: str) -> bool:
        """Whether the process of this name has shown life since it was started."""
        assert self.running(name), self.log(name)
        return any(beat.name.startswith(f"{name}@") and beat.seen_at > self._launched[name] for beat in self.beats())

    def prediction(self, prediction_id: str) -> Prediction:
        """The row."""
        (row,) = self.rows(Prediction, Prediction.id == uuid.UUID(prediction_id))
        return row  # type: ignore[no-any-return]

    def jobs(self, work_id: str) -> list[Job]:
        """The jobs of a prediction or a reading, in the order in which they were made."""
        of_work = or_(*(work_column(kind) == uuid.UUID(work_id) for kind in work_tables()))
        jobs: list[Job] = self.rows(Job, of_work)
        return sorted(jobs, key=lambda job: (job.kind == "combine", job.kind != "prepare", job.number))

    def busy(self, prediction_id: str) -> Job | None:
        """The job that is running, the first of several."""
        return next((job for job in self.jobs(prediction_id) if job.status == "running"), None)

    # Predictions

    def ask(self, body: dict[str, Any], **more: Any) -> str:
        """Ask for a prediction; its id."""
        response = self.client.post("/predictions", json={**self._material(), **body}, **more)
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    def _material(self) -> dict[str, Any]:
        if not self._known:
            model = self.client.post("/models", files={"file": ("nep.txt", REPULSION)}, data={"name": "Repulsion"})
            assert model.status_code == 201, model.text
            structure = self.client.post("/structures", files={"file": ("POSCAR", NICKEL)})
            assert structure.status_code == 201, structure.text
            self._known = {"model": model.json()["id"], "structure_id": structure.json()["id"]}
        return self._known

    def cancel(self, prediction_id: str) -> None:
        """Ask for an end."""
        self.client.post(f"/predictions/{prediction_id}/cancel").raise_for_status()

    def final(self, prediction_id: str, patience_s: float = PATIENCE_S) -> Prediction:
        """The prediction once it has ended."""
        until(
            lambda: self.prediction(prediction_id).status in FINAL,
            lambda: f"prediction ends; it is {self.prediction(prediction_id)!r} with {self.jobs(prediction_id)!r}",
            patience_s,
        )
        return self.prediction(prediction_id)

    def partials(self, prediction_id: str) -> Partials:
        """What a prediction that must have succeeded has made."""
        row = self.final(prediction_id)
        assert row.status == "succeeded", row.error
        return POWDER.read(self.settings.partials_path(prediction_id))

    def reference(self, body: dict[str, Any]) -> Partials:
        """What an undisturbed prediction makes of it."""
        key = json.dumps(body, sort_keys=True)
        if key not in self._references:
            self._references[key] = self.partials(self.ask(body))
        return self._references[key]

    def check(self, prediction_id: str, body: dict[str, Any]) -> None:
        """See that a prediction has made what an undisturbed one makes."""
        made, expected = self.partials(prediction_id), self.reference(body)
        for name in ("coherent", "incoherent", "coherent_elastic", "incoherent_elastic"):
            one, other = getattr(made, name), getattr(expected, name)
            # Files hold single precision, which is all that a run that goes on from a checkpoint loses
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max(), err_msg=name)

    # The tests' hand in the processes

    def hold(self, stage: str, *, share: float = 0.0, how: str = "listening") -> None:
        """Hold all jobs when they come to a stage, or a share of it; nowhere else, any more.

        Parameters
        ----------
        how
            "listening": the job would end when it is told to; "deaf": it is in a long native call, and would not;
            "crash": it is no more.
        """
        self._n_holds += 1
        part = self.faults / "hold.part"
        part.write_text(json.dumps({"stage": stage, "share": share, "how": how, "number": self._n_holds}))
        # In one step: who is let go at one stage cannot pass by the next one
        part.replace(self.faults / "hold")

    def let_go(self) -> None:
        """Hold nothing any more."""
        (self.faults / "hold").unlink(missing_ok=True)

    @contextlib.contextmanager
    def holding(self, stage: str, *, share: float = 0.0, how: str = "listening") -> Iterator[None]:
        """`hold`, then `let_go`."""
        self.hold(stage, share=share, how=how)
        try:
            yield
        finally:
            self.let_go()

    def until_held(self, prediction_id: str) -> Job:
        """Wait until a job of a prediction is held; its row."""
        held: list[Job] = []

        def is_held() -> bool:
            job = self.busy(prediction_id)
            if job is not None and (self.faults / f"held-{job.pid}-{self._n_holds}").exists():
                held.append(job)
            return bool(held)

        until(is_held, lambda: f"job is held: {self.jobs(prediction_id)!r} {self.last_words()}")
        return held[0]

    def freeze(self, prediction_id: str) -> int:
        """Freeze the process of the job that is held, just after a report; its number.

        In the middle of one it would keep its locks in the database.
        """
        job = self.until_held(prediction_id)
        seen = self.reported(prediction_id)
        until(lambda: self.reported(prediction_id) > seen, "it reports")
        return self.send(job, signal.SIGSTOP)

    def send(self, job: Job, number: int) -> int:
        """Send a signal to the process of a running job; the process's number."""
        assert job.pid is not None
        os.kill(job.pid, number)
        return job.pid

    def reported(self, prediction_id: str) -> datetime:
        """When the running job last did."""
        job = self.busy(prediction_id)
        assert job is not None
        assert job.heartbeat_at is not None
        return job.heartbeat_at

    def traces(self) -> list[dict[str, Any]]:
        """The stages that jobs came to."""
        path = self.faults / "trace"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def trace(self, prediction_id: str) -> list[dict[str, Any]]:
        """Those of one prediction's jobs."""
        return [line for line in self.traces() if line["work"] == prediction_id]

    # What must hold after each fault

    def folder_of(self, prediction_id: str) -> Path:
        """Where its files are."""
        return self.settings.prediction_dir(prediction_id)

    def running_jobs(self) -> list[Job]:
        """Jobs that somebody is at."""
        return self.rows(Job, Job.status == "running")

    def strays(self) -> list[Path]:
        """Files and folders under the data folder that no row knows."""
        known = {str(row.id): row.status for row in self.rows(Prediction)}
        reading = {str(row.id) for row in self.rows(SourceReading, col(SourceReading.status).in_(ONGOING))}
        read = {str(row.id) for row in self.rows(Source)}
        data = self.settings.data_dir
        strays = [folder for folder in (data / "readings").glob("*") if folder.name not in reading]
        strays += [folder for folder in (data / "sources").glob("*") if folder.name not in read]
        for folder in (data / "predictions").glob("*"):
            status = known.get(folder.name)
            allowed = {"partials.h5"} if status == "succeeded" else set()
            if status not in ("succeeded", "queued", "running"):
                strays.append(folder)
            elif status == "succeeded":
                # os.walk passes over what vanishes meanwhile: the last job of a prediction clears its folder
                strays += [
                    Path(parent, name)
                    for parent, folders, files in os.walk(folder)
                    for name in (*folders, *files)
                    if name not in allowed
                ]
        return strays

    def settle(self) -> None:
        """Every job is in a final state, the files are those of the rows, no process is busy."""

        def final() -> bool:
            return not self.rows(Job, col(Job.status).in_(("waiting", "queued", "running")))

        until(final, lambda: f"jobs end: {self.rows(Job, col(Job.status).not_in(FINAL))!r}")
        until(lambda: not self.strays(), lambda: f"strays: {self.strays()}")


def _cmdline(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0
