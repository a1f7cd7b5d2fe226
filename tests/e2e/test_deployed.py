"""The stack of docker-compose.yml without Docker: the same commands on a real PostgreSQL and a real Redis."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployed import Deployment
from tests.services import PostgreSQL, Redis

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SHORT_MD = {"supercell": [2, 2, 2], "equilibration_ps": 0.2, "production_ps": 1.0, "replicas": 2}
LONG_MD = {"supercell": [3, 3, 3], "equilibration_ps": 0.2, "production_ps": 60.0, "replicas": 1}


@pytest.fixture
def deployment(
    request: pytest.FixtureRequest,
    postgres_server: PostgreSQL,
    postgres_url: str,
    redis_server: Redis,
    nep89: Path,
    tmp_path: Path,
) -> Iterator[Deployment]:
    settings = {"BEAMCAST_POTENTIALS_DIR": str(nep89.parent), **getattr(request, "param", {})}
    with Deployment(postgres_server, redis_server, postgres_url, tmp_path, **settings) as deployment:
        yield deployment


def test_prediction_is_made_by_whoever_is_there_and_all_leave_in_order(deployment: Deployment) -> None:
    harmonic = deployment.ask()
    deployment.start_worker("one")
    deployment.start_worker("two")
    dynamics = deployment.ask(method="md", options=SHORT_MD)
    assert deployment.final(harmonic)["status"] == "succeeded"
    assert deployment.final(dynamics, 240)["status"] == "succeeded"
    partials = deployment.client.get(f"/predictions/{dynamics}/partials", headers={"Accept": "application/x-hdf5"})
    assert partials.content.startswith(b"\x89HDF")

    assert [deployment.stop(name) for name in ("one", "two", "server")] == [0, 0, 0]
    with deployment.redis.client() as client:
        assert client.llen("cpu") == 0
        assert client.hlen("unacked") == 0
    # Nothing but JSON, whoever wrote it
    lines = [json.loads(line) for name in ("one", "two", "server") for line in deployment.log(name).splitlines()]
    assert {line["prediction"] for line in lines if "job" in line} == {harmonic, dynamics}
    assert not [line for line in lines if line["level"] in ("WARNING", "ERROR")]


def test_running_job_outlives_its_redis(deployment: Deployment) -> None:
    deployment.start_worker("one")
    long = deployment.ask(method="md", options=LONG_MD)
    deployment.until(long, "is under way", lambda found: found["progress"] > 0.03, 100)
    pids = children(deployment.processes["one"].pid)
    deployment.redis.kill()
    # Asked for while there is no broker: the request does not hang, and the sweep rings when there is one again.
    harmonic = deployment.ask()
    deployment.redis.start()
    assert deployment.final(harmonic)["status"] == "succeeded"
    found = deployment.prediction(long)
    assert found["status"] == "running"
    assert found["attempt"] == 1
    assert pids & children(deployment.processes["one"].pid)
    deployment.client.post(f"/predictions/{long}/cancel").raise_for_status()
    assert deployment.final(long, 30)["status"] == "cancelled"


def children(pid: int) -> set[int]:
    """Child processes of a process."""
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def test_worker_that_is_stopped_hands_its_job_back(deployment: Deployment) -> None:
    deployment.start_worker("one")
    long = deployment.ask(method="md", options=LONG_MD)
    deployment.until(long, "is under way", lambda found: found["progress"] > 0.03, 100)
    os.kill(deployment.processes["one"].pid, signal.SIGTERM)
    assert deployment.processes["one"].wait(60) == 0
    handed_back = deployment.prediction(long)
    assert handed_back["status"] in ("queued", "running")
    deployment.start_worker("two")
    deployment.until(long, "is gone on with", lambda found: found["progress"] > handed_back["progress"], 100)
    deployment.client.post(f"/predictions/{long}/cancel").raise_for_status()
    assert deployment.final(long, 30)["status"] == "cancelled"


@pytest.mark.parametrize("deployment", [{"BEAMCAST_JOB_TIME_LIMIT_H": "0.01"}], indirect=True)
def test_job_that_would_take_too_long_fails_early_and_its_worker_goes_on(deployment: Deployment) -> None:
    deployment.start_worker("one")
    long = deployment.ask(method="md", options=LONG_MD)
    found = deployment.final(long)
    assert found["status"] == "failed"
    assert found["error_notice"]["code"] == "too_slow_for_limit"
    assert found["error_notice"]["params"]["limit_h"] == 0.01
    assert deployment.final(deployment.ask())["status"] == "succeeded"
