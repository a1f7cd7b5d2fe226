"""Queues that nobody serves: the last finding of the sweep of this process, for health."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class UnservedJobs:
    """Jobs that wait although they need not, or that no living worker can do.

    Attributes
    ----------
    queue, engine
        Queue of the jobs, and the engine that they need; "" means no engine.
    n
        Number of jobs.
    is_stalled
        Whether a worker with a free slot could do them and does not; otherwise there is no such worker.
    """

    queue: str
    engine: str
    n: int
    is_stalled: bool


_lock = threading.Lock()
_found: Sequence[UnservedJobs] = ()


def report(found: Sequence[UnservedJobs]) -> None:
    """Keep what the sweep has found, in place of what it found before."""
    global _found
    with _lock:
        _found = tuple(found)


def last_report() -> Sequence[UnservedJobs]:
    """Return what the sweep found last; nothing where no sweep runs."""
    with _lock:
        return _found
