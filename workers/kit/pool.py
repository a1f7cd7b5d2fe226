"""Celery's pool of child processes, with locks that end with the process that holds them.

With the embedded broker all idle children share one pipe. One of them waits at it and holds its lock, a semaphore. If
this child is killed, by the kernel for want of memory or by an operator, nobody releases the semaphore: all other
children wait for ever, although the worker lives. The kernel does release the record lock of a dead process.
"""

from __future__ import annotations

import fcntl
import os
from typing import Any

from billiard.pool import Pool as BlockingPool
from celery.concurrency.prefork import TaskPool as PreforkPool


class ProcessLock:
    """A lock between a process and its forked children, one thread of each. The kernel releases that of a dead one."""

    def __init__(self) -> None:
        self._file = os.memfd_create("beamcast-pool-lock")

    def acquire(self) -> bool:
        """Wait for the lock."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        """Release the lock."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Pool(BlockingPool):  # type: ignore[misc]
    """A pool whose children may be killed at any time."""

    def _setup_queues(self) -> None:
        super()._setup_queues()
        self._inqueue._rlock = ProcessLock()
        self._outqueue._wlock = ProcessLock()


class TaskPool(PreforkPool):  # type: ignore[misc]
    """Celery's pool of processes. With Redis each child has its own pipe, and nothing changes."""

    BlockingPool: Any = Pool
