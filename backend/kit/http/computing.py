"""Turns of requests that compute: how many of them compute at the same time, and how long the others wait.

Python runs one thread at a time. Threads that compute share it equally, so with each of them all other requests take
longer, and none that computes is done earlier. So a few compute, and the others wait in their order, without a thread.
Requests that take seconds have turns of their own: figures, which take milliseconds, do not wait for them.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
from fastapi import Depends, FastAPI, Request

from backend.kit.http.errors import Unavailable
from scattering.core.notices import Notice

N_CORES: Final = len(os.sched_getaffinity(0))
MAX_SHORT: Final = min(4, max(2, N_CORES))
"""Requests that compute for milliseconds, such as figures, at the same time."""
MAX_LONG: Final = min(4, max(1, N_CORES // 2))
"""Requests that compute for seconds, such as reports, at the same time."""
MAX_WAITING: Final = 64
"""Requests of each kind that wait; one more is refused."""
MAX_WAIT_S: Final = 30.0
"""Time after which a request that waits is refused."""


class Turns:
    """The requests that compute at the same time, and those that wait for their turn, the first to come first."""

    def __init__(self, n_slots: int) -> None:
        self._n_slots = n_slots
        self._limiter: anyio.CapacityLimiter | None = None

    @asynccontextmanager
    async def take(self, request: Request) -> AsyncIterator[None]:
        """Wait for a turn, and end it when the answer is there, before it is sent.

        Raises
        ------
        Unavailable
            Too many requests wait, or this one has waited for too long, or nobody waits for its answer any more.
        """
        # It belongs to the event loop, which does not run yet when the application is made
        limiter = self._limiter = self._limiter or anyio.CapacityLimiter(self._n_slots)
        busy = Unavailable(Notice("too_busy"))
        if limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise busy
        turn = object()
        with anyio.move_on_after(MAX_WAIT_S) as wait:
            await limiter.acquire_on_behalf_of(turn)
        if wait.cancelled_caught:
            raise busy
        try:
            if await request.is_disconnected():
                raise busy
            yield
        finally:
            limiter.release_on_behalf_of(turn)


def add_turns(app: FastAPI) -> None:
    """Give an application its turns."""
    app.state.short_turns = Turns(MAX_SHORT)
    app.state.long_turns = Turns(MAX_LONG)


async def _short(request: Request) -> AsyncIterator[None]:
    turns: Turns = request.app.state.short_turns
    async with turns.take(request):
        yield


async def _long(request: Request) -> AsyncIterator[None]:
    turns: Turns = request.app.state.long_turns
    async with turns.take(request):
        yield


# For `dependencies=` of a route: they come before all others, so no request holds a transaction while it waits
SHORT: Final = (Depends(_short, scope="function"),)
"""Dependencies of a route that computes for milliseconds."""
LONG: Final = (Depends(_long, scope="function"),)
"""Dependencies of a route that computes for seconds."""
