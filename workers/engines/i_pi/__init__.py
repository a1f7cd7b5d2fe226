"""i-PI: path integrals on a CPU, with the forces of the engine that loads the potential."""

from __future__ import annotations

from typing import Final

from workers.engines import machine
from workers.engines.interface import Engine, Forces, Potential

version: Final = machine.package_version


def dynamics(potential: Potential, forces: Forces) -> Engine:
    """Return the engine with a calculator of the forces."""
    from workers.engines.i_pi.engine import IPI

    return IPI(forces())
