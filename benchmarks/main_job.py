"""From upload to spectrum over HTTP, on a server started for it: `python -m benchmarks.main_job nep89.txt`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
READY = re.compile(r"Beamcast is ready at (http://127\.0\.0\.1:\d+)")
SAMPLES = {"silicon": 300.0, "benzene": 127.0}


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


def predict(
    client: httpx.Client, data_dir: str, structure: str, method: str, temperature: float
) -> tuple[float, float]:
    """Ask for a prediction and a TOSCA spectrum of it; seconds, and the largest process in MB."""
    began, peak = time.perf_counter(), 0.0
    row = client.post(
        "/predictions",
        json={
            "structure_id": structure,
            "method": method,
            "temperature_k": temperature,
            "instruments": ["TOSCA"],
            "quality": "preview",
        },
    ).json()
    while row["status"] not in ("succeeded", "failed"):
        time.sleep(0.1)
        peak = max(peak, largest_process_mb(data_dir))
        row = client.get(f"/predictions/{row['id']}").json()
    assert row["status"] == "succeeded", row["error"]
    client.post(f"/predictions/{row['id']}/spectrum", json={"instrument": "TOSCA"}).raise_for_status()
    return time.perf_counter() - began, peak


@contextlib.contextmanager
def served(model: Path) -> Iterator[tuple[httpx.Client, str]]:
    """A server on a data folder of its own, for as long as it is needed: a client of its API, and the folder."""
    with tempfile.TemporaryDirectory() as data_dir:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "serve.py")],
            env={
                **os.environ,
                "BEAMCAST_PORT": "0",
                "BEAMCAST_DATA_DIR": data_dir,
                "BEAMCAST_POTENTIALS_DIR": str(model.parent),
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        url = next(found[1] for line in process.stdout if (found := READY.search(line)))
        try:
            with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
                yield client, data_dir
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def main(model: Path) -> None:
    """Print a line for each sample and method."""
    with served(model) as (client, data_dir):
        for method in ("harmonic", "md"):
            for name, temperature in SAMPLES.items():
                began = time.perf_counter()
                content = (ROOT / f"backend/structures/examples/{name}.cif").read_bytes()
                structure = client.post("/structures", files={"file": (f"{name}.cif", content)}).json()["id"]
                uploaded = time.perf_counter() - began
                seconds, peak = predict(client, data_dir, structure, method, temperature)
                print(f"{name}, {method}: {uploaded + seconds:.1f} s, largest process {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
