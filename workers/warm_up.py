"""Import what workflows need before the worker forks its children.

A process for each job would else begin with seconds of imports: longer than small jobs take. What may touch a graphics
card is left out, since CUDA does not survive a fork.
"""

from __future__ import annotations

import importlib

from workers.simulations.registry import modules


def warm_up() -> None:
    """Import all workflows. None starts a thread, which would be missing from the children."""
    for name in modules():
        importlib.import_module(name)
