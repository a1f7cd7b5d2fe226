"""What the module of an engine must have, and what an engine of molecular dynamics does."""

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
    """What gives the forces.

    Attributes
    ----------
    file
        Of the potential.
    dispersion
        Functional whose DFT-D3 dispersion (with Becke–Johnson damping) is added, such as "pbe"; None for none.
    family
        Name of the potential's family; empty where it does not matter.
    """

    file: Path
    dispersion: str | None = None
    family: str = ""


Forces = Callable[[], Calculator]
"""Loads the potential into the engine that gives its forces."""


@dataclass(frozen=True)
class Run:
    """What is to be run: atoms at rest are brought to a temperature, and what they then do is recorded.

    Attributes
    ----------
    temperature_k
        Kelvin.
    timestep_fs, sample_fs
        Between steps, and between recorded frames (a whole number of steps).
    equilibration_ps, production_ps
        How long.
    ensemble
        Of the production.
    n_beads
        Of each atom's ring polymer: 1 is classical; more is path-integral molecular dynamics for the equilibration
        and thermostatted ring-polymer molecular dynamics for the production.
    seed
        Of velocities and thermostats.
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
        """Steps from one recorded frame to the next."""
        return round(self.sample_fs / self.timestep_fs)

    @property
    def equilibration_steps(self) -> int:
        """Steps before anything is recorded."""
        return round(self.equilibration_ps * 1e3 / self.timestep_fs)

    @property
    def production_steps(self) -> int:
        """Steps of the production."""
        return round(self.production_ps * 1e3 / self.timestep_fs)

    @property
    def n_frames(self) -> int:
        """Frames that are recorded: one before the first step of the production, then one every `every` steps."""
        return self.production_steps // self.every + 1


@dataclass(frozen=True)
class Trajectory:
    """What a run leaves behind.

    Attributes
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames), single precision, Å, from the sites, unwrapped; mapped from a file in
        the workplace's folder.
    seen
        `temperature_k` (mean of the production; of the beads' centroids' thermostat where there are beads),
        `energy_drift_mev_per_atom` over the production, and `largest_displacement_angstrom`.
    seconds
        `equilibration_s` and `production_s`, over all attempts.
    """

    displacements: NDArray[np.float32]
    seen: dict[str, float]
    seconds: dict[str, float]


class Engine(Protocol):
    """One program that can run a replica.

    Both methods go on from what an earlier attempt has left in the workplace, let whatever `report` raises through
    after they have ended every process they started, and, where it is `workers.kit.progress.ShuttingDown`, write a
    checkpoint first.

    Raises
    ------
    workers.kit.failures.CannotPredict
        The atoms flew apart, or the engine refuses the model or the run; the message is for the user.
    """

    def run(self, sites: Atoms, run: Run, *, workplace: Workplace, report: Report) -> Trajectory:
        """Run atoms that are at rest at their sites."""

    def relax_cell(self, sites: Atoms, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report) -> Atoms:
        """Let the cell find its mean size and shape at a temperature and pressure (NPT), and scale the sites with it.

        Runs `equilibration_steps` to settle and as many again to average over.
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
            The engine refuses it.
        """


class ProgramModule(Protocol):
    """Module of an engine whose record has the role "program"."""

    def version(self, record: Record) -> str | None:
        """Return the version that this machine has, None for none; loads nothing into this process."""

    def dynamics(self, potential: Potential, forces: Forces) -> Engine:
        """Return the engine for a potential, which takes the forces from `forces` or from the potential's file.

        Raises
        ------
        workers.kit.failures.CannotPredict
            It refuses the potential.
        """
