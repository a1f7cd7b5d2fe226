"""Molecular dynamics of a single crystal: correlations at k + G, and the harmonic dispersion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from ase.calculators.calculator import Calculator
from euphonic import ForceConstants
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.crystal import correlation as crystal_correlation
from scattering.crystal import harmonic as crystal_harmonic
from scattering.crystal.partials import CrystalPartials, scattering_vectors
from scattering.crystal.path import BrillouinZone, brillouin_zone
from scattering.crystal.protocol import DISPLACEMENT_ANGSTROM, missing_segments
from scattering.options.path import PathDynamics
from scattering.simulate import powder
from scattering.simulate.force_constants import to_force_constants
from workers import stages
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.kit.workplace import Workplace
from workers.simulations.dynamics import Analysis, DynamicsWorkflow, Runs
from workers.simulations.path_analysis import CrystalSpectra, Target, correlate
from workers.simulations.simulation import Simulation
from workers.simulations.species import atom_types
from workers.simulations.steps import preparation
from workers.simulations.steps.force_constants import displace
from workers.simulations.steps.preparation import Prepared

PathRuns = Runs[CrystalSpectra]


def _symmetry(simulation: Simulation[PathDynamics]) -> BrillouinZone:
    atoms = simulation.atoms
    return brillouin_zone(cell=atoms.cell.array, positions=atoms.positions, numbers=atom_types(atoms))


class PathAnalysis(Analysis[PathDynamics, CrystalSpectra]):
    """Analysis of F(k + G, t) along a path."""

    SPECTRA = CrystalSpectra

    def __init__(self, simulation: Simulation[PathDynamics], prepared: Prepared) -> None:
        super().__init__(simulation, prepared)
        symmetry, cell = self.crystal()
        self._lines = simulation.options.lines(symmetry)
        self._path = simulation.options.sample_path(self._lines, cell)
        zones = np.array(simulation.options.zones, dtype=np.int64)
        reached = np.linalg.norm(scattering_vectors(cell, self._path.wave_vectors, zones), axis=-1).max()
        self._target = Target(
            symmetry=symmetry,
            cell=cell,
            sites=self.sites.positions,
            groups=tuple(self.groups.values()),
            wave_vectors=self._path.wave_vectors,
            zones=zones,
            q=powder.shells(float(reached)),
            highest_energy=self.highest_mev,
        )

    def crystal(self) -> tuple[BrillouinZone, NDArray[np.float64]]:
        """Return the Brillouin zone, and the cell whose reciprocal lattice units wave vectors have, in Å."""
        return _symmetry(self.simulation), self.prepared.cell

    def correlate(self, stretch: NDArray[np.float32], *, seed: int, update: Callable[[float], None]) -> CrystalSpectra:
        return correlate(stretch, self._target, options=self.simulation.options, seed=seed, update=update)

    def tensors(self, displacements: NDArray[np.float32]) -> NDArray[np.float64]:
        rotations = self._target.symmetry.rotations_cartesian
        of_species = [
            crystal_correlation.mean_square_displacements(displacements, group, rotations)
            for group in self._target.groups
        ]
        return np.array(of_species)

    def partials(self, runs: PathRuns, metadata: dict[str, Any]) -> CrystalPartials:
        target, path = self._target, self._path
        dispersion_distance, dispersion = self.dispersion(target.cell)
        coherent = np.array([spectra.coherent for spectra in runs.spectra])
        incoherent = np.array([spectra.incoherent for spectra in runs.spectra])
        several = len(runs.spectra) > 1
        return CrystalPartials(
            cell=target.cell,
            wave_vectors=path.wave_vectors,
            distance=path.distance,
            labels=path.labels,
            ticks=path.ticks,
            zones=target.zones,
            energy=runs.spectra[0].energy,
            species=tuple(self.groups),
            concentration=np.array([len(group) / len(target.sites) for group in target.groups]),
            coherent=coherent.mean(axis=0),
            q=target.q,
            incoherent=incoherent.mean(axis=0),
            displacements=np.mean([one.tensors for one in runs.replicas if one.tensors is not None], axis=0),
            dispersion_distance=dispersion_distance,
            dispersion=dispersion,
            temperature=self.simulation.temperature,
            statistics=self.statistics,
            metadata=metadata,
            coherent_runs=coherent if several else None,
            incoherent_runs=incoherent if several else None,
        )

    def dispersion(self, cell: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return harmonic phonons along the path: distances in Å⁻¹, (n_fine,), and energies in meV, (n_fine, n_modes).

        Parameters
        ----------
        cell
            Shape (3, 3), Å: the cell of the wave vectors.
        """
        fine = self.simulation.options.sample_dispersion(self._lines, cell)
        return fine.distance, self._prepared_dispersion

    @property
    def _prepared_dispersion(self) -> NDArray[np.float64]:
        assert self.prepared.dispersion is not None
        return self.prepared.dispersion

    @property
    def stiffest_mev(self) -> float:
        return float(self._prepared_dispersion.max())

    def warnings(self, runs: PathRuns) -> tuple[Notice, ...]:
        found = []
        if missing := missing_segments(self._lines, self.simulation.options.repeats):
            found.append(Notice("segments_with_few_waves", {"segments": list(missing)}))
        if runs.diffusing:
            found.append(Notice("no_debye_waller_factor", {"species": runs.diffusing}))
        return tuple(found)

    def findings(self, runs: PathRuns) -> dict[str, Any]:
        return {"n_wave_vectors": len(self._path.wave_vectors), **self.dispersion_findings()}

    def dispersion_findings(self) -> dict[str, Any]:
        """Return the range of the harmonic phonons."""
        dispersion = self._prepared_dispersion
        return {"lowest_energy_mev": float(dispersion.min()), "highest_energy_mev": float(dispersion.max())}


class _PathWorkflow(DynamicsWorkflow[PathDynamics, CrystalSpectra]):
    """The workflow of a path, with harmonic phonons."""

    def prepare(self, simulation: Simulation[PathDynamics], *, workplace: Workplace, progress: Progress) -> Prepared:
        """Relax the crystal, and calculate its harmonic dispersion along the path."""
        calculator, options = simulation.calculator(), simulation.options
        prepared = preparation.prepare(simulation, calculator, workplace=workplace, progress=progress, until=0.5)
        watch = Stopwatch()
        progress.stage(stages.DISPLACE_ATOMS, until=1.0)
        force_constants = _force_constants(simulation, prepared, calculator, progress)
        fine = options.sample_dispersion(options.lines(_symmetry(simulation)), prepared.cell)
        dispersion = crystal_harmonic.dispersion(force_constants, prepared.cell, fine)
        watch.lap("force_constants")
        return replace(prepared, dispersion=dispersion, seconds={**prepared.seconds, **watch.seconds})


def _force_constants(
    simulation: Simulation[PathDynamics], prepared: Prepared, calculator: Calculator, progress: Progress
) -> ForceConstants:
    """Return the force constants of the reference if there is one, or those of the potential."""
    if simulation.reference is not None:
        return to_force_constants(simulation.reference)
    return displace(
        prepared.atoms(simulation),
        calculator,
        labels=simulation.labels,
        supercell=simulation.options.force_constant_supercell,
        distance=DISPLACEMENT_ANGSTROM,
        update=progress.update,
    ).force_constants


WORKFLOW: Final = _PathWorkflow(PathAnalysis)
