"""GPUMD: molecular dynamics and path integrals on a GPU, by a separate program."""

from __future__ import annotations

import os

from backend.engines.record import Engine as Record
from workers.engines import machine
from workers.engines.gpumd.program import find_binary
from workers.engines.interface import Engine, Forces, Potential


def version(record: Record) -> str | None:
    """Return the path of the executable.

    An executable on the search path counts only on a machine with a GPU; one that the environment names always counts.
    """
    is_wanted = machine.is_configured(record) or machine.has_gpu()
    binary = find_binary() if is_wanted else None
    return str(binary.absolute()) if binary is not None and os.access(binary, os.X_OK) else None


def dynamics(potential: Potential, forces: Forces) -> Engine:
    """Return the engine; it loads the potential itself."""
    from workers.engines.gpumd.engine import GPUMD

    return GPUMD(potential)
