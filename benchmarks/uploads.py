"""Twenty files that are uploaded at once, to a new server and to one whose reading processes run.

`python -m benchmarks.uploads`: seconds until the last answer, and seconds of the processor for each file.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks.main_job import ROOT, served

N_FILES = 20
SAMPLES = ("silicon", "benzene", "ice-xi", "polyethylene")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def processor_seconds() -> float:
    """Return the processor time so far of all descendants of this process, of those that have ended too."""
    parents, ticks = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(pid)], ticks[int(pid)] = int(fields[1]), sum(map(int, fields[11:15]))
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(ticks[pid] for pid in ours - {os.getpid()}) / TICKS_PER_S


def upload(client: httpx.Client, number: int) -> None:
    """Upload one of the samples under a name of its own."""
    name = SAMPLES[number % len(SAMPLES)]
    content = (ROOT / f"backend/structures/examples/{name}.cif").read_bytes()
    client.post("/structures", files={"file": (f"{number}.cif", content)}).raise_for_status()


def main() -> None:
    """Upload the files twice and print both times."""
    with served() as (client, _, _), ThreadPoolExecutor(N_FILES) as pool:
        for server in ("a new server", "its processes run"):
            used, began = processor_seconds(), time.perf_counter()
            list(pool.map(lambda number: upload(client, number), range(N_FILES)))
            seconds = time.perf_counter() - began
            each = (processor_seconds() - used) / N_FILES
            load = os.getloadavg()[0]
            print(
                f"{N_FILES} structures at once, {server}: {seconds:.1f} s, "
                f"{each:.2f} s of the processor each (load average {load:.1f})",
                flush=True,
            )


if __name__ == "__main__":
    main()
