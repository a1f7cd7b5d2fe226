"""GPUMD: molecular dynamics and path integrals on a graphics card, as a program of its own."""

from __future__ import annotations

import os

from backend.engines.record import Engine as Record
from workers.engines import machine
from workers.engines.gpumd.program import find_binary
from workers.engines.interface import Engine, Forces, Potential


def version(record: Record) -> str | None:
    """Return where the program is.

    A program that is only on the path needs a graphics card; one that the environment names is wanted.
    """
    wanted = machine.is_configured(record) or machine.has_gpu()
    found = find_binary() if wanted else None
    return str(found.absolute()) if found is not None and os.access(found, os.X_OK) else None


def dynamics(potential: Potential, forces: Forces) -> Engine:
    """Return the engine; it loads the potential itself."""
    from workers.engines.gpumd.engine import GPUMD

    return GPUMD(potential)
