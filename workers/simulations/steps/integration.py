"""Checks of the runs of replicas, and averages over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scattering.core.notices import Notice
from scattering.options.dynamics import Dynamics
from workers.engines.interface import Run
from workers.simulations.simulation import Simulation

MAX_DRIFT_MEV: Final = 2.0
"""Largest energy drift per atom over the production without a warning."""
MAX_TEMPERATURE_DIFFERENCE: Final = 0.1
"""Relative difference of the temperature of a run from the requested one without a warning."""


def run_warnings(seen: Mapping[str, float], temperature: float) -> tuple[Notice, ...]:
    """Return warnings about a run, from the quantities that were measured in it."""
    found = []
    drift = seen["energy_drift_mev_per_atom"]
    if abs(drift) > MAX_DRIFT_MEV:
        found.append(Notice("energy_drift", {"energy_drift_mev_per_atom": drift}))
    return (*found, *temperature_warnings(seen, temperature))


def temperature_warnings(seen: Mapping[str, float], temperature: float) -> tuple[Notice, ...]:
    """Return a warning if a run has another temperature than requested; none if its temperature is not known."""
    mean = seen.get("temperature_k")
    if mean is None or abs(mean / temperature - 1) <= MAX_TEMPERATURE_DIFFERENCE:
        return ()
    return (Notice("run_off_temperature", {"temperature_k": mean, "requested_temperature_k": temperature}),)


def replica_run(simulation: Simulation[Dynamics], number: int) -> Run:
    """Return the run of one replica. Its seed is the seed of the options plus its number."""
    options = simulation.options
    return Run(
        temperature_k=simulation.temperature,
        timestep_fs=options.timestep_fs,
        sample_fs=options.sample_fs,
        equilibration_ps=options.equilibration_ps,
        production_ps=options.production_ps,
        seed=options.seed + number,
        ensemble=options.ensemble_recorded,
        n_beads=options.beads,
    )


def summarise_runs(seen: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean temperature, the largest drift and the largest displacement of all replicas."""
    return {
        "temperature_k": float(np.mean([one["temperature_k"] for one in seen])),
        "energy_drift_mev_per_atom": max((one["energy_drift_mev_per_atom"] for one in seen), key=abs),
        "largest_displacement_angstrom": max(one["largest_displacement_angstrom"] for one in seen),
    }


def total_seconds(of_replicas: Sequence[Mapping[str, float]], options: Dynamics, *, n_atoms: int) -> dict[str, float]:
    """Return the total seconds of each part of the replicas, and the atom-steps (bead-steps) per second."""
    seconds = {part: sum(one[part] for one in of_replicas) for part in of_replicas[0]}
    steps = len(of_replicas) * (options.equilibration_ps + options.production_ps) * 1e3 / options.timestep_fs
    atom_steps = n_atoms * options.beads * steps
    seconds["atom_steps_per_second"] = atom_steps / (seconds["equilibration_s"] + seconds["production_s"])
    return seconds
