"""A flag that the worker's parent raises and its children see: stop, and hand the work back."""

from __future__ import annotations

from mmap import mmap
from typing import Any

from celery.signals import worker_shutting_down


class Flag:
    """Raised by one process, seen by all that were forked since it was made.

    A byte of shared memory. The events of multiprocessing guard theirs by a lock, and a child that is killed or
    frozen while it looks keeps that lock: nobody else could look any more, neither the other children nor the parent.
    """

    def __init__(self) -> None:
        self._byte = mmap(-1, 1)

    def set(self) -> None:
        """Raise it."""
        self._byte[0] = 1

    def is_set(self) -> bool:
        """Whether it is raised."""
        return self._byte[0] == 1


# Made before the children fork, and so shared with them
shutting_down = Flag()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _raise_flag(**_: Any) -> None:
    shutting_down.set()
