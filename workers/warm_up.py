"""Import what workflows need before the worker forks its children, and load in these the potential that most jobs take.

A process for each job would else begin with seconds of imports: longer than small jobs take. What may touch a graphics
card is left out, since CUDA does not survive a fork.
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
    """Import all workflows. None starts a thread, which would be missing from the children."""
    for name in modules():
        importlib.import_module(name)


def default_file(settings: Settings) -> Path | None:
    """Return the file of the default potential, if it is here; its sum is then known to the children forked later."""
    return fetch.find(settings, catalogue.default())


def load_default(file: Path) -> None:
    """Begin to load the default potential; in a child, since a thread does it."""
    entry = catalogue.default()
    engines.load_ahead(entry.engine, Potential(file, family=entry.family))
