"""What a prediction was made with."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from backend.engines import catalogue

PACKAGES = (
    "ase",
    "phonopy",
    "euphonic",
    "seekpath",
    "resins",
    "numba",
    "numpy",
    "scipy",
    "spglib",
)


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, *catalogue.packages()):
        # An engine's package need not be here
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def provenance(
    *, sha256: str, model: str, engine: str, seed: int, timings: dict[str, float], **more: Any
) -> dict[str, Any]:
    """Collect what is needed to make the prediction again."""
    return {
        "versions": versions(),
        "model": model,
        "model_sha256": sha256,
        "engine": engine,
        "seed": seed,
        "cores": cores(),
        "timings": timings,
        **more,
    }
