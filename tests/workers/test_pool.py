"""Locks of the pool of a worker, whose children may be killed while they hold them."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from billiard import get_context

from workers.kit.pool import Pool, ProcessLock


@pytest.fixture
def lock() -> ProcessLock:
    return ProcessLock()


def hold(lock: ProcessLock) -> int:
    """A child process that holds a lock and never releases it; its number."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        lock.acquire()
        os.write(writer, b"held")
        while True:
            signal.pause()
    assert os.read(reader, 4) == b"held"
    os.close(reader)
    os.close(writer)
    return pid


def test_the_lock_of_a_killed_child_is_free(lock: ProcessLock) -> None:
    pid = hold(lock)
    taken = threading.Event()

    def take() -> None:
        with lock:
            taken.set()

    threading.Thread(target=take, daemon=True).start()
    assert not taken.wait(0.2)
    os.kill(pid, signal.SIGKILL)
    assert taken.wait(10)
    os.waitpid(pid, 0)


def test_the_pool_of_the_worker_has_such_locks() -> None:
    pool = Pool.__new__(Pool)
    pool._ctx = get_context()
    pool._setup_queues()
    assert isinstance(pool._inqueue._rlock, ProcessLock)
    assert isinstance(pool._outqueue._wlock, ProcessLock)
    pool._inqueue.put("a job")
    assert pool._inqueue.get() == "a job"
