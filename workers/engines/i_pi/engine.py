"""i-PI: path-integral molecular dynamics of ring polymers on a CPU, then thermostatted dynamics (TRPMD).

References
----------
Y. Litman et al., J. Chem. Phys. 161, 062504 (2024) (i-PI 3). For the dynamics see `polymers`.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray

from scattering.core.notices import Notice
from workers import stages
from workers.engines.displacement_file import DisplacementFile
from workers.engines.i_pi import cell
from workers.engines.i_pi.polymers import RingPolymers
from workers.engines.interface import Run, Trajectory
from workers.kit.checkpoint import Checkpoint, Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.progress import ShuttingDown
from workers.kit.workplace import Report, Workplace


class IPI:
    """Engine that runs replicas of ring polymers in this process. They can be stopped at the forces of any bead.

    Parameters
    ----------
    calculator
        Calculator of the forces.
    """

    def __init__(self, calculator: Calculator) -> None:
        self._calculator = calculator

    def run(self, sites: Atoms, run: Run, *, workplace: Workplace, report: Report) -> Trajectory:
        """Run path-integral molecular dynamics; see `Engine.run`."""
        if run.ensemble != "nve":
            raise CannotPredict(Notice("thermostat_of_ring_polymers"))
        return _Replica(sites, self._calculator, run, workplace, report).finish()

    def relax_cell(self, sites: Atoms, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report) -> Atoms:
        """Find the mean cell, which zero-point motion expands; see `Engine.relax_cell`."""
        return cell.relax_cell(sites, self._calculator, run, pressure_gpa, workplace=workplace, report=report)


class _Replica:
    """A replica with its progress and its sums. It starts from the best checkpoint."""

    def __init__(self, sites: Atoms, calculator: Calculator, run: Run, workplace: Workplace, report: Report) -> None:
        self._sites, self._run, self._report, self._folder = sites, run, report, workplace.folder
        # Steps of equilibration and production together
        self._step, self._n_steps = 0, run.equilibration_steps + run.production_steps
        self._producing = False
        self._seconds = {"equilibration_s": 0.0, "production_s": 0.0}
        # Of the production: positions of the centroids at its start, largest distance of each from there, sum of
        # temperatures, first conserved energy
        self._start, self._farthest = sites.positions.copy(), np.zeros(len(sites))
        self._temperatures, self._first = 0.0, 0.0
        self._polymers = RingPolymers(
            sites,
            calculator,
            temperature_k=run.temperature_k,
            timestep_fs=run.timestep_fs,
            n_beads=run.n_beads,
            seed=run.seed,
            on_forces=self._report_progress,
        )
        # State before the current step, because an interrupted step cannot be resumed
        self._whole = self._polymers.state()
        self._conserved = 0.0
        # A new name, because checkpoints refer to files by name. Beads are recorded as atoms
        self._path = workplace.folder / f"displacements-{workplace.attempt}-{uuid.uuid4().hex[:8]}.npy"
        self._record = DisplacementFile(self._path, np.tile(sites.positions, (run.n_beads, 1)), run.n_frames)
        self._checkpoints = Checkpoints(workplace, "run", fingerprint=fingerprint(sites, run))
        self._checkpoints.resume(self._restore)

    def finish(self) -> Trajectory:
        """Run the remaining steps."""
        run = self._run
        try:
            self._conserved = self._polymers.conserved_ev
            if not self._producing:
                self._advance(run.equilibration_steps, "equilibration_s")
                self._begin_production()
            self._advance(self._n_steps, "production_s")
        except ShuttingDown:
            self._save()
            raise
        self._record.flush()
        return Trajectory(
            self._record.displacements.reshape(run.n_beads, len(self._sites), 3, run.n_frames),
            {
                "temperature_k": self._temperatures / run.n_frames,
                "energy_drift_mev_per_atom": 1e3 * (self._conserved - self._first) / len(self._sites),
                "largest_displacement_angstrom": float(self._farthest.max()),
            },
            self._seconds,
        )

    def _advance(self, end: int, part: str) -> None:
        began = time.perf_counter()
        while self._step < end:
            self._polymers.step()
            self._step += 1
            if self._producing and (self._step - self._run.equilibration_steps) % self._run.every == 0:
                self._observe()
            self._whole, self._conserved = self._polymers.state(), self._polymers.conserved_ev
            now = time.perf_counter()
            self._seconds[part] += now - began
            began = now
            if self._checkpoints.is_due():
                self._save()

    def _begin_production(self) -> None:
        self._polymers.release()
        self._producing, self._start = True, self._polymers.positions.mean(axis=0)
        self._first = self._conserved
        self._observe()

    def _observe(self) -> None:
        """Record a frame, and update the sums."""
        positions = self._polymers.positions
        self._record.add(positions.reshape(-1, 3))
        distances = np.linalg.norm(positions.mean(axis=0) - self._start, axis=1)
        self._farthest = np.maximum(self._farthest, distances)
        self._temperatures += self._polymers.centroid_temperature_k

    def _report_progress(self) -> None:
        stage = stages.PRODUCE if self._producing else stages.EQUILIBRATE
        self._report(stage, self._step / max(self._n_steps, 1))

    def _save(self) -> None:
        arrays: dict[str, NDArray[Any]] = {
            **self._whole,
            "start": self._start,
            "farthest": self._farthest,
            "pending": self._record.pending,
        }
        state = {
            "producing": self._producing,
            "conserved": [self._first, self._conserved],
            "temperatures": self._temperatures,
            "seconds": self._seconds,
            "record": self._path.name,
            "written": self._record.written,
        }
        self._checkpoints.try_save(self._step, arrays, state)

    def _restore(self, checkpoint: Checkpoint) -> None:
        """Restore a checkpoint, and copy its frames into the file of this attempt."""
        arrays, state = checkpoint.arrays, checkpoint.state
        if state["producing"]:
            self._record.copy_from(
                self._folder / Path(state["record"]).name,
                state["written"],
                arrays["pending"],
                lambda _: self._report(stages.RESUME, checkpoint.step / max(self._n_steps, 1)),
            )
            self._polymers.release()
        self._step, self._producing, self._seconds = checkpoint.step, state["producing"], state["seconds"]
        self._start, self._farthest = arrays["start"], arrays["farthest"]
        self._temperatures = state["temperatures"]
        self._first, self._conserved = state["conserved"]
        self._whole = {name: arrays[name] for name in self._whole}
        self._polymers.restore(self._whole, self._conserved)
