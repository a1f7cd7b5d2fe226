"""How many processor cores there are for us, and how the jobs of one worker share them."""

from __future__ import annotations

import math
import os
from pathlib import Path

from backend.health.heartbeats import long_slots

QUOTA = Path("/sys/fs/cgroup/cpu.max")
CORES_PER_LONG_JOB = 4
"""Molecular dynamics of some hundred atoms gains little from more threads; another replica gains from all of them."""


def cores(quota: Path = QUOTA) -> int:
    """Processor cores that this process may use: those it is bound to, or a container's share of them if that is less.

    References
    ----------
    `cpu.max` of Linux's control groups, version 2: "max" or microseconds of processor time in a period.
    """
    bound = len(os.sched_getaffinity(0))
    try:
        share, period = quota.read_text().split()
        return bound if share == "max" else min(bound, max(1, math.ceil(int(share) / int(period))))
    except (OSError, ValueError):
        return bound


def default_concurrency(queues: tuple[str, ...]) -> int:
    """Jobs at the same time: on a GPU one; on cores as many long ones as they feed, and a short one."""
    return 1 + max(1, cores() // CORES_PER_LONG_JOB) if "cpu" in queues else 1


def threads_per_job(concurrency: int) -> int:
    """Threads of one job when all long slots of a worker are taken."""
    return max(1, cores() // long_slots(concurrency))
