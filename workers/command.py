"""The command that starts a Celery worker, the same for the embedded one, containers, systemd and Slurm."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.kit.cores import threads_per_job

ROOT = Path(__file__).resolve().parent.parent


def arguments(*, queues: Sequence[str], concurrency: int, name: str) -> list[str]:
    """Return the command line of a worker.

    Parameters
    ----------
    queues
        Queues of its jobs: "cpu", "gpu".
    concurrency
        Number of jobs at the same time.
    name
        Name of the worker, unique on this machine.
    """
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", "worker"),
        *("--queues", ",".join(queues), "--concurrency", str(concurrency), "--hostname", f"{name}@%h"),
        # A child for each job, so that memory which a library keeps is freed with the child
        *("--max-tasks-per-child", "1"),
        # Workers know each other by rows of the database, not by messages
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def environment(given: Mapping[str, str], concurrency: int) -> dict[str, str]:
    """Return the environment of a worker. Variables in `given` take precedence."""
    threads = str(threads_per_job(concurrency))
    return {
        # Libraries read these when they are loaded
        "OMP_NUM_THREADS": threads,
        "NUMBA_NUM_THREADS": threads,
        # Waiting threads sleep. If they spun, two jobs on the same cores would wait for each other
        "OMP_WAIT_POLICY": "PASSIVE",
        # The matrices are small
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **given,
        # So that any working directory will do
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), given.get("PYTHONPATH")])),
    }
