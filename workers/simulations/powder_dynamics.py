"""Molecular dynamics of a powder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.core.partials import Partials
from scattering.options.dynamics import PowderDynamics
from scattering.simulate import correlation
from scattering.simulate.protocol import time_scales
from workers.simulations.dynamics import Analysis, DynamicsWorkflow, Runs
from workers.simulations.powder_analysis import correlate

PowderRuns = Runs[correlation.Spectra]


class PowderAnalysis(Analysis[PowderDynamics, correlation.Spectra]):
    """Analysis of F(q, t), averaged over all directions."""

    SPECTRA = correlation.Spectra

    def correlate(
        self, stretch: NDArray[np.float32], *, seed: int, update: Callable[[float], None]
    ) -> correlation.Spectra:
        return correlate(
            stretch,
            sites=self.sites.positions,
            cell=self.sites.cell.array,
            groups=list(self.groups.values()),
            options=self.simulation.options,
            seed=seed,
            highest_energy=self.highest_mev,
            update=update,
        )

    def partials(self, runs: PowderRuns, metadata: dict[str, Any]) -> Partials:
        n_replicas, options = len(runs.replicas), self.simulation.options
        of_segments = "segments of one run" if len(runs.spectra) > 1 else None
        return correlation.classical_partials(
            runs.spectra,
            q=options.q_bins,
            concentration={label: len(atoms) / len(self.sites) for label, atoms in self.groups.items()},
            # At constant energy, the mean temperature of a finite system differs a little from the requested one
            temperature=self.simulation.temperature,
            statistics=self.statistics,
            metadata={
                **metadata,
                "replicas": n_replicas,
                "runs_are": "replicas" if n_replicas > 1 else of_segments,
                "correlation_ps": options.correlation_ps,
                "mean_square_displacement_angstrom2": {
                    label: mobility.fluctuation for label, mobility in runs.mobilities.items()
                },
            },
        )

    @property
    def stiffest_mev(self) -> float:
        return time_scales(self.sites.numbers).typical_mev

    def warnings(self, runs: PowderRuns) -> tuple[Notice, ...]:
        found, n_runs = [], len(runs.spectra)
        if runs.diffusing:
            resolution = self.simulation.options.energy_resolution_mev
            found.append(Notice("species_left_sites", {"species": runs.diffusing, "energy_resolution_mev": resolution}))
        if len(runs.replicas) == 1:
            alone = Notice("error_of_one_run") if n_runs == 1 else Notice("error_of_segments", {"n_segments": n_runs})
            found.append(alone)
        return tuple(found)

    def findings(self, runs: PowderRuns) -> dict[str, Any]:
        return {
            "msd_angstrom2": {label: mobility.displacement for label, mobility in runs.mobilities.items()},
            "diffusion_angstrom2_per_ps": {label: runs.mobilities[label].diffusion for label in runs.diffusing},
        }


WORKFLOW: Final = DynamicsWorkflow(PowderAnalysis)
