"""The input of a simulation: atoms, options, temperature and potential."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.core.isotopes import Isotopes
from scattering.core.notices import Notice
from scattering.core.phonon_modes import PhononModes
from scattering.core.trajectory import Trajectory
from scattering.options.base import Options
from scattering.options.names import HarmonicModes
from workers import engines
from workers.engines.interface import Engine, Potential
from workers.simulations.species import species_labels

OptionsT = TypeVar("OptionsT", bound=Options, covariant=True)


@dataclass(frozen=True, eq=False)
class KeptForces:
    """Force constants of another prediction of the same crystal, or of a source.

    Attributes
    ----------
    warnings, findings
        Warnings and findings about them.
    has_masses
        Whether the crystal has the masses of the simulation; otherwise those of its isotopes.
    """

    crystal: HarmonicCrystal
    warnings: tuple[Notice, ...] = ()
    findings: Mapping[str, Any] = field(default_factory=dict)
    has_masses: bool = False


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
        The interatomic potential; None for a simulation from given force constants.
    loader
        Engine that loads the potential as a calculator of ASE.
    isotopes
        Isotopes of the simulation, by element or site.
    kept
        Force constants of another prediction of the same crystal, or of a source, with which no forces are calculated;
        or None.
    modes
        Modes of a source without force constants, or None.
    trajectory
        Trajectory of a source, or None.
    reference
        Crystal whose force constants replace the harmonic part of the potential in the runs, or None.
    reference_modes
        Modes that are those of the reference.
    """

    atoms: Atoms
    options: OptionsT
    temperature: float
    potential: Potential | None
    loader: str
    isotopes: Isotopes = field(default_factory=dict)
    kept: KeptForces | None = None
    modes: PhononModes | None = None
    trajectory: Trajectory | None = None
    reference: HarmonicCrystal | None = None
    reference_modes: HarmonicModes = "all"

    def calculator(self) -> Calculator:
        """Calculator of forces, for relaxations and displacements."""
        return engines.calculator(self.loader, self.required_potential)

    def engine(self, modify: Callable[[Calculator], Calculator] | None = None) -> Engine:
        """Engine of the replicas; its calculator of forces can be modified."""
        return engines.dynamics(self.options.engine, self.required_potential, loader=self.loader, modify=modify)

    @property
    def required_reference(self) -> HarmonicCrystal:
        """The crystal of a simulation that has the harmonic part of a reference."""
        if self.reference is None:
            raise ValueError("the simulation has no reference")
        return self.reference

    @property
    def required_potential(self) -> Potential:
        """The potential of a simulation that calculates forces."""
        if self.potential is None:
            raise ValueError("a simulation from given force constants has no potential")
        return self.potential

    @property
    def labels(self) -> list[str]:
        """Species or sites of the atoms of the uploaded cell."""
        return species_labels(self.atoms, resolve_sites=self.options.resolve_sites)

    @property
    def groups(self) -> dict[str, NDArray[np.int64]]:
        """Indices of the atoms of each species in the supercell, species sorted."""
        labels = np.array(self.labels * self.options.n_cells)
        return {label: np.flatnonzero(labels == label) for label in sorted(set(self.labels))}
