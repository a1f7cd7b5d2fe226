"""`python tests/hostile/probe.py HOST PORT PID FILE`: ask for a server's health every 20 ms until standard input ends.

Writes a line for each answer: how long it took, and the processor time of the server meanwhile, in seconds. The second
is what the first would be at most on a machine that nothing else uses. A process of its own, so that no test holds its
lock.
"""

from __future__ import annotations

import http.client
import os
import select
import sys
import time
from pathlib import Path

PATH = "/api/v1/health"
EVERY_S = 0.02
LATE_S = 30.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main(host: str, port: str, pid: str, file: str) -> None:
    """Measure until standard input ends."""
    connection = http.client.HTTPConnection(host, int(port), timeout=LATE_S)
    lines = []
    while not select.select([sys.stdin], [], [], EVERY_S)[0]:
        began, used = time.perf_counter(), processor_seconds(pid)
        connection.request("GET", PATH)
        connection.getresponse().read()
        lines.append(f"{time.perf_counter() - began:.6f} {processor_seconds(pid) - used:.2f}\n")
    Path(file).write_text("".join(lines))


def processor_seconds(pid: str) -> float:
    """Return the processor time of a process so far, in steps of a tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


if __name__ == "__main__":
    main(*sys.argv[1:])
