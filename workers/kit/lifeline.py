"""End child processes with their parents: the embedded worker with its server, jobs with their worker.

Even a killed server leaves no process behind. Its jobs are resumed when the server starts again.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
CHECK_INTERVAL_S = 0.5
SERVER_PID = "BEAMCAST_SERVER_PID"
"""Environment variable that the server sets for its embedded worker."""


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread that forked it ends (on Linux only)."""
    _when_parent_dies(signal.SIGKILL)


def _when_parent_dies(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)


def die_with_server() -> None:
    """Do the same for an embedded worker. If its server has already ended, exit at once."""
    server = os.environ.get(SERVER_PID)
    if server is None:
        return
    die_with_parent()
    if os.getppid() != int(server):
        sys.exit(1)


def die_with_worker(worker: int) -> None:
    """Kill this process when the parent process of its worker has ended.

    Celery asks the kernel for this, as `die_with_parent` does. But the kernel's signal comes when the *thread* ends
    that forked this process. With a folder as the broker, this is a thread of the pool. When a worker stops, that
    thread ends first, while jobs are still being handed back.
    """
    _when_parent_dies(0)

    def watch() -> None:
        while os.getppid() == worker:
            time.sleep(CHECK_INTERVAL_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
