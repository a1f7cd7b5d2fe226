"""A flag by which the parent process of a worker tells its children to stop and hand their jobs back."""

from __future__ import annotations

from mmap import mmap
from typing import Any

from celery.signals import worker_shutting_down


class Flag:
    """A flag in a byte of shared memory, for a process and its later children.

    The events of multiprocessing use a lock. A child that is killed or frozen while it reads an event keeps the lock,
    and then no other process can read it.
    """

    def __init__(self) -> None:
        self._byte = mmap(-1, 1)

    def set(self) -> None:
        """Set the flag."""
        self._byte[0] = 1

    def is_set(self) -> bool:
        """Tell whether the flag is set."""
        return self._byte[0] == 1


# Created before the children fork, and so shared with them
shutting_down = Flag()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _raise_flag(**_: Any) -> None:
    shutting_down.set()
