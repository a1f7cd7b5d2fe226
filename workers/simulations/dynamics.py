"""Molecular dynamics in three steps: prepare the crystal, run the replicas on any workers, combine their results.

Each sampling has its own analysis of the positions. A path also needs the harmonic dispersion.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.core.quantum import Statistics
from scattering.crystal.partials import CrystalPartials
from scattering.options.dynamics import Dynamics
from scattering.simulate.mobility import Mobility, diffuses, mean_mobility
from scattering.simulate.path_integral import bead_notices
from scattering.simulate.protocol import time_scales
from workers.kit.progress import Progress
from workers.kit.workplace import Workplace
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import Simulation
from workers.simulations.steps import preparation
from workers.simulations.steps.integration import run_warnings, summarise_runs, total_seconds
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import Replica, run_replica

DynamicsT = TypeVar("DynamicsT", bound=Dynamics)
SpectraT = TypeVar("SpectraT")


@dataclass(frozen=True, eq=False)
class Runs(Generic[SpectraT]):
    """All replicas of a prediction.

    Attributes
    ----------
    replicas
        Results of each replica.
    spectra
        Spectra of each run, or of each segment of a single run.
    mobilities
        Species → mean over the replicas.
    diffusing
        Species whose atoms leave their sites.
    """

    replicas: Sequence[Replica]
    spectra: Sequence[SpectraT]
    mobilities: Mapping[str, Mobility]
    diffusing: list[str]


class Analysis(ABC, Generic[DynamicsT, SpectraT]):
    """Analysis of the positions of the atoms in the runs, for one sampling.

    Attributes
    ----------
    SPECTRA
        Class of the spectra of a run, a dataclass of arrays.
    sites, groups
        The relaxed supercell; indices of its atoms by species, species sorted.
    """

    SPECTRA: ClassVar[Callable[..., Any]]

    def __init__(self, simulation: Simulation[DynamicsT], prepared: Prepared) -> None:
        self.simulation, self.prepared = simulation, prepared
        self.sites, self.groups = prepared.supercell(simulation), simulation.groups

    @property
    def highest_mev(self) -> float:
        """Largest energy of the spectra, meV."""
        return min(time_scales(self.sites.numbers).highest_mev, self.simulation.options.highest_resolved_mev)

    @property
    def statistics(self) -> Statistics:
        """Statistics of the correlated positions."""
        return "kubo" if self.simulation.options.beads > 1 else "classical"

    @abstractmethod
    def correlate(self, stretch: NDArray[np.float32], *, seed: int, update: Callable[[float], None]) -> SpectraT:
        """Turn displacements of shape (n_beads, n_atoms, 3, n_frames), Å, into spectra."""

    def tensors(self, displacements: NDArray[np.float32]) -> NDArray[np.float64] | None:
        """Return mean-square displacements, shape (n_species, 3, 3), Å²; None for a powder."""
        return None

    @abstractmethod
    def partials(self, runs: Runs[SpectraT], metadata: dict[str, Any]) -> Partials | CrystalPartials:
        """Return the average of the runs, with each run for the statistical error."""

    @property
    @abstractmethod
    def stiffest_mev(self) -> float:
        """Highest vibrational energy, meV, which determines the necessary number of beads."""

    @abstractmethod
    def warnings(self, runs: Runs[SpectraT]) -> tuple[Notice, ...]:
        """Return warnings about the partials."""

    @abstractmethod
    def findings(self, runs: Runs[SpectraT]) -> dict[str, Any]:
        """Return the findings that only this sampling has."""


@dataclass(frozen=True)
class DynamicsWorkflow(Generic[DynamicsT, SpectraT]):
    """The workflow of one sampling, with its analysis."""

    analysis: type[Analysis[DynamicsT, SpectraT]]

    def prepare(self, simulation: Simulation[DynamicsT], *, workplace: Workplace, progress: Progress) -> Prepared:
        """Relax the crystal, see `steps.preparation.prepare`."""
        return preparation.prepare(simulation, simulation.calculator(), workplace=workplace, progress=progress)

    def replica(
        self,
        simulation: Simulation[DynamicsT],
        prepared: Prepared,
        number: int,
        *,
        workplace: Workplace,
        progress: Progress,
    ) -> Replica:
        """Run one replica and calculate its spectra, see `steps.replica.run_replica`."""
        analysis = self.analysis(simulation, prepared)
        return run_replica(
            simulation,
            prepared.engine(simulation),
            analysis.sites,
            number,
            groups=analysis.groups,
            correlate=analysis.correlate,
            tensors=analysis.tensors,
            workplace=workplace,
            progress=progress,
        )

    def read_replica(self, loaded: Mapping[str, Any]) -> Replica:
        """Make a replica of the mapping that `results.load` returns."""
        return Replica.of(loaded, self.analysis.SPECTRA)

    def combine(self, simulation: Simulation[DynamicsT], prepared: Prepared, replicas: Sequence[Replica]) -> Outcome:
        """Combine the replicas."""
        options, temperature = simulation.options, simulation.temperature
        analysis = self.analysis(simulation, prepared)
        n_atoms, runs = len(analysis.sites), join_runs(analysis, replicas)
        seen = summarise_runs([one.seen for one in replicas])
        partials = analysis.partials(
            runs,
            {
                "method": options.METHOD,
                "n_atoms": n_atoms,
                "energy_resolution_mev": options.energy_resolution_mev,
                "diffusing": runs.diffusing,
            },
        )
        return Outcome(
            partials,
            (
                *prepared.warnings,
                *run_warnings(seen, temperature),
                *bead_notices(options.beads, analysis.stiffest_mev, temperature),
                *analysis.warnings(runs),
            ),
            {**prepared.seconds, **total_seconds([one.seconds for one in replicas], options, n_atoms=n_atoms)},
            {**prepared.findings, "n_atoms": n_atoms, **analysis.findings(runs), **seen},
        )


def join_runs(analysis: Analysis[Any, SpectraT], replicas: Sequence[Replica]) -> Runs[SpectraT]:
    """Return the replicas together, with the species that diffuse."""
    mobilities = {label: mean_mobility([one.mobilities[label] for one in replicas]) for label in analysis.groups}
    spacing = (analysis.sites.get_volume() / len(analysis.sites)) ** (1 / 3)
    diffusing = [label for label, mobility in mobilities.items() if diffuses(mobility, spacing)]
    return Runs(replicas, [spectra for one in replicas for spectra in one.spectra], mobilities, diffusing)
