"""The mean cell of a crystal of ring polymers at a temperature and pressure.

References
----------
M. Ceriotti, J. More and D. E. Manolopoulos, Comput. Phys. Commun. 185, 1019 (2014) (i-PI and its barostats).
G. Bussi, T. Zykova-Timan and M. Parrinello, J. Chem. Phys. 130, 074101 (2009) (barostat of the volume).
G. J. Martyna, A. Hughes and M. E. Tuckerman, J. Chem. Phys. 110, 3275 (1999) (barostat of the cell).
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
from workers.engines.constant_pressure import CELL_PERIOD_FS, RELATIVE_VOLUME_RANGE, bulk_modulus
from workers.engines.i_pi.polymers import Barostat, RingPolymers
from workers.engines.interface import Run
from workers.engines.mean_cell import find_point_group, is_isotropic, strain_to
from workers.kit.checkpoint import Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Report, Workplace


def relax_cell(
    sites: Atoms, calculator: Calculator, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report
) -> Atoms:
    """Find the mean cell; see `Engine.relax_cell`.

    A crystal that expands equally in all directions changes only its volume, any other all six components of its cell.

    Raises
    ------
    CannotPredict
        The crystal is not stable.
    """
    rotations = find_point_group(sites)
    turned = sites.copy()
    turned.set_cell(sites.cell.standard_form()[0], scale_atoms=True)
    settling, step, total = max(run.equilibration_steps, 1), 0, np.zeros((3, 3))

    def report_progress() -> None:
        report(stages.EQUILIBRATE_CELL if step < settling else stages.AVERAGE_CELL, step / (2 * settling))

    polymers = RingPolymers(
        turned,
        calculator,
        temperature_k=run.temperature_k,
        timestep_fs=run.timestep_fs,
        n_beads=run.n_beads,
        seed=run.seed,
        barostat=_barostat(turned, calculator, run.temperature_k, pressure_gpa, isotropic=is_isotropic(rotations)),
        on_forces=report_progress,
    )
    # Only of the composition: another attempt has relaxed the sites again, with other last digits
    checkpoints = Checkpoints(
        workplace, "cell", fingerprint=fingerprint(Atoms(numbers=sites.numbers), run, pressure_gpa)
    )
    if (checkpoint := checkpoints.load()) is not None:
        step, total = checkpoint.step, checkpoint.arrays["total"]
        polymers.restore(checkpoint.arrays)
    whole = polymers.state()

    def save(arrays: dict[str, NDArray[Any]]) -> None:
        checkpoints.try_save(step, {**arrays, "total": total}, {})

    while step < 2 * settling:
        try:
            polymers.step()
        except ShuttingDown:
            save(whole)
            raise
        whole, step = polymers.state(), step + 1
        lowest, highest = RELATIVE_VOLUME_RANGE
        if not lowest < abs(np.linalg.det(polymers.cell)) / sites.get_volume() < highest:
            raise CannotPredict(Notice("unstable_cell_at_temperature"))
        if step > settling:
            total = total + polymers.cell
        if checkpoints.is_due():
            save(whole)
    return strain_to(sites, total / settling, rotations)


def _barostat(
    sites: Atoms, calculator: Calculator, temperature_k: float, pressure_gpa: float, *, isotropic: bool
) -> Barostat:
    """Return a barostat with which the vibration of the cell has the same period as in classical runs.

    In i-PI, the logarithm of the length of a volume has the energy 9VB/2 and the mass 3Nk_BTτ². A component of the
    strain has an energy of about VB/2 and a third of this mass.
    """
    stiffness = (9 if isotropic else 1) * sites.get_volume() * bulk_modulus(sites, calculator)
    mass = (3 if isotropic else 1) * len(sites) * units.kB * temperature_k
    tau = CELL_PERIOD_FS / (2 * math.pi) * math.sqrt(stiffness / mass)
    return Barostat("isotropic" if isotropic else "flexible", pressure_gpa, tau, CELL_PERIOD_FS / 2)
