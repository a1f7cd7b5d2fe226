"""Relax a structure with a potential before anything is simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict

FORCE_TOLERANCE = 1e-3
"""eV/Å. A residual force f shifts an atom by f/k, here under 1e-3 Å even for the softest modes that matter."""
MAX_STEPS = 500
LARGE_SHIFT = 0.3
"""Å. Thermal motion at room temperature; an atom that relaxes farther is not where the user put it."""
LARGE_PRESSURE_GPA = 2.0


class CannotRelax(CannotPredict):
    """The potential does not hold the structure together."""


@dataclass(frozen=True)
class Relaxed:
    """A relaxed structure.

    Attributes
    ----------
    atoms
        With the calculator attached.
    largest_shift
        Å, without the drift of the whole.
    pressure_gpa
        What the potential would need to keep this cell: negative where it wants to shrink.
    warnings
        What the user should know.
    """

    atoms: Atoms
    largest_shift: float
    pressure_gpa: float
    warnings: tuple[Notice, ...]


def relax(
    atoms: Atoms,
    calculator: Calculator,
    *,
    relax_cell: bool,
    cell_stays: bool = True,
    update: Callable[[float], None] = lambda _: None,
) -> Relaxed:
    """Relax the atoms, in the cell as it is or with it.

    Parameters
    ----------
    atoms, calculator
        The structure and its potential.
    relax_cell
        Whether the cell is free.
    cell_stays
        Whether what follows runs in this cell; else nobody is warned of the pressure in it.
    update
        Called with the share that is done.

    Raises
    ------
    CannotRelax
        Forces are not finite, or the structure falls apart.
    """
    relaxed = atoms.copy()
    relaxed.calc = calculator
    target: Any = FrechetCellFilter(relaxed) if relax_cell else relaxed
    optimiser = BFGS(target, logfile=None)
    volume, finished = atoms.get_volume(), False
    for step, converged in enumerate(optimiser.irun(fmax=FORCE_TOLERANCE, steps=MAX_STEPS)):
        finished = bool(converged)
        update(1 - 1 / (1 + step / 20))
        forces = relaxed.get_forces()
        if not np.isfinite(forces).all() or not np.isfinite(relaxed.positions).all():
            raise CannotRelax(Notice("forces_not_finite"))
        if not 0.5 < relaxed.get_volume() / volume < 2:
            raise CannotRelax(Notice("unstable_cell"))
    shift = relaxed.get_scaled_positions(wrap=False) - atoms.get_scaled_positions(wrap=False)
    shift = (shift - shift.mean(axis=0)) @ atoms.cell.array
    largest = float(np.linalg.norm(shift, axis=1).max())
    pressure = float(-relaxed.get_stress(voigt=True)[:3].mean() / units.GPa)
    warnings = []
    if not finished:
        residual = float(np.linalg.norm(relaxed.get_forces(), axis=1).max())
        warnings.append(Notice("relaxation_not_converged", {"force_ev_per_angstrom": residual}))
    if largest > LARGE_SHIFT:
        warnings.append(Notice("large_relaxation_shift", {"shift_angstrom": largest}))
    if cell_stays and not relax_cell and abs(pressure) > LARGE_PRESSURE_GPA:
        warnings.append(Notice("cell_under_pressure", {"pressure_gpa": pressure}))
    return Relaxed(relaxed, largest, pressure, tuple(warnings))
