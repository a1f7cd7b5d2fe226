"""i-PI: path integrals on a processor, with the forces of an engine that loads the potential."""

from __future__ import annotations

from typing import Final

from workers.engines import machine
from workers.engines.interface import Engine, Forces, Potential

version: Final = machine.package_version


def dynamics(potential: Potential, forces: Forces) -> Engine:
    """Return the engine, around a calculator."""
    from workers.engines.i_pi.engine import IPI

    return IPI(forces())
