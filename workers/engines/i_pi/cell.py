"""The cell that a crystal of ring polymers has at a temperature and pressure.

References
----------
M. Ceriotti, J. More and D. E. Manolopoulos, Comput. Phys. Commun. 185, 1019 (2014) (i-PI and its barostats).
G. Bussi, T. Zykova-Timan and M. Parrinello, J. Chem. Phys. 130, 074101 (2009) (of a volume).
G. J. Martyna, A. Hughes and M. E. Tuckerman, J. Chem. Phys. 110, 3275 (1999) (of a cell).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.notices import Notice
from workers import stages
from workers.engines.constant_pressure import PERIOD_FS, VOLUMES, bulk_modulus
from workers.engines.i_pi.polymers import Barostat, RingPolymers
from workers.engines.interface import Run
from workers.engines.mean_cell import is_isotropic, point_group, scaled_to
from workers.kit.checkpoint import Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Report, Workplace


def relax_cell(
    sites: Atoms, calculator: Calculator, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report
) -> Atoms:
    """Let the cell find its mean size and shape, as `Engine.relax_cell` says.

    A crystal that expands alike in all directions has only its volume free, any other all six components of its cell.

    Raises
    ------
    CannotPredict
        The crystal falls apart.
    """
    rotations = point_group(sites)
    turned = sites.copy()
    turned.set_cell(sites.cell.standard_form()[0], scale_atoms=True)
    settling, step, total = max(run.equilibration_steps, 1), 0, np.zeros((3, 3))

    def alive() -> None:
        report(stages.EQUILIBRATE_CELL if step < settling else stages.AVERAGE_CELL, step / (2 * settling))

    polymers = RingPolymers(
        turned,
        calculator,
        temperature_k=run.temperature_k,
        timestep_fs=run.timestep_fs,
        n_beads=run.n_beads,
        seed=run.seed,
        barostat=_barostat(turned, calculator, run.temperature_k, pressure_gpa, isotropic=is_isotropic(rotations)),
        alive=alive,
    )
    # Of the composition alone: whoever goes on has relaxed the sites anew, which ends elsewhere in the last digits
    checkpoints = Checkpoints(
        workplace, "cell", fingerprint=fingerprint(Atoms(numbers=sites.numbers), run, pressure_gpa)
    )
    if (found := checkpoints.load()) is not None:
        step, total = found.step, found.arrays["total"]
        polymers.restore(found.arrays)
    whole = polymers.state()

    def save(arrays: dict[str, NDArray[Any]]) -> None:
        checkpoints.keep(step, {**arrays, "total": total}, {})

    while step < 2 * settling:
        try:
            polymers.step()
        except ShuttingDown:
            save(whole)
            raise
        whole, step = polymers.state(), step + 1
        lowest, highest = VOLUMES
        if not lowest < abs(np.linalg.det(polymers.cell)) / sites.get_volume() < highest:
            raise CannotPredict(Notice("unstable_cell_at_temperature"))
        if step > settling:
            total = total + polymers.cell
        if checkpoints.due():
            save(whole)
    return scaled_to(sites, total / settling, rotations)


def _barostat(
    sites: Atoms, calculator: Calculator, temperature_k: float, pressure_gpa: float, *, isotropic: bool
) -> Barostat:
    """A barostat under which the cell's own vibration has the same period as in classical runs.

    i-PI gives a volume's logarithmic length, of which the energy is 9VB/2, the mass 3Nk_BTτ², and a strain's component,
    of which it is about VB/2, a third of that.
    """
    stiffness = (9 if isotropic else 1) * sites.get_volume() * bulk_modulus(sites, calculator)
    mass = (3 if isotropic else 1) * len(sites) * units.kB * temperature_k
    tau = PERIOD_FS / (2 * math.pi) * math.sqrt(stiffness / mass)
    return Barostat("isotropic" if isotropic else "flexible", pressure_gpa, tau, PERIOD_FS / 2)
