"""Provenance of a prediction: potential, engine, seed, versions, timings."""

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
    """Return the versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in (*PACKAGES, *catalogue.packages()):
        # The package of an engine may be missing
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def provenance(
    *, sha256: str | None, model: str | None, engine: str, seed: int, timings: dict[str, float], **more: Any
) -> dict[str, Any]:
    """Collect the facts that are needed to repeat a prediction; one from given phonons has no model."""
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
