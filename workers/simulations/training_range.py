"""A structure against what its potential was trained on."""

from __future__ import annotations

from typing import Any

from scattering.options.base import Options
from workers import potentials
from workers.simulations.simulation import Simulation

MAX_ATOMS = 2000
"""Of larger cells the pairs of neighbours' neighbours take seconds."""


def training_range(simulation: Simulation[Options]) -> dict[str, Any]:
    """Return what to find out once for each prediction: the uploaded cell against the potential's training."""
    file, atoms = simulation.potential.file, simulation.atoms
    if not file.is_file() or len(atoms) > MAX_ATOMS:
        return {}
    found = potentials.module(simulation.potential.family).training_range(file, atoms)
    return {} if found is None else {"training_range": {"largest": found.largest, "spread": found.spread}}
