"""The two ways to run Beamcast, each started once and broken by one test after the other; figures of recovery."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.stack import Stack, until
from tests.services import PostgreSQL, Redis

Figure = Callable[[str, float], None]

_figures: dict[str, list[float]] = defaultdict(list)


@pytest.fixture(scope="session", params=["deployed", "embedded"])
def _stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        stack = Stack(folder)
    else:
        postgres: PostgreSQL = request.getfixturevalue("_postgres_server")
        redis: Redis = request.getfixturevalue("_redis_server")
        postgres.start()
        redis.start()
        stack = Stack(folder, BEAMCAST_DATABASE_URL=postgres.create_database(), BEAMCAST_BROKER_URL=redis.url)
    yield stack
    stack.close()
    until(lambda: not stack.members(), lambda: f"processes are gone: {stack.members()}", 20)


@pytest.fixture
def stack(_stack: Stack) -> Iterator[Stack]:
    """A Beamcast that is whole, and must be so again after the test."""
    _stack.ready()
    yield _stack
    _stack.let_go()
    _stack.leave_one()
    _stack.ready()
    _stack.settle()


@pytest.fixture
def deployed(stack: Stack) -> Stack:
    """One on PostgreSQL and Redis; what is tested does not exist in the other."""
    if stack.embedded:
        pytest.skip("the embedded default has neither PostgreSQL nor Redis")
    return stack


@pytest.fixture
def figure(_stack: Stack) -> Figure:
    """Note how many seconds something took, under a name."""
    where = "embedded" if _stack.embedded else "deployed"

    def note(what: str, seconds: float) -> None:
        _figures[f"{what} ({where})"].append(seconds)

    return note


@pytest.fixture(scope="session", autouse=True)
def _report() -> Iterator[None]:
    """Write the figures where the environment says, for docs/reliability.md."""
    began = time.time()
    yield
    if path := os.environ.get("BEAMCAST_FAULTS_FIGURES"):
        found = {
            what: {"n": len(seconds), "median": statistics.median(seconds), "worst": max(seconds)}
            for what, seconds in sorted(_figures.items())
        }
        found["all"] = {"n": 1, "median": time.time() - began, "worst": time.time() - began}
        Path(path).write_text(json.dumps(found, indent=1) + "\n")
