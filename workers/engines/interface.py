"""The interface of engines: the functions of a module, and the methods of an engine of molecular dynamics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from backend.engines.record import Engine as Record
from workers.kit.workplace import Report, Workplace

Ensemble = Literal["nve", "nvt"]


@dataclass(frozen=True)
class Potential:
    """A potential, with its dispersion correction.

    Attributes
    ----------
    file
        File of the potential; `Path()` for one without a file.
    dispersion
        Functional of the DFT-D3 dispersion correction (with Becke–Johnson damping), such as "pbe"; None without one.
    family
        Name of the family of the potential; empty where it does not matter.
    format
        Format within the family: the name of a potential without a file.
    """

    file: Path
    dispersion: str | None = None
    family: str = ""
    format: str = ""


Forces = Callable[[], Calculator]
"""Loads the potential into the engine that gives its forces."""


@dataclass(frozen=True)
class Run:
    """A run: atoms at rest are equilibrated at a temperature, then their positions are recorded.

    Attributes
    ----------
    temperature_k
        Temperature in kelvin.
    timestep_fs, sample_fs
        Time step, and time between recorded frames (a whole number of steps).
    equilibration_ps, production_ps
        Times of equilibration and production.
    ensemble
        Ensemble of the production.
    n_beads
        Number of beads of each atom. One bead means classical dynamics. With more, the equilibration is path-integral
        molecular dynamics, and the production is thermostatted ring-polymer molecular dynamics.
    seed
        Seed of velocities and thermostats.
    """

    temperature_k: float
    timestep_fs: float
    sample_fs: float
    equilibration_ps: float
    production_ps: float
    seed: int
    ensemble: Ensemble = "nve"
    n_beads: int = 1

    @property
    def every(self) -> int:
        """Steps between recorded frames."""
        return round(self.sample_fs / self.timestep_fs)

    @property
    def equilibration_steps(self) -> int:
        """Steps of the equilibration."""
        return round(self.equilibration_ps * 1e3 / self.timestep_fs)

    @property
    def production_steps(self) -> int:
        """Steps of the production."""
        return round(self.production_ps * 1e3 / self.timestep_fs)

    @property
    def n_frames(self) -> int:
        """Number of recorded frames: one before the production, then one after every `every` of its steps."""
        return self.production_steps // self.every + 1


@dataclass(frozen=True)
class Trajectory:
    """The result of a run.

    Attributes
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames), single precision, Å. Unwrapped displacements from the sites, mapped from
        a file in the folder of the job.
    diagnostics
        `temperature_k` (mean of the production; of ring polymers, the temperature of the centroids),
        `energy_drift_mev_per_atom` over the production, and `largest_displacement_angstrom`.
    seconds
        `equilibration_s` and `production_s`, of all attempts together.
    """

    displacements: NDArray[np.float32]
    diagnostics: dict[str, float]
    seconds: dict[str, float]


class Engine(Protocol):
    """An engine that runs a replica.

    Both methods resume from the checkpoints in the workplace. If `report` raises, they end all their processes and let
    the exception through; for `workers.kit.progress.ShuttingDown` they write a checkpoint first.

    Raises
    ------
    workers.kit.failures.CannotPredict
        The atoms flew apart, or the engine refuses the potential or the run.
    """

    def run(self, sites: Atoms, run: Run, *, workplace: Workplace, report: Report) -> Trajectory:
        """Run molecular dynamics of atoms that are at rest at their sites."""

    def relax_cell(self, sites: Atoms, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report) -> Atoms:
        """Find the mean cell at a temperature and pressure (NPT), and strain the sites to it.

        The run equilibrates for `equilibration_steps`, then averages the cell over as many steps.
        """


class CalculatorModule(Protocol):
    """Module of an engine whose record has the role "calculator"."""

    def version(self, record: Record) -> str | None:
        """Return the version that this machine has, None for none; loads nothing into this process."""

    def calculator(self, potential: Potential) -> Calculator:
        """Load a potential for ASE.

        Raises
        ------
        workers.kit.failures.CannotPredict
            The engine refuses the potential.
        """


class ProgramModule(Protocol):
    """Module of an engine whose record has the role "program"."""

    def version(self, record: Record) -> str | None:
        """Return the version that this machine has, None for none; loads nothing into this process."""

    def dynamics(self, potential: Potential, forces: Forces) -> Engine:
        """Return the engine for a potential. It takes the forces from `forces`, or loads the file itself.

        Raises
        ------
        workers.kit.failures.CannotPredict
            The engine refuses the potential.
        """
