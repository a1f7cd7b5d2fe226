"""What all replicas begin with: the atoms relaxed, in the cell that they are to have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.options.dynamics import Dynamics
from workers import stages
from workers.kit.progress import Progress
from workers.kit.stopwatch import Stopwatch
from workers.kit.workplace import Workplace
from workers.simulations.simulation import Simulation
from workers.simulations.steps.integration import run_of
from workers.simulations.steps.relaxation import relax

LARGE_VOLUME_CHANGE = 0.04
"""Most crystals grow by less from rest to room temperature."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A crystal at rest.

    Attributes
    ----------
    positions, cell
        Shapes (n_atoms, 3) and (3, 3), Å, of the relaxed cell that is repeated.
    warnings, findings, seconds
        What the user should know, what was found, and how long each part took.
    dispersion
        Shape (n_points, n_modes), meV: harmonic, along the path of a single crystal; None for a powder.
    """

    positions: NDArray[np.float64]
    cell: NDArray[np.float64]
    warnings: tuple[Notice, ...]
    findings: dict[str, Any]
    seconds: dict[str, float]
    dispersion: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, loaded: Mapping[str, Any]) -> Prepared:
        """Make it from what `results.load` returns."""
        return cls(**{**loaded, "warnings": tuple(map(_stored_warning, loaded["warnings"]))})

    def supercell(self, simulation: Simulation[Dynamics]) -> Atoms:
        """The atoms that replicas run, at rest."""
        repeated: Atoms = self.atoms(simulation).repeat(simulation.options.supercell)
        return repeated

    def atoms(self, simulation: Simulation[Dynamics]) -> Atoms:
        """The cell that is repeated."""
        return Atoms(numbers=simulation.atoms.numbers, positions=self.positions, cell=self.cell, pbc=True)


def prepare(
    simulation: Simulation[Dynamics],
    calculator: Calculator,
    *,
    workplace: Workplace,
    progress: Progress,
    until: float = 1.0,
) -> Prepared:
    """Relax the atoms, and let the cell find its mean at the temperature where that is wished for.

    Parameters
    ----------
    simulation
        What is to be simulated.
    calculator
        Its forces.
    workplace
        Where an engine works.
    progress
        Told the stages.
    until
        Share of the job's work at which this ends.

    Raises
    ------
    CannotPredict
        The potential does not hold the structure.
    """
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
        run = replace(run_of(simulation, 0), equilibration_ps=options.cell_equilibration_ps)
        scaled = simulation.engine().relax_cell(sites, run, options.pressure_gpa, workplace=workplace, report=report)
        grown = np.linalg.solve(sites.cell.array, scaled.cell.array)
        atoms = atoms.copy()
        atoms.set_cell(atoms.cell.array @ grown, scale_atoms=True)
        findings["volume_change"] = float(np.linalg.det(grown) - 1)
        warnings += _volume_warnings(findings["volume_change"])
        # Where the atoms rest in the cell that they are now given
        atoms = relax(atoms, calculator, relax_cell=False).atoms
        watch.lap("cell")
    return Prepared(atoms.positions, atoms.cell.array, warnings, findings, watch.seconds)


def _stored_warning(stored: Mapping[str, Any] | str) -> Notice:
    """Return a warning of a prepared crystal; of a job that an older version began, it is a sentence."""
    return Notice("text", {"text": stored}) if isinstance(stored, str) else Notice.from_json(stored)


def _volume_warnings(volume_change: float) -> tuple[Notice, ...]:
    if abs(volume_change) < LARGE_VOLUME_CHANGE:
        return ()
    return (Notice("large_volume_change", {"relative_change": volume_change}),)
