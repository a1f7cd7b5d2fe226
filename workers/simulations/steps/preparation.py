"""The common initial state of all replicas: relaxed atoms in the cell of the simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.options.dynamics import Dynamics
from workers import stages
from workers.engines.interface import Engine
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.kit.workplace import Workplace
from workers.simulations.simulation import Simulation
from workers.simulations.steps import harmonic_correction
from workers.simulations.steps.harmonic_correction import HarmonicCorrection
from workers.simulations.steps.integration import replica_run
from workers.simulations.steps.relaxation import relax

MAX_VOLUME_CHANGE = 0.04
"""Relative change above which a warning appears. Most crystals expand less between 0 K and room temperature."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A relaxed crystal.

    Attributes
    ----------
    positions, cell
        Shapes (n_atoms, 3) and (3, 3), Å, of the relaxed repeated cell.
    warnings, findings, seconds
        Warnings for the user, findings, and duration of each part.
    dispersion
        Shape (n_points, n_modes), meV: harmonic phonons along the path of a single crystal; None for a powder.
    correction
        Force constants of the potential, which those of a reference replace; None for the potential alone.
    """

    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    warnings: tuple[Notice, ...]
    findings: dict[str, Any]
    seconds: dict[str, float]
    dispersion: NDArray[np.float64] | None = None
    correction: HarmonicCorrection | None = None

    @classmethod
    def of(cls, loaded: Mapping[str, Any]) -> Prepared:
        """Make it of the mapping that `results.load` returns."""
        objects = {
            "warnings": tuple(map(_stored_warning, loaded["warnings"])),
            "correction": HarmonicCorrection.of(loaded.get("correction")),
        }
        return cls(**{**loaded, **objects})

    def engine(self, simulation: Simulation[Dynamics]) -> Engine:
        """Return the engine of the runs, with the harmonic part of the reference if there is one."""
        if self.correction is None:
            return simulation.engine()
        modify = partial(
            self.correction.wrap,
            reference=simulation.required_reference,
            atoms=self.atoms(simulation),
            repeats=simulation.options.supercell,
            modes=simulation.reference_modes,
        )
        return simulation.engine(modify)

    def supercell(self, simulation: Simulation[Dynamics]) -> Atoms:
        """Return the relaxed supercell."""
        repeated: Atoms = self.atoms(simulation).repeat(simulation.options.supercell)
        return repeated

    def atoms(self, simulation: Simulation[Dynamics]) -> Atoms:
        """Return the relaxed repeated cell."""
        # A copy has the masses of the isotopes
        atoms: Atoms = simulation.atoms.copy()
        atoms.set_cell(self.cell)
        atoms.set_positions(self.positions)
        return atoms


def prepare(
    simulation: Simulation[Dynamics],
    calculator: Calculator,
    *,
    workplace: Workplace,
    progress: Progress,
    until: float = 1.0,
) -> Prepared:
    """Relax the atoms; if the options simulate the cell, find its mean at the temperature.

    Parameters
    ----------
    simulation
        Input of the simulation.
    calculator
        Calculator of the potential.
    workplace
        Folder of the engine.
    progress
        Receives the stages.
    until
        Finished fraction of the job at the end of this step.

    Raises
    ------
    CannotPredict
        The structure is not stable in this potential.
    """
    if simulation.reference is not None:
        return _prepare_correction(simulation, calculator, progress, until)
    watch, options = Stopwatch(), simulation.options
    free = options.cell_is_simulated
    progress.stage(stages.RELAX, until=0.1 * until if free else until)
    relaxed = relax(
        simulation.atoms, calculator, relax_cell=options.relax_cell, cell_stays=not free, update=progress.update
    )
    atoms, findings = (
        relaxed.atoms,
        {"largest_shift_angstrom": relaxed.largest_shift, "pressure_gpa": relaxed.pressure_gpa},
    )
    warnings = relaxed.warnings
    watch.lap("relax")
    if free:
        sites = atoms.repeat(options.supercell)
        report = progress.report_until(until)
        run = replace(replica_run(simulation, 0), equilibration_ps=options.cell_equilibration_ps)
        scaled = simulation.engine().relax_cell(sites, run, options.pressure_gpa, workplace=workplace, report=report)
        grown = np.linalg.solve(sites.cell.array, scaled.cell.array)
        atoms = atoms.copy()
        atoms.set_cell(atoms.cell.array @ grown, scale_atoms=True)
        findings["volume_change"] = float(np.linalg.det(grown) - 1)
        warnings += _volume_warnings(findings["volume_change"])
        # Relaxed positions in the new cell
        atoms = relax(atoms, calculator, relax_cell=False).atoms
        watch.lap("cell")
    return Prepared(atoms.positions, atoms.cell.array, warnings, findings, watch.seconds)


def _prepare_correction(
    simulation: Simulation[Dynamics], calculator: Calculator, progress: Progress, until: float
) -> Prepared:
    """Take cell and sites of the reference, and calculate the force constants of the potential about its own sites."""
    watch = Stopwatch()
    atoms = harmonic_correction.place_in_reference(simulation.atoms, simulation.required_reference)
    progress.stage(stages.RELAX, until=0.3 * until)
    relaxed = relax(atoms, calculator, relax_cell=False, update=progress.update)
    watch.lap("relax")
    progress.stage(stages.DISPLACE_ATOMS, until=until)
    correction = harmonic_correction.force_constants_of_potential(
        simulation, relaxed.atoms, calculator, progress.update
    )
    findings = {
        "largest_shift_angstrom": relaxed.largest_shift,
        "pressure_gpa": relaxed.pressure_gpa,
        "harmonic_correction": harmonic_correction.compare(simulation, atoms, correction),
    }
    watch.lap("force_constants")
    return Prepared(atoms.positions, atoms.cell.array, relaxed.warnings, findings, watch.seconds, correction=correction)


def _stored_warning(stored: Mapping[str, Any] | str) -> Notice:
    """Return a stored warning; jobs that an older version began have sentences."""
    return Notice("text", {"text": stored}) if isinstance(stored, str) else Notice.from_json(stored)


def _volume_warnings(volume_change: float) -> tuple[Notice, ...]:
    if abs(volume_change) < MAX_VOLUME_CHANGE:
        return ()
    return (Notice("large_volume_change", {"relative_change": volume_change}),)
