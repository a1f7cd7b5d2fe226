"""A scan of settings and a report over HTTP, on a server started for it, beside the bare kernels of the scan.

`python -m benchmarks.planning nep89.txt`. The kernels, without which no scan can be: the resolution of all settings by
PyChop's formulas, and as many exponentials as the Gaussians have that blur the forecast under each feature.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import numpy as np

from backend.observing.layouts import POWDER
from benchmarks.main_job import ROOT, SAMPLES, served
from scattering.core.partials import element
from scattering.instruments import resolution
from scattering.observe.view import View
from scattering.planning import counting
from scattering.planning.evaluation import WIDTH_NODES, Specimen, Target, evaluate, shape_of
from scattering.planning.features import find_features
from scattering.planning.projection import weigh
from scattering.planning.scan import available_instruments, settings_to_try
from scattering.sample import Material, SampleSpec, resolve

ROUNDS = 3
SCANNED = 2000
"""Settings that a scan is to try within 1.5 s on idle cores."""


def timed(ask: Callable[[int], httpx.Response]) -> tuple[float, httpx.Response]:
    """Median of some rounds in seconds, and the last answer."""
    seconds = []
    for round_ in range(ROUNDS):
        began = time.perf_counter()
        answer = ask(round_)
        seconds.append(time.perf_counter() - began)
        answer.raise_for_status()
    return statistics.median(seconds), answer


def kernels(path: Path) -> float:
    """Seconds that the bare kernels of a scan of these partials take for one setting, in this process."""
    partials = POWDER.read(path)
    elements = {element(one): 1.0 for one in partials.species}
    sample = resolve(SampleSpec(container=None), Material.of(elements, {}, natural_density=2.0))
    stood = Specimen(sample, weigh(partials, View()), None)
    found = find_features(partials, View(), given=None, pairs=None, energy_relative_uncertainty=0.05)
    energies = [one.energy + one.energy_uncertainty for one in found.features]
    tried = [each for instrument in available_instruments() for each in settings_to_try(instrument, energies)]
    shapes: list[tuple[int, ...]] = []
    gaussians = counting._gaussians

    def remembered(*args: Any) -> Any:
        shapes.append(gaussians(*args).shape)
        return gaussians(*args)

    with mock.patch.object(counting, "_gaussians", remembered):
        for one in tried:
            shape = shape_of(one.instrument, one.variants[0], stood, None)
            evaluate(one.instrument, one.variants, shape, found.features, found.pairs, Target())
    arguments = {shape: np.full(shape, -1.0) for shape in shapes}

    def run() -> None:
        for one in tried:
            settings = [one.instrument.validate(each) for each in one.variants]
            resolution.sigmas(one.instrument, settings, np.linspace(0.0, partials.energy[-1], WIDTH_NODES))
        for shape in shapes:
            np.exp(arguments[shape])

    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) / sum(len(one.variants) for one in tried)


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
    with tempfile.NamedTemporaryFile(suffix=".h5") as file:
        file.write(client.get(f"/predictions/{prediction}/partials").content)
        file.flush()
        bare = SCANNED * kernels(Path(file.name))
    took = scan * SCANNED / n
    print(
        f"{name}: {n} settings in {scan:.2f} s, {SCANNED} in {took:.2f} s; bare kernels {bare:.2f} s, "
        f"ratio {took / bare:.1f}",
        flush=True,
    )
    query = {"plan": json.dumps(plan(20 + ROUNDS - 1))}
    report, answer = timed(lambda _: client.get(f"/predictions/{prediction}/report.pdf", params=query))
    print(f"{name}: report of {len(answer.content) / 1e3:.0f} kB in {report:.1f} s once the plan is made", flush=True)


def main(model: Path) -> None:
    """Scan and report for each sample."""
    with served(model) as (client, _, _):
        for name, temperature in SAMPLES.items():
            measure(client, name, predicted(client, name, temperature))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
