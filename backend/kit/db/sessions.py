"""Dependencies of routes: the settings, and a transaction that ends before the response is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Final

import anyio
from fastapi import Depends, Request
from sqlmodel import Session

from backend.kit.db.database import transaction
from backend.kit.settings import Settings

READING: Final = ("GET", "HEAD")
MAX_WRITING: Final = 24
"""Requests that write at the same time, or wait for their turn; there are 40 threads."""


async def _settings(request: Request) -> Settings:
    # Asynchronous, to need no thread
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(_settings)]


def _reading_session(settings: SettingsDep) -> Iterator[Session]:
    with transaction(settings, reading=True) as session:
        yield session


async def _place(request: Request) -> AsyncIterator[None]:
    """Wait, without a thread, for a place among the requests that write.

    A commit needs a thread. If all threads waited for their turn to write, the one whose turn it is could not commit.
    """
    if request.method in READING:
        yield
        return
    state = request.app.state
    if not hasattr(state, "writing"):
        state.writing = anyio.CapacityLimiter(MAX_WRITING)
    async with state.writing:
        yield


PlaceDep = Annotated[None, Depends(_place, scope="function")]


def _session(request: Request, settings: SettingsDep, _: PlaceDep) -> Iterator[Session]:
    with transaction(settings, reading=request.method in READING) as session:
        yield session


# scope="function": the commit comes before the response, so a client never learns of something that was not stored
SessionDep = Annotated[Session, Depends(_session, scope="function")]

# For a POST that only reads, which must not make writers wait
ReadingSessionDep = Annotated[Session, Depends(_reading_session, scope="function")]
