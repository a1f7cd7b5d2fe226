"""Follow the state of a work of jobs, from now until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from backend.kit.http.errors import NotFound

StateT = TypeVar("StateT")


async def follow(
    read: Callable[[], StateT],
    *,
    has_ended: Callable[[StateT], bool],
    closing: Callable[[], bool],
    interval_s: float,
) -> AsyncIterator[StateT]:
    """Yield each new state, until the work ends or is deleted, or the server closes.

    Parameters
    ----------
    read
        Reads the state, in a thread. `NotFound` means that the work was deleted.
    has_ended
        Tells whether a state is the last one.
    closing
        Tells whether the server closes.
    interval_s
        Time between readings.
    """
    last: StateT | None = None
    while not closing():
        try:
            now = await asyncio.to_thread(read)
        except NotFound:
            return
        if now != last:
            yield now
            last = now
        if has_ended(now):
            return
        await asyncio.sleep(interval_s)
