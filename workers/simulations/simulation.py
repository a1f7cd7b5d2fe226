"""What is to be simulated for one prediction, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.options.base import Options
from workers import engines
from workers.engines.interface import Engine, Potential
from workers.simulations.species import species_labels

OptionsT = TypeVar("OptionsT", bound=Options, covariant=True)


@dataclass(frozen=True, eq=False)
class Simulation(Generic[OptionsT]):
    """One prediction's simulation.

    Attributes
    ----------
    atoms
        The uploaded cell.
    options
        Complete, of the class that belongs to method and sampling.
    temperature
        Kelvin.
    potential
        What gives the forces.
    loader
        Engine that loads the potential where a calculator is wanted.
    """

    atoms: Atoms
    options: OptionsT
    temperature: float
    potential: Potential
    loader: str

    def calculator(self) -> Calculator:
        """Forces for relaxations and displacements."""
        return engines.calculator(self.loader, self.potential)

    def engine(self) -> Engine:
        """What runs the replicas."""
        return engines.dynamics(self.options.engine, self.potential, loader=self.loader)

    @property
    def labels(self) -> list[str]:
        """Species, or sites, of the uploaded cell's atoms."""
        return species_labels(self.atoms, resolve_sites=self.options.resolve_sites)

    @property
    def groups(self) -> dict[str, NDArray[np.int64]]:
        """Indices of the supercell's atoms of each species, species sorted."""
        labels = np.array(self.labels * self.options.n_cells)
        return {label: np.flatnonzero(labels == label) for label in sorted(set(self.labels))}
