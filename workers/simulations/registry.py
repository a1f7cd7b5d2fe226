"""Which workflow makes which prediction. Each is imported only when it is needed: some take seconds to import."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from workers.engines.interface import Workplace
from workers.progress import Progress
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import Simulation
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import Replica


class Dynamics(Protocol):
    """Molecular dynamics, in steps that may be done by different workers: a module with these functions."""

    Spectra: Any

    def prepare(self, simulation: Simulation, *, workplace: Workplace, progress: Progress) -> Prepared:
        """What all replicas begin with."""

    def replica(
        self, simulation: Simulation, prepared: Prepared, number: int, *, workplace: Workplace, progress: Progress
    ) -> Replica:
        """One replica."""

    def combine(self, simulation: Simulation, prepared: Prepared, replicas: Sequence[Replica]) -> Outcome:
        """All replicas together."""


def dynamics(sampling: str) -> Dynamics:
    """Molecular dynamics of a powder, or along a path."""
    name = "workers.simulations.path_dynamics" if sampling == "path" else "workers.simulations.powder_dynamics"
    return cast(Dynamics, import_module(name))


def harmonic(simulation: Simulation, sampling: str, progress: Progress) -> Outcome:
    """Harmonic phonons of a powder, or along a path."""
    module = import_module(
        "workers.simulations.path_harmonic" if sampling == "path" else "workers.simulations.powder_harmonic"
    )
    outcome: Outcome = module.run(
        simulation.atoms,
        simulation.calculator(),
        options=simulation.options,
        temperature=simulation.temperature,
        progress=progress,
    )
    return outcome
