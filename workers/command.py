"""The command that starts a Celery worker, the same for the embedded one, containers, systemd and Slurm."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.kit.cores import threads_per_job

ROOT = Path(__file__).resolve().parent.parent


def arguments(*, queues: Sequence[str], concurrency: int, name: str) -> list[str]:
    """What to execute.

    Parameters
    ----------
    queues
        Of which to take jobs: "cpu", "gpu".
    concurrency
        Jobs at the same time.
    name
        Of the worker, unlike that of any other on this machine.
    """
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", "worker"),
        *("--queues", ",".join(queues), "--concurrency", str(concurrency), "--hostname", f"{name}@%h"),
        # A child for each job: memory that a library does not give back goes with it.
        *("--max-tasks-per-child", "1"),
        # Workers know of each other by rows, not by messages.
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def environment(given: Mapping[str, str], concurrency: int) -> dict[str, str]:
    """The environment to execute it in; what is set from outside stands."""
    threads = str(threads_per_job(concurrency))
    return {
        # Libraries read these when they are loaded.
        "OMP_NUM_THREADS": threads,
        "NUMBA_NUM_THREADS": threads,
        # A thread that waits for others sleeps: two jobs on the same cores would else wait for each other, spinning.
        "OMP_WAIT_POLICY": "PASSIVE",
        # Our matrices are small.
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **given,
        # Wherever it is started from
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), given.get("PYTHONPATH")])),
    }
