"""The trajectory of a source: a powder."""

from __future__ import annotations

from typing import Final

from scattering.core.quantum import Statistics
from scattering.options.given_trajectory import PowderGivenTrajectory
from workers.simulations.powder_dynamics import PowderAnalysis
from workers.simulations.trajectory import TrajectoryWorkflow, statistics_of


class _GivenAnalysis(PowderAnalysis):
    @property
    def statistics(self) -> Statistics:
        options = self.simulation.options
        assert isinstance(options, PowderGivenTrajectory)
        return statistics_of(options)


WORKFLOW: Final = TrajectoryWorkflow(_GivenAnalysis)
