"""What a prediction was made with."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import version
from typing import Any

PACKAGES = (
    "nep-adapters",
    "calorine",
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
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


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
