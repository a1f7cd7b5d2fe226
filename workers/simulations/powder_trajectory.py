"""The trajectory of a source: a powder, by the analysis of our own runs."""

from __future__ import annotations

from typing import Final

import numpy as np

from scattering.core.quantum import Statistics
from scattering.options.given_trajectory import PowderTrajectory
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.simulations.dynamics import join_runs
from workers.simulations.outcome import Outcome
from workers.simulations.powder_dynamics import PowderAnalysis
from workers.simulations.simulation import Simulation
from workers.simulations.steps.integration import temperature_warnings
from workers.simulations.steps.preparation import Prepared
from workers.simulations.steps.replica import analyse


class _TrajectoryAnalysis(PowderAnalysis):
    @property
    def statistics(self) -> Statistics:
        """Statistics that the user states."""
        options = self.simulation.options
        assert isinstance(options, PowderTrajectory)
        return options.statistics


class TrajectoryWorkflow:
    """The workflow of a given trajectory, which is one run."""

    def run(self, simulation: Simulation[PowderTrajectory], *, progress: Progress) -> Outcome:
        """Correlate the positions."""
        given, options, watch = simulation.trajectory, simulation.options, Stopwatch()
        if given is None or tuple(simulation.atoms.get_chemical_symbols()) != given.symbols:
            raise ValueError("the simulation has no trajectory of its structure")
        analysis = _TrajectoryAnalysis(simulation, Prepared(given.sites, given.cell, (), {}, {}))
        replica = analyse(
            given.displacements[np.newaxis],
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
        seen = {} if given.temperature_k is None else {"temperature_k": given.temperature_k}
        return Outcome(
            partials,
            (*temperature_warnings(seen, simulation.temperature), *analysis.warnings(runs)),
            watch.seconds,
            {"n_atoms": len(given.symbols), "n_frames": given.n_frames, **analysis.findings(runs), **seen},
        )


WORKFLOW: Final = TrajectoryWorkflow()
