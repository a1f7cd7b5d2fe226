"""Molecular dynamics by the integrators of ASE, with any of its calculators. It can be resumed from any step.

References
----------
E. Vanden-Eijnden and G. Ciccotti, Chem. Phys. Lett. 429 (2006) 310 (Langevin).
G. Bussi, D. Donadio and M. Parrinello, J. Chem. Phys. 126 (2007) 014101 (velocity rescaling).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.bussi import Bussi
from ase.md.langevin import Langevin
from ase.md.md import MolecularDynamics
from ase.md.velocitydistribution import Stationary
from ase.md.verlet import VelocityVerlet

from scattering.core.notices import Notice
from workers import stages
from workers.engines import constant_pressure
from workers.engines.displacement_file import DisplacementFile
from workers.engines.interface import Run, Trajectory
from workers.engines.motion import FRICTION_PER_FS, check_finite, degrees_of_freedom, set_in_motion, temperature
from workers.kit.checkpoint import Checkpoint, Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.trial import Trial
from workers.kit.workplace import Report, Workplace

VELOCITY_RESCALING_FS: Final = 1000.0
"""Time constant of velocity rescaling in the production. It acts on the total kinetic energy, slower than
vibrations."""


class AseDynamics:
    """Engine that runs replicas in this process.

    Parameters
    ----------
    calculator
        Calculator of the forces.
    """

    def __init__(self, calculator: Calculator) -> None:
        self._calculator = calculator

    def run(self, sites: Atoms, run: Run, *, workplace: Workplace, report: Report) -> Trajectory:
        """Run molecular dynamics; see `Engine.run`."""
        if run.n_beads != 1:
            raise CannotPredict(Notice("no_path_integrals"))
        return _Replica(sites, self._calculator, run, workplace, report).finish()

    def relax_cell(self, sites: Atoms, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report) -> Atoms:
        """Find the mean cell; see `Engine.relax_cell`."""
        return constant_pressure.relax_cell(
            sites, self._calculator, run, pressure_gpa, workplace=workplace, report=report
        )


class _Replica:
    """A replica with its progress and its sums. It starts from the best checkpoint."""

    def __init__(self, sites: Atoms, calculator: Calculator, run: Run, workplace: Workplace, report: Report) -> None:
        self._run, self._report, self._folder = run, report, workplace.folder
        self._atoms = sites.copy()
        self._atoms.calc = calculator
        self._rng = np.random.default_rng(run.seed)
        # Steps of equilibration and production together
        self._step, self._n_steps = 0, run.equilibration_steps + run.production_steps
        self._producing = False
        self._seconds = {"equilibration_s": 0.0, "production_s": 0.0}
        # Of the production: positions at its start, largest distance of each atom from there, sum of temperatures,
        # first and last conserved energy, and energy that the thermostat has added
        self._start, self._farthest = sites.positions.copy(), np.zeros(len(sites))
        self._temperatures, self._first, self._last, self._transferred = 0.0, 0.0, 0.0, 0.0
        # A new name, because checkpoints refer to files by name
        self._path = workplace.folder / f"displacements-{workplace.attempt}-{uuid.uuid4().hex[:8]}.npy"
        self._record = DisplacementFile(self._path, sites.positions.copy(), run.n_frames)
        self._checkpoints = Checkpoints(workplace, "run", fingerprint=fingerprint(sites, run))
        self._checkpoints.resume(self._restore)

    def finish(self) -> Trajectory:
        """Run the remaining steps."""
        if not self._producing:
            self._equilibrate()
        self._produce()
        self._record.flush()
        return Trajectory(
            self._record.displacements,
            {
                "temperature_k": self._temperatures / self._run.n_frames,
                "energy_drift_mev_per_atom": 1e3 * (self._last - self._first) / len(self._atoms),
                "largest_displacement_angstrom": float(self._farthest.max()),
            },
            self._seconds,
        )

    def _equilibrate(self) -> None:
        run, atoms = self._run, self._atoms
        if self._step == 0:
            set_in_motion(atoms, run.temperature_k, self._rng)
        md = Langevin(
            atoms,
            run.timestep_fs * units.fs,
            temperature_K=run.temperature_k,
            friction=FRICTION_PER_FS / units.fs,
            fixcm=False,
            rng=self._rng,
        )
        self._advance(md, run.equilibration_steps, "equilibration_s", stages.EQUILIBRATE, lambda: check_finite(atoms))
        Stationary(atoms)
        check_finite(atoms)
        self._producing, self._start = True, atoms.positions.copy()

    def _produce(self) -> None:
        run = self._run
        md = self._integrator()

        def observe() -> None:
            self._transferred = getattr(md, "transferred_energy", 0.0)
            if (self._step - run.equilibration_steps) % run.every == 0:
                self._observe()

        if self._record.n_frames == 0:
            self._first = float(self._atoms.get_total_energy())
            self._observe()
        self._advance(md, self._n_steps, "production_s", stages.PRODUCE, observe)
        check_finite(self._atoms)

    def _integrator(self) -> MolecularDynamics:
        run, timestep = self._run, self._run.timestep_fs * units.fs
        if run.ensemble == "nve":
            return VelocityVerlet(self._atoms, timestep)
        md = Bussi(
            self._atoms, timestep, temperature_K=run.temperature_k, taut=VELOCITY_RESCALING_FS * units.fs, rng=self._rng
        )
        # ASE counts the centre of mass, which stays at rest
        md.ndof = degrees_of_freedom(self._atoms)
        md.target_kinetic_energy = 0.5 * units.kB * run.temperature_k * md.ndof
        md.transferred_energy = self._transferred
        return md

    def _observe(self) -> None:
        """Record a frame, and update the sums."""
        atoms = self._atoms
        check_finite(atoms)
        self._record.add(atoms.positions)
        self._temperatures += temperature(atoms)
        self._farthest = np.maximum(self._farthest, np.linalg.norm(atoms.positions - self._start, axis=1))
        self._last = float(atoms.get_total_energy()) - self._transferred

    def _advance(self, md: MolecularDynamics, end: int, part: str, stage: Notice, observe: Callable[[], None]) -> None:
        """Run until a step. After each step, observe, report the stage, and save a checkpoint if it is due."""
        began = time.perf_counter()
        stepping = md.irun(end - self._step)
        next(stepping)  # first forces
        trial = Trial(self._n_steps - self._step, n_atoms=len(self._atoms))
        self._report_progress(stage)
        for _ in stepping:
            self._step += 1
            trial.count()
            observe()
            now = time.perf_counter()
            self._seconds[part] += now - began
            began = now
            self._report_progress(stage)
            if self._checkpoints.is_due():
                self._save()

    def _report_progress(self, stage: Notice) -> None:
        try:
            self._report(stage, self._step / max(self._n_steps, 1))
        except ShuttingDown:
            self._save()
            raise

    def _save(self) -> None:
        self._checkpoints.try_save(
            self._step,
            {
                "positions": self._atoms.positions,
                "momenta": self._atoms.get_momenta(),
                "start": self._start,
                "farthest": self._farthest,
                "pending": self._record.pending,
            },
            {
                "producing": self._producing,
                "generator": self._rng.bit_generator.state,
                "seconds": self._seconds,
                "temperatures": self._temperatures,
                "energies": [self._first, self._last, self._transferred],
                "record": self._path.name,
                "written": self._record.written,
            },
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Restore a checkpoint, and copy its frames into the file of this attempt."""
        arrays, state = checkpoint.arrays, checkpoint.state
        if state["producing"]:
            share = checkpoint.step / max(self._n_steps, 1)
            self._record.copy_from(
                self._folder / Path(state["record"]).name,
                state["written"],
                arrays["pending"],
                lambda _: self._report(stages.RESUME, share),
            )
        self._step, self._producing, self._seconds = checkpoint.step, state["producing"], state["seconds"]
        self._atoms.positions = arrays["positions"]
        self._atoms.set_momenta(arrays["momenta"])
        self._start, self._farthest = arrays["start"], arrays["farthest"]
        self._rng.bit_generator.state = state["generator"]
        self._temperatures = state["temperatures"]
        self._first, self._last, self._transferred = state["energies"]
