"""Count the processor cores, and divide them between the jobs of a worker."""

from __future__ import annotations

import math
import os
from pathlib import Path

from backend.health.heartbeats import long_slots

CPU_QUOTA_FILE = Path("/sys/fs/cgroup/cpu.max")
CORES_PER_LONG_JOB = 4
"""Molecular dynamics of some hundred atoms gains little from more threads; a further replica gains more."""


def cores(quota: Path = CPU_QUOTA_FILE) -> int:
    """Return the number of cores that this process may use: its affinity, or the quota of its container if smaller.

    References
    ----------
    `cpu.max` of control groups of Linux, version 2: "max", or the microseconds of processor time in a period.
    """
    bound = len(os.sched_getaffinity(0))
    try:
        share, period = quota.read_text().split()
        return bound if share == "max" else min(bound, max(1, math.ceil(int(share) / int(period))))
    except (OSError, ValueError):
        return bound


def default_concurrency(queues: tuple[str, ...]) -> int:
    """Return the default number of jobs: 1 on a GPU; on a CPU, one short job, and long jobs by the number of cores."""
    return 1 + max(1, cores() // CORES_PER_LONG_JOB) if "cpu" in queues else 1


def threads_per_job(concurrency: int) -> int:
    """Return the threads of one job, so that jobs in all long slots share the cores."""
    return max(1, cores() // long_slots(concurrency))
