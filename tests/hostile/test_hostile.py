"""Ten thousand requests and five hundred files that mean harm, to a real server: it refuses them, and stays well."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.deployed import Deployment
from tests.hostile import files
from tests.hostile.requests import Request, Requests
from tests.hostile.server import Answer, Sender, as_request, fill, probed
from tests.processes import ROOT
from tests.services import PostgreSQL, Redis, wait_for

pytestmark = pytest.mark.slow

SEED = 20261130
N_REQUESTS, N_FILES = int(os.environ.get("BEAMCAST_HOSTILE_REQUESTS", "2500")), 500
"""The figures of docs/reliability.md are those of 10 000 requests, which take minutes more."""
USUAL_S, STALL_S = 0.5, 1.0
"""Processor time that the server may use before it answers a question about its health: 99 of 100 times, and ever."""
GONE_WITHIN_S = 20
FIGURES = "BEAMCAST_HOSTILE_FIGURES"
"""Environment variable with the path of a file for the figures of docs/reliability.md."""
TABLES = ("structures", "datasets", "predictions", "models", "proposals")
"""Tables whose rows own a folder in the folder of the same name."""


@pytest.mark.timeout(1500)
def test_hostile_input_harms_nothing(tmp_path: Path, redis_server: Redis, postgres_server: PostgreSQL) -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text("utf-8"))
    temporary, database = tmp_path / "tmp", tmp_path / "beamcast.db"
    temporary.mkdir()
    # All processes have this path in their environment, the confined readers too
    paths = os.pathsep.join([str(temporary), os.environ.get("PYTHONPATH", "")])
    settings = {"TMPDIR": str(temporary), "PYTHONPATH": paths}
    with Deployment(postgres_server, redis_server, f"sqlite:///{database}", tmp_path, **settings) as deployment:
        known, archive = fill(deployment)
        requests = Requests(document, known, SEED).take(N_REQUESTS)
        uploads = [as_request(file) for file in files.hostile(archive, N_FILES, SEED)]
        figures = {name: send(deployment, batch) for name, batch in (("requests", requests), ("files", uploads))}
        if path := os.environ.get(FIGURES):
            Path(path).write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
        assert deployment.client.get("/structures").status_code == 200
        # Answers are sent before the last files are removed
        wait_for(lambda: not leftovers(temporary, deployment.folder / "data"), "temporary files go", GONE_WITHIN_S)
        assert deployment.stop("server", signal.SIGTERM) == 0
    wait_for(lambda: not processes(str(temporary)), f"processes end: {processes(str(temporary))}", GONE_WITHIN_S)
    assert list(temporary.iterdir()) == []
    check_database(database, tmp_path / "data")


def send(deployment: Deployment, batch: Sequence[Request]) -> dict[str, Any]:
    """Send requests, see that each answer is as documented and that health answers meanwhile, and return figures."""
    url = str(deployment.client.base_url)
    with probed(deployment) as durations:
        began = time.monotonic()
        answers = Sender(url).send_all(batch)
        seconds = time.monotonic() - began
        health = durations()
    wrong = [str(answer) for answer in answers if answer.wrong]
    assert not wrong, f"{len(wrong)} of {len(answers)}:\n" + "\n".join(wrong[:20])
    # Or the requests do not come to where they could do harm
    assert {200, 422} <= {answer.status for answer in answers}
    # Not how long it took: other work on the machine would count as well
    assert np.percentile(health[:, 1], 99) < USUAL_S
    assert health[:, 1].max() < STALL_S
    return summary(answers, health, seconds)


def summary(answers: Sequence[Answer], health: NDArray[np.float64], seconds: float) -> dict[str, Any]:
    """Return the figures of some requests."""
    slowest = sorted(answers, key=lambda answer: -answer.seconds)[:5]
    return {
        "answers": len(answers),
        "seconds": round(seconds, 1),
        "load_average": round(os.getloadavg()[0], 1),
        "statuses": dict(sorted(Counter(answer.status for answer in answers).items())),
        **{
            name: {f"{share} %": round(1e3 * float(np.percentile(of_health, share)), 1) for share in (50, 99, 100)}
            for name, of_health in zip(("health_ms", "processor_ms"), health.T, strict=True)
        },
        "slowest": [
            f"{one.seconds:.1f} s: {one.status} {one.request.method} {one.request.path[:80]}" for one in slowest
        ],
    }


def leftovers(temporary: Path, data: Path) -> list[Path]:
    """Return temporary files, also those in folders of readers that wait for the next file, and files that arrive."""
    folders = [path for path in temporary.iterdir() if path.is_dir()]
    loose = [path for path in temporary.iterdir() if not path.is_dir()]
    return [*loose, *(path for folder in folders for path in folder.iterdir()), *(data / "arriving").glob("*")]


def processes(mark: str) -> list[str]:
    """Return the command lines of living processes with a text in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and mark.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            # It has ended
            continue
    return found


def check_database(database: Path, data: Path) -> None:
    """See that SQLite finds its file whole, and that every folder of files belongs to a row."""
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for table in TABLES:
            rows = {str(uuid.UUID(str(row))) for (row,) in connection.execute(f"SELECT id FROM {table}")}
            assert {path.name for path in (data / table).glob("*")} <= rows, table
    finally:
        connection.close()
