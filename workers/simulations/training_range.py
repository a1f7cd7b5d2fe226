"""Comparison of a structure with the training data of its potential."""

from __future__ import annotations

from typing import Any

from scattering.options.base import Options
from workers import potentials
from workers.simulations.simulation import Simulation

MAX_ATOMS = 2000
"""Largest cell that is compared; larger ones take seconds for the pairs of second neighbours."""


def training_range(simulation: Simulation[Options]) -> dict[str, Any]:
    """Return how far the uploaded cell lies from the training data of the potential; empty if this is unknown."""
    file, atoms = simulation.required_potential.file, simulation.atoms
    if not file.is_file() or len(atoms) > MAX_ATOMS:
        return {}
    module = potentials.module(simulation.required_potential.family)
    found = None if module is None else module.training_range(file, atoms)
    return {} if found is None else {"training_range": {"largest": found.largest, "spread": found.spread}}
