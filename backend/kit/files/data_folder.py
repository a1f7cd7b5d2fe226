"""The data folder as a whole: who holds it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from backend.kit.settings import Settings

LOCK_FILE = "server.lock"


@contextmanager
def hold(settings: Settings) -> Iterator[None]:
    """Hold the data folder, which is made if it does not exist, so that no server starts on it.

    Raises
    ------
    BlockingIOError
        A server, or another command that needs the folder for itself, holds it.
    OSError
        The folder cannot be written to.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
