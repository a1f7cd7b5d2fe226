"""A scan of settings and a report over HTTP, on a server started for it: `python -m benchmarks.planning nep89.txt`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.main_job import ROOT, SAMPLES, served

ROUNDS = 3
SCANNED = 2000
"""Settings that a scan is to try within ten seconds."""


def timed(ask: Callable[[int], httpx.Response]) -> tuple[float, httpx.Response]:
    """Median of some rounds in seconds, and the last answer."""
    seconds = []
    for round_ in range(ROUNDS):
        began = time.perf_counter()
        answer = ask(round_)
        seconds.append(time.perf_counter() - began)
        answer.raise_for_status()
    return statistics.median(seconds), answer


def predicted(client: httpx.Client, name: str, temperature: float) -> str:
    """A harmonic preview of an example; its id."""
    content = (ROOT / f"backend/structures/examples/{name}.cif").read_bytes()
    structure = client.post("/structures", files={"file": (f"{name}.cif", content)}).json()["id"]
    body = {"structure_id": structure, "temperature_k": temperature, "instruments": ["TOSCA", "MAPS"]}
    row = client.post("/predictions", json={**body, "quality": "preview"}).json()
    while row["status"] not in ("succeeded", "failed"):
        time.sleep(0.1)
        row = client.get(f"/predictions/{row['id']}").json()
    assert row["status"] == "succeeded", row["error"]
    return str(row["id"])


def measure(client: httpx.Client, name: str, prediction: str) -> None:
    """Print what a scan takes, worked out for `SCANNED` settings, and what a report with its plan does."""

    def plan(signal_to_noise: int) -> dict[str, Any]:
        return {"prediction_id": prediction, "target": {"signal_to_noise": signal_to_noise}}

    # Another target each time: nothing that is kept answers
    scan, answer = timed(lambda round_: client.post("/plans", json=plan(20 + round_)))
    n = answer.json()["n_settings"]
    print(f"{name}: {n} settings in {scan:.1f} s, {SCANNED} in {scan * SCANNED / n:.1f} s", flush=True)
    query = {"plan": json.dumps(plan(20 + ROUNDS - 1))}
    report, answer = timed(lambda _: client.get(f"/predictions/{prediction}/report.pdf", params=query))
    print(f"{name}: report of {len(answer.content) / 1e3:.0f} kB in {report:.1f} s once the plan is made", flush=True)


def main(model: Path) -> None:
    """Scan and report for each sample."""
    with served(model) as (client, _):
        for name, temperature in SAMPLES.items():
            measure(client, name, predicted(client, name, temperature))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
