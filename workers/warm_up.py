"""Import what workflows need before the worker forks its children.

A process for each job would else begin with seconds of imports: longer than small jobs take. What may touch a graphics
card is left out, since CUDA does not survive a fork.
"""

from __future__ import annotations

import importlib

MODULES = (
    "workers.simulations.powder_harmonic",
    "workers.simulations.powder_dynamics",
    "workers.simulations.path_harmonic",
    "workers.simulations.path_dynamics",
)


def warm_up() -> None:
    """Import them. None starts a thread, which would be missing from the children."""
    for name in MODULES:
        importlib.import_module(name)
