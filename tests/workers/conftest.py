"""Crystals of a potential that needs no file, and the backend's fixtures."""

from __future__ import annotations

import pytest
from ase import Atoms
from ase.build import bulk

from tests.backend.conftest import (  # noqa: F401
    app,
    client,
    migrated_database,
    portal,
    settings,
    silicon,
    structure,
)


class Silent:
    """A progress that only remembers, and may interrupt."""

    def __init__(self, interrupt_in: str | None = None, error: Exception | None = None) -> None:
        self.stages: list[tuple[str, float]] = []
        self.shares: list[float] = []
        self._interrupt_in, self._error = interrupt_in, error

    def stage(self, name: str, *, until: float) -> None:
        self.stages.append((name, until))
        self.shares = [0.0]

    def update(self, share: float) -> None:
        self.shares.append(share)
        if self._error is not None and self.stages[-1][0] == self._interrupt_in:
            raise self._error


@pytest.fixture
def progress() -> Silent:
    return Silent()


@pytest.fixture
def copper() -> Atoms:
    return bulk("Cu", "fcc", a=3.59, cubic=True)
