"""Molecular dynamics at constant pressure, to find the mean cell of a crystal at a temperature.

References
----------
D. Quigley and M. I. J. Probert, J. Chem. Phys. 120 (2004) 11432 (Langevin dynamics of a cell).
B. Leimkuhler and C. Matthews, J. Chem. Phys. 138 (2013) 174102 (splitting).
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
from workers.engines.mean_cell import find_point_group, is_isotropic, strain_to
from workers.engines.motion import FRICTION_PER_FS, check_finite, set_in_motion
from workers.kit.checkpoint import Checkpoint, Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Report, Workplace

CELL_PERIOD_FS: Final = 500.0
"""Period of the vibration of the cell. It is longer than sound needs for some nanometres, and many fit into a few
ps."""
BULK_MODULUS_STRAIN: Final = 0.005
"""Strain for the bulk modulus: small enough for the harmonic range."""
BULK_MODULUS_RANGE_GPA: Final = (2.0, 500.0)
"""Range of bulk moduli, from soft molecular crystals to diamond. Values of a potential are clipped to it."""
RELATIVE_VOLUME_RANGE: Final = (0.5, 2.0)
"""Range of the volume of a stable crystal, relative to its first volume."""


def bulk_modulus(sites: Atoms, calculator: Calculator) -> float:
    """Return the bulk modulus of a crystal at rest, in eV/Å³, within `BULK_MODULUS_RANGE_GPA`."""
    pressures = []
    for sign in (-1, 1):
        strained = sites.copy()
        strained.calc = calculator
        strained.set_cell(sites.cell.array * (1 + sign * BULK_MODULUS_STRAIN), scale_atoms=True)
        pressures.append(-strained.get_stress(voigt=True)[:3].mean())
    modulus = (pressures[0] - pressures[1]) / (6 * BULK_MODULUS_STRAIN)
    lowest, highest = (limit * units.GPa for limit in BULK_MODULUS_RANGE_GPA)
    return float(np.clip(np.nan_to_num(modulus, nan=lowest), lowest, highest))


def relax_cell(
    sites: Atoms, calculator: Calculator, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report
) -> Atoms:
    """Find the mean cell at a temperature and pressure; see `Engine.relax_cell`.

    A crystal that expands equally in all directions changes only its volume. Any other crystal changes all six
    components of its cell, because its lattice vectors may not lie along its principal axes. The part of the mean cell
    that breaks the symmetry is left out.

    Raises
    ------
    CannotPredict
        The crystal is not stable.
    """
    return _FreeCell(sites, calculator, run, pressure_gpa, workplace, report).finish()


class _FreeCell:
    """A run at constant pressure: equilibration, then the average of the cell. It starts from the best checkpoint."""

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
        self._rotations = find_point_group(sites)
        self._atoms = sites.copy()
        self._atoms.calc = calculator
        self._rng = np.random.default_rng(run.seed)
        self._step, self._sum = 0, np.zeros((3, 3))
        # Only of the composition: another attempt has relaxed the sites again, with other last digits
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
            self._restore(checkpoint)

    def finish(self) -> Atoms:
        """Run the remaining steps, and return the sites strained to the mean cell."""
        settling = max(self._run.equilibration_steps, 1)
        self._report_progress(settling)
        while self._step < 2 * settling:
            self._md.step()
            self._step += 1
            self._check()
            if self._step > settling:
                self._sum += self._atoms.cell.array
            self._report_progress(settling)
            if self._checkpoints.is_due():
                self._save()
        return strain_to(self._sites, self._sum / settling, self._rotations)

    def _integrator(self, pressure_gpa: float) -> LangevinBAOAB:
        isotropic = is_isotropic(self._rotations)
        # Stiffness of the cell: 9 V B for the logarithm of its length, about V B for a component of the strain
        stiffness = (9 if isotropic else 1) * self._sites.get_volume() * bulk_modulus(self._sites, self._atoms.calc)
        return LangevinBAOAB(
            self._atoms,
            self._run.timestep_fs * units.fs,
            temperature_K=self._run.temperature_k,
            externalstress=-pressure_gpa * units.GPa,
            hydrostatic=isotropic,
            T_tau=units.fs / FRICTION_PER_FS,
            P_tau=0.5 * CELL_PERIOD_FS * units.fs,
            P_mass=stiffness * (CELL_PERIOD_FS * units.fs / (2 * math.pi)) ** 2,
            rng=self._rng,
        )

    def _check(self) -> None:
        check_finite(self._atoms)
        lowest, highest = RELATIVE_VOLUME_RANGE
        if not lowest < self._atoms.get_volume() / self._sites.get_volume() < highest:
            raise CannotPredict(Notice("unstable_cell_at_temperature"))

    def _report_progress(self, settling: int) -> None:
        stage = stages.EQUILIBRATE_CELL if self._step < settling else stages.AVERAGE_CELL
        try:
            self._report(stage, self._step / (2 * settling))
        except ShuttingDown:
            self._save()
            raise

    def _save(self) -> None:
        self._checkpoints.try_save(
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

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Restore the variables of the integrator that do not follow from the atoms."""
        self._step, self._sum = checkpoint.step, checkpoint.arrays["sum"]
        for name in ("p_eps", "force_eps"):
            setattr(self._md, name, checkpoint.arrays[name][()])
        self._rng.bit_generator.state = checkpoint.state["generator"]
