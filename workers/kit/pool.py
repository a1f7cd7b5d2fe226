"""Celery's pool of child processes, with locks that end with the process that holds them, and memory of how they died.

With the embedded broker all idle children share one pipe. One of them waits at it and holds its lock, a semaphore. If
this child is killed, by the kernel for want of memory or by an operator, nobody releases the semaphore: all other
children wait for ever, although the worker lives. The kernel does release the record lock of a dead process.
"""

from __future__ import annotations

import fcntl
import os
import signal
from typing import Any, Final

from billiard.pool import Pool as BlockingPool
from celery.concurrency.asynpool import AsynPool
from celery.concurrency.prefork import TaskPool as PreforkPool

_children: dict[int, Any] = {}
"""Children by process id: those that live, and the last ones that have died."""
MAX_DEAD: Final = 16


def ended_by(pid: int) -> str | None:
    """Return the signal that ended a child, or "exit"; None if that is not known."""
    child = _children.get(pid)
    code = None if child is None else child.exitcode
    if code is None:
        return None
    try:
        return "exit" if code >= 0 else signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


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


class _RemembersChildren:
    """A pool that keeps its children for `ended_by`. Celery forgets them when they have died."""

    _pool: list[Any]

    def _create_worker_process(self, i: int) -> Any:
        dead = [pid for pid, child in _children.items() if child not in self._pool]
        for pid in dead[:-MAX_DEAD]:
            del _children[pid]
        child = super()._create_worker_process(i)  # type: ignore[misc]
        _children[child.pid] = child
        return child


class Pool(_RemembersChildren, BlockingPool):  # type: ignore[misc]
    """A pool whose children may be killed at any time."""

    def _setup_queues(self) -> None:
        super()._setup_queues()
        self._inqueue._rlock = ProcessLock()
        self._outqueue._wlock = ProcessLock()


class PoolOfPipes(_RemembersChildren, AsynPool):  # type: ignore[misc]
    """The pool with Redis. Each child has its own pipe."""


class TaskPool(PreforkPool):  # type: ignore[misc]
    """Celery's pool of processes, for both brokers."""

    BlockingPool: Any = Pool
    Pool: Any = PoolOfPipes
