"""The trajectory of a source: a single crystal along a path, in the Brillouin zone of the unit cell that it repeats."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.quantum import Statistics
from scattering.crystal.path import BrillouinZone, brillouin_zone
from scattering.crystal.unit_cell import unit_cell_of
from scattering.options.given_trajectory import PathGivenTrajectory
from scattering.simulate.protocol import time_scales
from workers.simulations.path_dynamics import PathAnalysis
from workers.simulations.species import atom_types
from workers.simulations.trajectory import TrajectoryWorkflow, statistics_of


class _GivenAnalysis(PathAnalysis):
    """Analysis without forces, and so without harmonic phonons."""

    @property
    def _options(self) -> PathGivenTrajectory:
        options = self.simulation.options
        assert isinstance(options, PathGivenTrajectory)
        return options

    @property
    def statistics(self) -> Statistics:
        return statistics_of(self._options)

    def crystal(self) -> tuple[BrillouinZone, NDArray[np.float64]]:
        types = atom_types(self.simulation.atoms)
        # The cell of the mean positions, as the options had it
        unit = unit_cell_of(
            self._options.unit_cells, cell=self.sites.cell.array, positions=self.sites.positions, types=types
        )
        zone = brillouin_zone(
            cell=unit.cell, positions=unit.positions, numbers=types[unit.atoms], tolerance=unit.symmetry_tolerance
        )
        return zone, unit.cell

    def dispersion(self, cell: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.empty(0), np.empty((0, 0))

    @property
    def stiffest_mev(self) -> float:
        return time_scales(self.sites.numbers).typical_mev

    def dispersion_findings(self) -> dict[str, Any]:
        return {}


WORKFLOW: Final = TrajectoryWorkflow(_GivenAnalysis)
