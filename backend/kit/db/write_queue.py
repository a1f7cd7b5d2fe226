"""A queue of the writers of a process: SQLite has one writer at a time, and lets waiting ones race for the lock.

Who races may lose until the time limit. In the queue the first to come is the first to write; only the writers of other
processes, the workers, still race with the first of the queue.
"""

from __future__ import annotations

import threading
from collections import deque


class WriteQueue:
    """A lock that threads get in the order in which they ask for it. Another thread may release it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting = deque[threading.Event]()

    def acquire(self, timeout_s: float) -> bool:
        """Wait for the turn of this thread; return whether it came within the time."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout_s):
            return True
        with self._lock:
            if turn.is_set():
                # It came just now
                return True
            self._waiting.remove(turn)
            return False

    def release(self) -> None:
        """Let the next one write."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
