"""The two ways to run Beamcast, each broken by one test after the other; figures of recovery."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.faults.stack import Stack
from tests.services import PostgreSQL, Redis

Figure = Callable[[str, float], None]

MOST_BROKEN = 3
"""A failed test may have waited for minutes. Where many fail, the first ones say enough."""
FAILED = pytest.StashKey[bool]()

_figures: dict[str, list[float]] = defaultdict(list)


class Stacks:
    """One stack for one test after the other. What a failed test leaves is thrown away: the next one begins afresh.

    Parameters
    ----------
    make
        A new stack in a folder.
    folder
        Of all of them.
    """

    n_broken = 0
    """Tests that have failed, of all there are."""

    def __init__(self, make: Callable[[Path], Stack], folder: Path) -> None:
        self._make, self._folder, self._made = make, folder, 0
        self._stack: Stack | None = None

    def whole(self) -> Stack:
        """The stack, ready to be broken."""
        if Stacks.n_broken >= MOST_BROKEN:
            pytest.fail(f"{MOST_BROKEN} tests of faults have failed: the others are not tried", pytrace=False)
        if self._stack is None:
            self._made += 1
            self._stack = self._make(self._folder / str(self._made))
        try:
            self._stack.ready()
        except BaseException:
            self.throw_away()
            raise
        return self._stack

    def throw_away(self) -> None:
        """What has broken is no use any more."""
        Stacks.n_broken += 1
        self.close()

    def close(self) -> None:
        """End it."""
        stack, self._stack = self._stack, None
        if stack is not None:
            stack.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note that a test has failed, and what its processes said last."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        stack = getattr(item, "funcargs", {}).get("stack")
        if stack is not None:
            report.sections.append(("the processes' last words", stack.last_words()))
    return report


@pytest.fixture(scope="session", params=["deployed", "embedded"])
def _stacks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    servers: tuple[PostgreSQL, Redis] | tuple[()] = ()
    if request.param == "deployed":
        servers = (request.getfixturevalue("_postgres_server"), request.getfixturevalue("_redis_server"))

    def make(folder: Path) -> Stack:
        for server in servers:
            server.start()
        return Stack(folder, *servers)

    stacks = Stacks(make, tmp_path_factory.mktemp(request.param))
    yield stacks
    stacks.close()


@pytest.fixture
def stack(request: pytest.FixtureRequest, _stacks: Stacks) -> Iterator[Stack]:
    """A Beamcast that is whole, and must be so again after the test."""
    stack = _stacks.whole()
    yield stack
    if request.node.stash.get(FAILED, False):
        _stacks.throw_away()
        return
    try:
        stack.mend()
    except BaseException:
        _stacks.throw_away()
        raise


@pytest.fixture
def deployed(stack: Stack) -> Stack:
    """One on PostgreSQL and Redis; what is tested does not exist in the other."""
    if stack.embedded:
        pytest.skip("the embedded default has neither PostgreSQL nor Redis")
    return stack


@pytest.fixture
def figure(stack: Stack) -> Figure:
    """Note how many seconds something took, under a name."""
    where = "embedded" if stack.embedded else "deployed"

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
