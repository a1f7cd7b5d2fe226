"""Nothing outlives its parent: neither a worker whose server died, nor a job whose worker died.

Even a server that was killed without a chance to clean up leaves no process behind. The rows that were running are
taken up again when the server comes back.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
LOOK_EVERY_S = 0.5
SERVER_PID = "BEAMCAST_SERVER_PID"
"""Environment variable that the server sets for its embedded worker."""


def die_with_parent() -> None:
    """Be killed when the thread that forked this process ends (Linux; elsewhere nothing happens)."""
    _when_parent_dies(signal.SIGKILL)


def _when_parent_dies(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)


def die_with_server() -> None:
    """The same for the embedded worker, which may come too late: then it ends at once."""
    server = os.environ.get(SERVER_PID)
    if server is None:
        return
    die_with_parent()
    if os.getppid() != int(server):
        sys.exit(1)


def die_with_worker(worker: int) -> None:
    """Be killed when the worker's parent process has ended.

    Celery has asked the kernel for that, as `die_with_parent` does, but its signal comes when the thread ends that
    forked this process. Where the broker is a folder that is a thread of the pool's, which ends first when a worker is
    stopped, while its jobs are still handed back.
    """
    _when_parent_dies(0)

    def watch() -> None:
        while os.getppid() == worker:
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
