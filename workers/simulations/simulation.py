"""What is to be simulated for one prediction, and with what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator

from workers import engines
from workers.engines.interface import Engine, Potential, Run
from workers.simulations.steps.species import species_labels


@dataclass(frozen=True, eq=False)
class Simulation:
    """One prediction's simulation.

    Attributes
    ----------
    atoms
        The uploaded cell.
    options
        As `fill_options` of `scattering.simulate.protocol` or `scattering.crystal.protocol` returns them.
    temperature
        Kelvin.
    potential
        What gives the forces.
    loader
        Engine that loads the potential where a calculator is wanted.
    """

    atoms: Atoms
    options: Mapping[str, Any]
    temperature: float
    potential: Potential
    loader: str

    def calculator(self) -> Calculator:
        """Forces for relaxations and displacements."""
        return engines.calculator(self.loader, self.potential)

    def engine(self) -> Engine:
        """What runs the replicas."""
        return engines.dynamics(self.options["engine"], self.potential, loader=self.loader)

    @property
    def n_cells(self) -> int:
        """Uploaded cells in the supercell."""
        return math.prod(self.options["supercell"])

    @property
    def labels(self) -> list[str]:
        """Species, or sites, of the uploaded cell's atoms."""
        return species_labels(self.atoms, resolve_sites=self.options["resolve_sites"])

    def run(self, number: int) -> Run:
        """What one replica does; its seed is that of the options plus its number."""
        return Run(
            temperature_k=self.temperature,
            timestep_fs=self.options["timestep_fs"],
            sample_fs=self.options["sample_fs"],
            equilibration_ps=self.options["equilibration_ps"],
            production_ps=self.options["production_ps"],
            seed=self.options["seed"] + number,
            ensemble=self.options.get("production_ensemble", "nve"),
            n_beads=self.options.get("n_beads", 1),
        )
