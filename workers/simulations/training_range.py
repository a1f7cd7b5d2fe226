"""A structure against what its potential was trained on."""

from __future__ import annotations

from typing import Any

from ase.neighborlist import neighbor_list

from backend.potentials import nep_file
from scattering.trust.training import coverage, crowding
from workers.simulations.simulation import Simulation

MOST_ATOMS = 2000
"""Of larger cells the pairs of neighbours' neighbours take seconds."""


def training_range(simulation: Simulation) -> dict[str, Any]:
    """What to find out once for each prediction: the uploaded cell against the ranges in the potential's file."""
    model, atoms = simulation.potential.file, simulation.atoms
    if not model.is_file() or len(atoms) > MOST_ATOMS:
        return {}
    trained = nep_file.trained(model.read_bytes())
    if trained is None:
        return {}
    owners, vectors = neighbor_list("iD", atoms, trained.cutoff_radial)
    found = coverage(crowding((owners, vectors), len(atoms), trained), trained)
    return {"training_range": {"largest": found.largest, "spread": found.spread}}
