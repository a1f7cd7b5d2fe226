"""Dependencies of routes: the settings, and a transaction that ends before the response is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from backend.kit.db.database import transaction
from backend.kit.settings import Settings


async def _settings(request: Request) -> Settings:
    # Asynchronous, to need no thread
    settings: Settings = request.app.state.settings
    return settings


SettingsDep = Annotated[Settings, Depends(_settings)]


def _reading_session(settings: SettingsDep) -> Iterator[Session]:
    with transaction(settings, reading=True) as session:
        yield session


def _session(request: Request, settings: SettingsDep) -> Iterator[Session]:
    with transaction(settings, reading=request.method in ("GET", "HEAD")) as session:
        yield session


# scope="function": the commit comes before the response, so a client never learns of something that was not stored
SessionDep = Annotated[Session, Depends(_session, scope="function")]

# For a POST that only reads, which must not make writers wait
ReadingSessionDep = Annotated[Session, Depends(_reading_session, scope="function")]
