"""Follow the state of a work of jobs, from now until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol, TypeVar

from backend.jobs.work import FINISHED, Status
from backend.kit.db.database import transaction
from backend.kit.db.owners import Scope
from backend.kit.http.errors import NotFound
from backend.kit.settings import Settings

INTERVAL_S: Final = 0.25
"""Time between readings of the state."""


class State(Protocol):
    """A state of a work, as an answer."""

    @property
    def status(self) -> Status:
        """State of its jobs together."""


StateT = TypeVar("StateT", bound=State)


async def follow(
    settings: Settings, owner: str, read: Callable[[Scope], StateT], *, closing: Callable[[], bool]
) -> AsyncIterator[StateT]:
    """Yield each new state, until the work ends or is deleted, or the server closes.

    Parameters
    ----------
    owner
        Owner of the work.
    read
        Reads the state. `NotFound` means that the work was deleted.
    closing
        Tells whether the server closes.
    """

    def read_now() -> StateT:
        with transaction(settings, reading=True) as session:
            return read(Scope(session, owner))

    last: StateT | None = None
    while not closing():
        try:
            now = await asyncio.to_thread(read_now)
        except NotFound:
            return
        if now != last:
            yield now
            last = now
        if now.status in FINISHED:
            return
        await asyncio.sleep(INTERVAL_S)
