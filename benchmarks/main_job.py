"""From upload to spectrum over HTTP, on a server started for it: `python -m benchmarks.main_job nep89.txt`.

Harmonic predictions are measured beside their bare kernels, so that what the way adds to these can be read.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from workers.command import environment
from workers.kit.cores import default_concurrency

ROOT = Path(__file__).parent.parent
READY = re.compile(r"Beamcast is ready at (http://127\.0\.0\.1:\d+)")
SAMPLES = {"silicon": 300.0, "benzene": 127.0}
"""Example → temperature in K."""
REPEATS = 3
LOOK_EVERY_S = 0.05
SIGHT_EVERY_S = 0.1
LOADING_S = 2.0
PARTS = ("upload", "job", "spectrum")


def largest_process_mb(data_dir: str) -> float:
    """Largest resident memory so far of a process of this server, its workers among them."""
    peaks = [0.0]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if f"BEAMCAST_DATA_DIR={data_dir}".encode() in Path(f"/proc/{pid}/environ").read_bytes():
                status = Path(f"/proc/{pid}/status").read_text()
                peaks.append(int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024)
        except (OSError, TypeError):
            continue
    return max(peaks)


class ProcessorClock:
    """Processor time of a process and of its descendants, also of those that have ended.

    A thread looks at them; what a process does between its last sight and its end is missing.
    """

    def __init__(self, pid: int) -> None:
        self._ticks: dict[tuple[str, str], int] = {}
        """Process id and time of its start → ticks."""
        self._pid = str(pid)
        threading.Thread(target=self._follow, daemon=True).start()

    def seconds(self) -> float:
        """Return the time so far in s."""
        self._look()
        return sum(list(self._ticks.values())) / os.sysconf("SC_CLK_TCK")

    def _follow(self) -> None:
        while True:
            self._look()
            time.sleep(SIGHT_EVERY_S)

    def _look(self) -> None:
        alive = {self._pid}
        for pid in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                # A parent has mostly a smaller number; others are seen the next time
                if pid in alive or fields[1] in alive or (pid, fields[19]) in self._ticks:
                    alive.add(pid)
                    self._ticks[pid, fields[19]] = sum(map(int, fields[11:13]))


@dataclass(frozen=True)
class Measured:
    """One way from upload to spectrum: seconds of its parts, of the processor, and the largest process in MB."""

    upload: float
    job: float
    spectrum: float
    processor: float
    peak: float
    options: dict[str, Any]

    @property
    def whole(self) -> float:
        """Seconds from the upload to the spectrum."""
        return self.upload + self.job + self.spectrum


def measure(client: httpx.Client, data_dir: str, processor: ProcessorClock, name: str, method: str) -> Measured:
    """Upload a sample, ask for a prediction of it and for a TOSCA spectrum of that."""
    used, peak, clock = processor.seconds(), 0.0, [time.perf_counter()]
    content = (ROOT / f"backend/structures/examples/{name}.cif").read_bytes()
    structure = client.post("/structures", files={"file": (f"{name}.cif", content)}).json()["id"]
    clock.append(time.perf_counter())
    row = client.post(
        "/predictions",
        json={
            "structure_id": structure,
            "method": method,
            "temperature_k": SAMPLES[name],
            "instruments": ["TOSCA"],
            "quality": "preview",
        },
    ).json()
    while row["status"] not in ("succeeded", "failed"):
        time.sleep(LOOK_EVERY_S)
        peak = max(peak, largest_process_mb(data_dir))
        row = client.get(f"/predictions/{row['id']}").json()
    assert row["status"] == "succeeded", row["error"]
    clock.append(time.perf_counter())
    client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "TOSCA"}).raise_for_status()
    clock.append(time.perf_counter())
    upload, job, spectrum = (after - before for before, after in pairwise(clock))
    return Measured(upload, job, spectrum, processor.seconds() - used, peak, row["options"])


@contextlib.contextmanager
def served(model: Path | None = None) -> Iterator[tuple[httpx.Client, str, ProcessorClock]]:
    """A server on a data folder of its own, for as long as it is needed: a client of its API, the folder, a clock."""
    with tempfile.TemporaryDirectory() as data_dir:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "serve.py")],
            env={
                **os.environ,
                "BEAMCAST_PORT": "0",
                "BEAMCAST_DATA_DIR": data_dir,
                **({} if model is None else {"BEAMCAST_POTENTIALS_DIR": str(model.parent)}),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        url = next(found[1] for line in process.stdout if (found := READY.search(line)))
        try:
            with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
                yield client, data_dir, ProcessorClock(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def kernels(model: Path, name: str, options: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Clocks of the bare kernels of a prediction, in a process with as many threads as a worker's: see `kernels`."""
    arguments = [model, ROOT / f"backend/structures/examples/{name}.cif", json.dumps(options), SAMPLES[name]]
    found: dict[str, tuple[float, float]] = json.loads(
        subprocess.run(
            [sys.executable, "-m", "benchmarks.kernels", *map(str, arguments)],
            env=environment(os.environ, default_concurrency(("cpu",))),
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    )
    return found


def report_harmonic(client: httpx.Client, data_dir: str, clock: ProcessorClock, name: str, model: Path) -> None:
    """Print the medians of some harmonic predictions, and those of their bare kernels."""
    runs = []
    for _ in range(REPEATS):
        # A user comes to a server whose processes have loaded their modules
        time.sleep(LOADING_S)
        runs.append(measure(client, data_dir, clock, name, "harmonic"))
    whole, processor = median(run.whole for run in runs), median(run.processor for run in runs)
    parts = ", ".join(f"{part} {median(getattr(run, part) for run in runs):.2f}" for part in PARTS)
    print(
        f"{name}, harmonic: {whole:.2f} s ({parts}), {processor:.2f} s of the processor, "
        f"largest process {max(run.peak for run in runs):.0f} MB",
        flush=True,
    )
    found = kernels(model, name, runs[0].options)
    bare, bare_processor = map(sum, zip(*found.values(), strict=True))
    parts = ", ".join(f"{kernel} {wall:.2f}" for kernel, (wall, _) in found.items())
    print(
        f"{name}, bare kernels: {bare:.2f} s ({parts}), {bare_processor:.2f} s of the processor; "
        f"the whole is {whole / bare:.2f} times as long ({processor / bare_processor:.2f} times the processor's)",
        flush=True,
    )


def main(model: Path) -> None:
    """Print a line or two for each sample and method."""
    with served(model) as (client, data_dir, clock):
        for name in SAMPLES:
            report_harmonic(client, data_dir, clock, name, model)
        for name in SAMPLES:
            run = measure(client, data_dir, clock, name, "md")
            print(f"{name}, md: {run.whole:.1f} s, largest process {run.peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
