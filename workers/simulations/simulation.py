"""The input of a simulation: atoms, options, temperature and potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import Isotopes
from scattering.core.notices import Notice
from scattering.options.base import Options
from workers import engines
from workers.engines.interface import Engine, Potential
from workers.simulations.species import species_labels

OptionsT = TypeVar("OptionsT", bound=Options, covariant=True)


@dataclass(frozen=True, eq=False)
class KeptForces:
    """Force constants of another prediction of the same crystal, with its warnings and findings about them."""

    crystal: HarmonicCrystal
    warnings: tuple[Notice, ...]
    findings: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Simulation(Generic[OptionsT]):
    """The input of the simulation of one prediction.

    Attributes
    ----------
    atoms
        The uploaded cell, with the masses of its isotopes. Tags distinguish the isotopes of the file.
    options
        Complete options, of the class of the method and the sampling.
    temperature
        Kelvin.
    potential
        The interatomic potential.
    loader
        Engine that loads the potential as a calculator of ASE.
    isotopes
        Isotopes of the simulation, by element or site.
    kept
        Force constants of another prediction of the same crystal, with which no forces are calculated; or None.
    """

    atoms: Atoms
    options: OptionsT
    temperature: float
    potential: Potential
    loader: str
    isotopes: Isotopes = field(default_factory=dict)
    kept: KeptForces | None = None

    def calculator(self) -> Calculator:
        """Calculator of forces, for relaxations and displacements."""
        return engines.calculator(self.loader, self.potential)

    def engine(self) -> Engine:
        """Engine of the replicas."""
        return engines.dynamics(self.options.engine, self.potential, loader=self.loader)

    @property
    def labels(self) -> list[str]:
        """Species or sites of the atoms of the uploaded cell."""
        return species_labels(self.atoms, resolve_sites=self.options.resolve_sites)

    @property
    def groups(self) -> dict[str, NDArray[np.int64]]:
        """Indices of the atoms of each species in the supercell, species sorted."""
        labels = np.array(self.labels * self.options.n_cells)
        return {label: np.flatnonzero(labels == label) for label in sorted(set(self.labels))}
