"""The trajectory of a source, by the analysis of our own runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from scattering.core.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.core.notices import Notice
from scattering.core.quantum import Statistics
from scattering.core.trajectory import Trajectory
from scattering.options.given_trajectory import ClassicalTrajectory, GivenTrajectory
from scattering.simulate.path_integral import bead_notices, with_bead_axis
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.simulations.dynamics import Analysis, join_runs
from workers.simulations.outcome import Outcome
from workers.simulations.simulation import Simulation
from workers.simulations.steps.integration import temperature_warnings
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import analyse

N_SPREAD_FRAMES: Final = 100
"""Frames from which the spread of the beads is averaged."""
MAX_SPREAD_RATIO: Final = 1.2
"""Spread of beads over that of free particles, mean over atoms, without a warning: chance adds a few per cent."""


def statistics_of(options: GivenTrajectory) -> Statistics:
    """Return the statistics of positions: as the user states, or those of ring polymers and their centroids."""
    return options.statistics if isinstance(options, ClassicalTrajectory) else "kubo"


class AnalysisOf(Protocol):
    """Makes the analysis of a sampling."""

    def __call__(self, simulation: Simulation[Any], prepared: Prepared) -> Analysis[Any, Any]: ...


@dataclass(frozen=True)
class TrajectoryWorkflow:
    """The workflow of a given trajectory, which is one run, with the analysis of one sampling."""

    analysis: AnalysisOf

    def run(self, simulation: Simulation[GivenTrajectory], *, progress: Progress) -> Outcome:
        """Correlate the positions."""
        options, watch = simulation.options, Stopwatch()
        given = _trajectory_of(simulation.trajectory, simulation.atoms)
        analysis = self.analysis(simulation, Prepared(given.sites, given.cell, (), {}, {}))
        replica = analyse(
            with_bead_axis(given.displacements),
            options,
            options.seed,
            groups=analysis.groups,
            correlate=analysis.correlate,
            tensors=analysis.tensors,
            progress=progress,
        )
        runs = join_runs(analysis, [replica])
        partials = analysis.partials(
            runs,
            {
                "method": options.METHOD,
                "n_atoms": len(given.symbols),
                "energy_resolution_mev": options.energy_resolution_mev,
                "diffusing": runs.diffusing,
            },
        )
        watch.lap("analysis")
        apart = spread_notices(given, simulation.atoms.get_masses(), simulation.temperature)
        seen = {} if given.temperature_k is None else {"temperature_k": given.temperature_k}
        return Outcome(
            partials,
            (
                *temperature_warnings(seen, simulation.temperature),
                *bead_notices(options.beads, analysis.stiffest_mev, simulation.temperature),
                *apart,
                *analysis.warnings(runs),
            ),
            watch.seconds,
            {"n_atoms": len(given.symbols), "n_frames": given.n_frames, **analysis.findings(runs), **seen},
        )


def spread_notices(given: Trajectory, masses: NDArray[np.float64], temperature: float) -> tuple[Notice, ...]:
    """Return a warning if the beads of ring polymers are farther apart than those of free particles.

    Free particles have ⟨|r − r_c|²⟩ = (1 − 1/P²) ħ²/(4 m k_B T) about their centroid. Every force makes it smaller.

    Parameters
    ----------
    given
        The trajectory.
    masses
        Shape (n_atoms,), u.
    temperature
        Kelvin.
    """
    n_beads = len(with_bead_axis(given.displacements))
    if n_beads == 1:
        return ()
    frames = np.linspace(0, given.n_frames - 1, min(N_SPREAD_FRAMES, given.n_frames)).astype(int)
    sampled = np.asarray(given.displacements[..., frames], dtype=np.float64)
    spread = ((sampled - sampled.mean(axis=0)) ** 2).sum(axis=2).mean(axis=(0, 2))
    free = (1 - 1 / n_beads**2) * RECOIL_MEV_A2_AMU / (2 * masses * BOLTZMANN_MEV_PER_K * temperature)
    ratio = float((spread / free).mean())
    if ratio <= MAX_SPREAD_RATIO:
        return ()
    return (Notice("beads_too_far_apart", {"ratio": ratio, "temperature_k": temperature}),)


def _trajectory_of(given: Trajectory | None, atoms: Atoms) -> Trajectory:
    if given is None or tuple(atoms.get_chemical_symbols()) != given.symbols:
        raise ValueError("the simulation has no trajectory of its structure")
    return given
