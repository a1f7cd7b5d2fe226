"""Relaxation of a structure before its simulation."""

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
"""eV/Å. A residual force f shifts an atom by f/k, here less than 1e-3 Å even for soft modes."""
MAX_STEPS = 500
MAX_SHIFT_ANGSTROM = 0.3
"""Shift above which a warning appears: a typical thermal displacement at room temperature."""
MAX_PRESSURE_GPA = 2.0
"""Pressure in a kept cell above which a warning appears."""


class CannotRelax(CannotPredict):
    """The structure is not stable in this potential."""


@dataclass(frozen=True)
class Relaxed:
    """A relaxed structure.

    Attributes
    ----------
    atoms
        Atoms with their calculator.
    largest_shift
        Largest shift of an atom, without the common drift, Å.
    pressure_gpa
        Pressure at which the potential would have this cell; negative if the relaxed cell would be smaller.
    warnings
        Warnings for the user.
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
    """Relax the atoms, with a fixed or a free cell.

    Parameters
    ----------
    atoms, calculator
        The structure and its potential.
    relax_cell
        Whether the cell is relaxed, too.
    cell_stays
        Whether the simulation uses this cell. If not, its pressure causes no warning.
    update
        Called with the finished fraction.

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
    if largest > MAX_SHIFT_ANGSTROM:
        warnings.append(Notice("large_relaxation_shift", {"shift_angstrom": largest}))
    if cell_stays and not relax_cell and abs(pressure) > MAX_PRESSURE_GPA:
        warnings.append(Notice("cell_under_pressure", {"pressure_gpa": pressure}))
    return Relaxed(relaxed, largest, pressure, tuple(warnings))
