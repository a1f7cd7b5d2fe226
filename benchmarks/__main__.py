"""All benchmarks, one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from backend.kit.settings import current
from backend.potentials import catalogue, fetch


def main() -> None:
    """Fetch NEP89 if it is not here, then run each benchmark."""
    entry = catalogue.default()
    model = fetch.find(current(), entry) or fetch.fetch(current(), entry)
    for module, arguments in {
        "benchmarks.observe": [],
        "benchmarks.engine": [str(model)],
        "benchmarks.incoherent": [str(model)],
        "benchmarks.main_job": [str(model)],
        "benchmarks.uploads": [],
        "benchmarks.own_phonons": [],
        "benchmarks.trajectory": [],
        "benchmarks.planning": [str(model)],
        "benchmarks.pages": [str(model)],
        "benchmarks.gpu": [str(model)],
        "benchmarks.scaling": [str(model)],
    }.items():
        print(f"== {module}", flush=True)
        subprocess.run([sys.executable, "-m", module, *arguments], check=True, cwd=Path(__file__).parent.parent)


if __name__ == "__main__":
    main()
