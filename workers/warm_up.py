"""Import all workflows before the worker forks its children, and let each child load the default potential in advance.

Otherwise each process would spend seconds on imports, longer than a small job takes. Modules that may use a GPU are
left out, because CUDA does not survive a fork.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from backend.kit.settings import Settings
from backend.potentials import catalogue, fetch
from workers import engines
from workers.engines.interface import Potential
from workers.simulations.registry import modules


def warm_up() -> None:
    """Import all workflows. They start no thread, because children do not inherit threads."""
    for name in modules():
        importlib.import_module(name)


def default_file(settings: Settings) -> Path | None:
    """Return the file of the default potential, if it exists. Later children inherit its cached sum."""
    return fetch.find(settings, catalogue.default())


def load_default(file: Path) -> None:
    """Start loading the default potential in a thread. Call it in a child."""
    entry = catalogue.default()
    engines.preload(entry.engine, Potential(file, family=entry.family))
