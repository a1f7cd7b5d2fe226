"""A scan of settings and a report over HTTP, on a server started for it: `python -m benchmarks.planning nep89.txt`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

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


def main(model: Path) -> None:
    """Print what a scan takes, worked out for 2000 settings, and what a report with its plan does."""
    with served(model) as (client, _):
        for name, temperature in SAMPLES.items():
            content = (ROOT / f"backend/structures/examples/{name}.cif").read_bytes()
            structure = client.post("/structures", files={"file": (f"{name}.cif", content)}).json()["id"]
            body = {"structure_id": structure, "temperature_k": temperature, "instruments": ["TOSCA", "MAPS"]}
            row = client.post("/predictions", json={**body, "quality": "preview"}).json()
            while row["status"] not in ("succeeded", "failed"):
                time.sleep(0.1)
                row = client.get(f"/predictions/{row['id']}").json()
            plan = {"prediction_id": row["id"]}
            # Another target each time: nothing that is kept answers
            scan, answer = timed(
                lambda round_: client.post("/plans", json={**plan, "target": {"signal_to_noise": 20 + round_}})
            )
            n = answer.json()["n_settings"]
            print(f"{name}: {n} settings in {scan:.1f} s, {SCANNED} in {scan * SCANNED / n:.1f} s", flush=True)
            query = {"plan": json.dumps({**plan, "target": {"signal_to_noise": 20 + ROUNDS - 1}})}
            report, answer = timed(lambda _: client.get(f"/predictions/{row['id']}/report.pdf", params=query))
            print(f"{name}: report of {len(answer.content) / 1e3:.0f} kB in {report:.1f} s once the plan is made")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
