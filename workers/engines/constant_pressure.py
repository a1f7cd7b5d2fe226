"""Molecular dynamics at constant pressure, to find the cell that a crystal has at a temperature.

References
----------
D. Quigley and M. I. J. Probert, J. Chem. Phys. 120 (2004) 11432 (Langevin dynamics of a cell).
B. Leimkuhler and C. Matthews, J. Chem. Phys. 138 (2013) 174102 (the splitting).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.langevinbaoab import LangevinBAOAB

from scattering.core.notices import Notice
from workers import stages
from workers.engines.interface import Run
from workers.engines.mean_cell import is_isotropic, point_group, scaled_to
from workers.engines.motion import FRICTION_PER_FS, check_together, set_in_motion
from workers.kit.checkpoint import Checkpoint, Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Report, Workplace

PERIOD_FS: Final = 500.0
"""Of the cell's own vibration: slower than sound crosses some nanometres, and many of them fit into a few ps."""
STRAIN: Final = 0.005
"""By which all lengths are changed to see how stiff the crystal is, before it is anharmonic."""
STIFFNESS_GPA: Final = (2.0, 500.0)
"""What a bulk modulus can be, between soft molecular crystals and diamond; a potential can be off."""
VOLUMES: Final = (0.5, 2.0)
"""Shares of its volume that a crystal may take."""


def bulk_modulus(sites: Atoms, calculator: Calculator) -> float:
    """eV/Å³, of the crystal at rest; within what one can be."""
    pressures = []
    for sign in (-1, 1):
        strained = sites.copy()
        strained.calc = calculator
        strained.set_cell(sites.cell.array * (1 + sign * STRAIN), scale_atoms=True)
        pressures.append(-strained.get_stress(voigt=True)[:3].mean())
    modulus = (pressures[0] - pressures[1]) / (6 * STRAIN)
    lowest, highest = (limit * units.GPa for limit in STIFFNESS_GPA)
    return float(np.clip(np.nan_to_num(modulus, nan=lowest), lowest, highest))


def relax_cell(
    sites: Atoms, calculator: Calculator, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report
) -> Atoms:
    """Let the cell find its mean size and shape at a temperature and pressure, as `Engine.relax_cell` says.

    A crystal that expands alike in all directions has only its volume free. Any other has all six of its cell's
    components free: lengths alone would not do for one whose lattice vectors are not along its principal axes. What
    of the mean its symmetry forbids is left out.

    Raises
    ------
    CannotPredict
        The crystal falls apart.
    """
    return _FreeCell(sites, calculator, run, pressure_gpa, workplace, report).finish()


class _FreeCell:
    """A crystal under pressure: it settles, then its cell is averaged. Made, it stands where an earlier attempt did."""

    def __init__(
        self,
        sites: Atoms,
        calculator: Calculator,
        run: Run,
        pressure_gpa: float,
        workplace: Workplace,
        report: Report,
    ) -> None:
        self._sites, self._run, self._report = sites, run, report
        self._rotations = point_group(sites)
        self._atoms = sites.copy()
        self._atoms.calc = calculator
        self._rng = np.random.default_rng(run.seed)
        self._step, self._sum = 0, np.zeros((3, 3))
        # Of the composition alone: whoever goes on has relaxed the sites anew, which ends elsewhere in the last digits
        self._checkpoints = Checkpoints(
            workplace, "cell", fingerprint=fingerprint(Atoms(numbers=sites.numbers), run, pressure_gpa)
        )
        checkpoint = self._checkpoints.load()
        if checkpoint is None:
            set_in_motion(self._atoms, run.temperature_k, self._rng)
        else:
            self._atoms.set_cell(checkpoint.arrays["cell"])
            self._atoms.positions = checkpoint.arrays["positions"]
            self._atoms.set_momenta(checkpoint.arrays["momenta"])
        self._md = self._integrator(pressure_gpa)
        if checkpoint is not None:
            self._take_over(checkpoint)

    def finish(self) -> Atoms:
        """Run what is left to be run, and give the sites the mean cell."""
        settling = max(self._run.equilibration_steps, 1)
        self._tell(settling)
        while self._step < 2 * settling:
            self._md.step()
            self._step += 1
            self._check()
            if self._step > settling:
                self._sum += self._atoms.cell.array
            self._tell(settling)
            if self._checkpoints.due():
                self._save()
        return scaled_to(self._sites, self._sum / settling, self._rotations)

    def _integrator(self, pressure_gpa: float) -> LangevinBAOAB:
        isotropic = is_isotropic(self._rotations)
        # The cell's vibration: 9 V B of a volume's logarithmic length, about V B of a strain's component
        stiffness = (9 if isotropic else 1) * self._sites.get_volume() * bulk_modulus(self._sites, self._atoms.calc)
        return LangevinBAOAB(
            self._atoms,
            self._run.timestep_fs * units.fs,
            temperature_K=self._run.temperature_k,
            externalstress=-pressure_gpa * units.GPa,
            hydrostatic=isotropic,
            T_tau=units.fs / FRICTION_PER_FS,
            P_tau=0.5 * PERIOD_FS * units.fs,
            P_mass=stiffness * (PERIOD_FS * units.fs / (2 * math.pi)) ** 2,
            rng=self._rng,
        )

    def _check(self) -> None:
        check_together(self._atoms)
        lowest, highest = VOLUMES
        if not lowest < self._atoms.get_volume() / self._sites.get_volume() < highest:
            raise CannotPredict(Notice("unstable_cell_at_temperature"))

    def _tell(self, settling: int) -> None:
        stage = stages.EQUILIBRATE_CELL if self._step < settling else stages.AVERAGE_CELL
        try:
            self._report(stage, self._step / (2 * settling))
        except ShuttingDown:
            self._save()
            raise

    def _save(self) -> None:
        self._checkpoints.keep(
            self._step,
            {
                "positions": self._atoms.positions,
                "momenta": self._atoms.get_momenta(),
                "cell": self._atoms.cell.array,
                "sum": self._sum,
                "p_eps": np.asarray(self._md.p_eps),
                "force_eps": np.asarray(self._md.force_eps),
            },
            {"generator": self._rng.bit_generator.state},
        )

    def _take_over(self, checkpoint: Checkpoint) -> None:
        """Give the integrator back what it does not work out from the atoms."""
        self._step, self._sum = checkpoint.step, checkpoint.arrays["sum"]
        for name in ("p_eps", "force_eps"):
            setattr(self._md, name, checkpoint.arrays[name][()])
        self._rng.bit_generator.state = checkpoint.state["generator"]
