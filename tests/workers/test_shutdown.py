"""The flag that a worker and its children share."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

LOOKED_AT_BY_A_FROZEN_CHILD = """
import mmap, os, signal
from workers.kit.shutdown import shutting_down

looks = mmap.mmap(-1, 1)
child = os.fork()
if child == 0:
    while not shutting_down.is_set():
        looks[0] = (looks[0] + 1) % 256
    os._exit(0)
for _ in range(30):
    seen = looks[0]
    while looks[0] == seen:
        pass
    os.kill(child, signal.SIGSTOP)
    os.waitid(os.P_PID, child, os.WSTOPPED)
    assert not shutting_down.is_set()
    os.kill(child, signal.SIGCONT)
shutting_down.set()
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_child_that_is_frozen_while_it_looks_keeps_nobody_from_looking() -> None:
    # Processes of their own: this one has threads, which a fork would leave behind
    with subprocess.Popen([sys.executable, "-c", LOOKED_AT_BY_A_FROZEN_CHILD], start_new_session=True) as parent:
        try:
            assert parent.wait(60) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
