"""Turns of requests that compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.abc
import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from backend.app import ROUTERS
from backend.kit.http import computing, errors
from backend.kit.http.computing import LONG, SHORT, add_turns
from backend.observing.partials_cache import PartialsCacheDep

from .conftest import run_apart


class Busy:
    """An application with a route that computes until `end` is set."""

    def __init__(self) -> None:
        self.app = FastAPI()
        add_turns(self.app)
        errors.install(self.app)
        self.end, self.n_computing, self.most, self.order = anyio.Event(), 0, 0, list[int]()
        self.app.add_api_route("/long/{number}", self.compute, dependencies=LONG)
        self.app.add_api_route("/fails", self.fail, dependencies=LONG)
        self.app.add_api_route("/short", self.answer, dependencies=SHORT)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1")

    async def compute(self, number: int) -> int:
        self.order.append(number)
        self.n_computing += 1
        self.most = max(self.most, self.n_computing)
        await self.end.wait()
        self.n_computing -= 1
        return number

    async def fail(self) -> None:
        raise ValueError

    async def answer(self) -> str:
        return "short"

    async def ask(self, number: int, answers: list[httpx.Response]) -> None:
        answers.append(await self.client.get(f"/long/{number}"))

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await anyio.lowlevel.checkpoint()

    def n_waiting(self) -> int:
        limiter = self.app.state.long_turns._limiter
        return limiter.statistics().tasks_waiting if limiter else 0


@pytest.fixture
def one_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "MAX_LONG", 1)


def run(work: Callable[[Busy, anyio.abc.TaskGroup, list[httpx.Response]], Any]) -> list[httpx.Response]:
    """Do something while a request computes; return the answers of `ask`, in the order in which they came."""

    async def within() -> list[httpx.Response]:
        busy, answers = Busy(), list[httpx.Response]()
        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(busy.ask, 0, answers)
                await busy.until(lambda: busy.n_computing == 1)
                await work(busy, tasks, answers)
                busy.end.set()
            assert busy.most == 1
            assert (await busy.client.get("/long/0")).status_code == 200
        return answers

    return run_apart(within)


@pytest.mark.usefixtures("one_long")
def test_requests_compute_in_the_order_in_which_they_came_and_short_ones_meanwhile() -> None:
    async def work(busy: Busy, tasks: anyio.abc.TaskGroup, answers: list[httpx.Response]) -> None:
        for number in range(1, 5):
            tasks.start_soon(busy.ask, number, answers)
            await busy.until(lambda number=number: busy.n_waiting() == number)
        assert busy.order == [0]
        assert (await busy.client.get("/short")).json() == "short"

    assert [answer.json() for answer in run(work)] == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("one_long")
def test_more_waiting_requests_than_the_limit_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "MAX_WAITING", 2)

    async def work(busy: Busy, tasks: anyio.abc.TaskGroup, answers: list[httpx.Response]) -> None:
        for number in range(1, 3):
            tasks.start_soon(busy.ask, number, answers)
        await busy.until(lambda: busy.n_waiting() == 2)
        refused = await busy.client.get("/long/9")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
        assert int(refused.headers["retry-after"]) > 0

    assert [answer.status_code for answer in run(work)] == [200, 200, 200]


@pytest.mark.usefixtures("one_long")
def test_a_request_that_has_waited_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing, "MAX_WAIT_S", 0.01)

    async def work(busy: Busy, tasks: anyio.abc.TaskGroup, answers: list[httpx.Response]) -> None:
        refused = await busy.client.get("/long/1")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_busy")
        assert busy.n_waiting() == 0

    assert [answer.json() for answer in run(work)] == [0]


@pytest.mark.usefixtures("one_long")
def test_a_request_that_fails_ends_its_turn() -> None:
    async def within() -> None:
        busy = Busy()
        busy.end.set()
        for _ in range(2):
            with pytest.raises(ValueError):
                await busy.client.get("/fails")
        with anyio.fail_after(30):
            assert (await busy.client.get("/long/1")).status_code == 200

    run_apart(within)


@pytest.mark.usefixtures("one_long")
def test_nothing_is_computed_for_a_client_that_has_gone() -> None:
    async def work(busy: Busy, tasks: anyio.abc.TaskGroup, answers: list[httpx.Response]) -> None:
        sent = list[Any]()
        scope = {"type": "http", "method": "GET", "path": "/long/7", "query_string": b"", "headers": []}

        async def receive() -> dict[str, str]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        tasks.start_soon(busy.app, scope, receive, send)
        await busy.until(lambda: busy.n_waiting() == 1)
        busy.end.set()
        await busy.until(lambda: bool(sent))
        assert sent[0]["status"] == 503
        assert busy.order == [0]

    run(work)


def test_routes_that_read_partials_take_turns() -> None:
    cache = PartialsCacheDep.__metadata__[0].dependency
    turns = {one.dependency for one in (*SHORT, *LONG)}
    without = []
    for route in (route for router in ROUTERS for route in router.routes):
        assert isinstance(route, APIRoute)
        calls = set(_calls(route.dependant))
        if cache in calls and not calls & turns:
            without.append(route.path)
        # Otherwise a request could hold a transaction, and a connection to the database, while it waits
        assert not calls & turns or route.dependant.dependencies[0].call in turns, route.path
    assert without == []


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for one in dependant.dependencies:
        yield from _calls(one)
