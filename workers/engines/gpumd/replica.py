"""A replica in GPUMD: its remaining steps, its results so far, and its checkpoints."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from workers import stages
from workers.engines.displacement_file import reserve_displacements
from workers.engines.gpumd import input_files
from workers.engines.gpumd.output_files import Frames, Thermodynamics
from workers.engines.gpumd.recorder import Recorder, copy_frames, largest_displacement
from workers.engines.interface import Potential, Run, Trajectory
from workers.engines.motion import set_in_motion
from workers.kit.checkpoint import Checkpoints
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Report, Workplace

ATOM_STEPS_PER_S: Final = 5e6
"""Rough speed of a GPU, for the number of steps between checkpoints. A wrong value costs no more than lost work."""
MIN_CHECKPOINTS: Final = 10
"""Least number of checkpoints in a production."""


def at_rest(atoms: Atoms) -> Atoms:
    """Return a copy of atoms with their masses, without velocities and other arrays."""
    return Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True, masses=atoms.get_masses())


def with_velocities(sites: Atoms, run: Run) -> Atoms:
    """Return atoms at their sites, with velocities from the seed of the run."""
    atoms = at_rest(sites)
    set_in_motion(atoms, run.temperature_k, np.random.default_rng(run.seed))
    return atoms


class Replica:
    """A replica in this attempt.

    Parameters
    ----------
    potential, sites, run, workplace
        See `Engine.run`.
    checkpoints
        Checkpoints of this run, by all attempts.
    report
        Takes the progress.
    """

    def __init__(
        self,
        potential: Potential,
        sites: Atoms,
        run: Run,
        workplace: Workplace,
        checkpoints: Checkpoints,
        report: Report,
    ) -> None:
        self._sites, self._run, self._checkpoints, self._report = sites, run, checkpoints, report
        self.folder = workplace.folder / f"gpumd-{workplace.attempt}"
        self._equilibrated = self._produced = self._steps_read = 0
        self._thermo = np.empty((0, 2))  # kelvin, eV
        self._seconds = {"equilibration_s": 0.0, "production_s": 0.0}
        # A new name, because checkpoints refer to files by name
        self._path = workplace.folder / f"displacements-{workplace.attempt}-{uuid.uuid4().hex[:8]}.npy"
        self._displacements = reserve_displacements(self._path, (run.n_beads, len(sites), 3, run.n_frames))
        atoms, filled = self._resume(workplace)
        self._recorders = [
            Recorder(bead, sites.positions, sites.cell.array, filled=filled) for bead in self._displacements
        ]
        if filled == 0 and self._equilibrated == run.equilibration_steps:
            self._recorders[0].add(atoms.positions[None])
        self._start(potential, atoms, workplace)
        names = (
            [f"beads_dump_{bead}.xyz" for bead in range(run.n_beads)] if run.n_beads > 1 else [input_files.FRAMES_FILE]
        )
        self._frames = [Frames(self.folder / name, len(sites), frees_space=True) for name in names]
        self._rows = Thermodynamics(self.folder / "thermo.out")
        # Without a remaining equilibration, the first block of thermo.out belongs to the production
        self._production_block = int(self._equilibrated < run.equilibration_steps)
        self._saved_step = self._equilibrated + self._produced
        self._clock = time.monotonic()

    @property
    def is_complete(self) -> bool:
        """Whether all frames are recorded."""
        return all(recorder.is_complete for recorder in self._recorders)

    def read_output(self) -> bool:
        """Read the new output of GPUMD, and report the progress. Return whether there may be more output.

        Raises
        ------
        CannotPredict
            The atoms flew apart.
        """
        self._report_progress()
        self._lap()
        has_frames = False
        for frames, recorder in zip(self._frames, self._recorders, strict=True):
            positions = frames.read()
            recorder.add(positions)
            has_frames |= len(positions) > 0
            self._report_progress()
        new = []
        for block, row in self._rows.read():
            self._steps_read += self._run.every
            if block == self._production_block:
                new.append((row[0], row[1] + row[2]))
        self._thermo = np.concatenate([self._thermo, np.reshape(new, (-1, 2))])
        if self._checkpoints.is_due():
            self.save_checkpoint()
        return has_frames

    def save_checkpoint(self) -> None:
        """Write a checkpoint of the latest step with recorded frames, if it is later than the last checkpoint.

        Path integrals have no checkpoints.
        """
        every, end = self._run.every, self._run.equilibration_steps
        dumps = [(end, self._produced + step, path) for step, path in self._dumps(input_files.PRODUCTION_PREFIX)]
        dumps += [(self._equilibrated + step, 0, path) for step, path in self._dumps(input_files.EQUILIBRATION_PREFIX)]
        for number, (equilibrated, produced, path) in enumerate(dumps):
            if equilibrated + produced <= self._saved_step:
                return
            rows = produced // every
            frames = rows + 1 if produced else 0
            if self._recorders[0].filled < frames or len(self._thermo) < rows:
                continue
            try:
                atoms = Frames(path, len(self._sites), 6).read()
            except (ValueError, CannotPredict):  # for example on a full disk; the run continues
                continue
            if len(atoms) != 1:  # GPUMD is still writing it
                continue
            self._save(equilibrated, produced, frames, {"positions": atoms[0, :, :3], "velocities": atoms[0, :, 3:]})
            self._saved_step = equilibrated + produced
            for _, _, old in dumps[number:]:
                old.unlink()
            return

    def finish(self) -> Trajectory:
        """Return the trajectory, and write a checkpoint of the complete run."""
        self._lap()
        self._save(self._run.equilibration_steps, self._run.production_steps, self._run.n_frames, {})
        shutil.rmtree(self.folder)
        temperatures, energies = self._thermo.T
        if self._run.ensemble == "nve" and self._run.n_beads == 1:
            drift = energies[-1] - energies[0]
        else:
            # With a thermostat the energy fluctuates; the means of both halves fluctuate little
            first, second = np.array_split(energies, 2)
            drift = second.mean() - first.mean()
        diagnostics = {
            "temperature_k": float(temperatures.mean()) * self._temperature_factor(),
            "energy_drift_mev_per_atom": float(1e3 * drift / len(self._sites)),
            "largest_displacement_angstrom": largest_displacement(self._displacements),
        }
        return Trajectory(self._displacements, diagnostics, dict(self._seconds))

    def _temperature_factor(self) -> float:
        """Return the factor from the temperature in thermo.out to ours: GPUMD counts the resting centre of mass.

        With beads, GPUMD writes the requested temperature.
        """
        return len(self._sites) / (len(self._sites) - 1) if self._run.n_beads == 1 else 1.0

    def _resume(self, workplace: Workplace) -> tuple[Atoms, int]:
        """Return atoms and recorded frames of the best checkpoint whose files are intact, or the sites and 0."""
        for checkpoint in self._checkpoints.read_intact():
            state, arrays = checkpoint.state, checkpoint.arrays
            frames = state["frames"]
            self._equilibrated, self._produced = state["equilibrated"], state["produced"]
            share = checkpoint.step / (self._run.equilibration_steps + self._run.production_steps)
            report = partial(self._report, stages.RESUME, share)
            try:
                if frames:
                    copy_frames(self._displacements, workplace.folder / state["file"], frames, report)
            except (OSError, ValueError):
                self._equilibrated = self._produced = 0
                continue
            self._seconds, self._thermo = state["seconds"], arrays["thermo"]
            atoms = at_rest(self._sites)
            if frames < self._run.n_frames:
                atoms.positions = arrays["positions"]
                atoms.set_velocities(arrays["velocities"] / units.fs)
            return atoms, frames
        return with_velocities(self._sites, self._run), 0

    def _start(self, potential: Potential, atoms: Atoms, workplace: Workplace) -> None:
        every, run = self._run.every, self._run
        steps = min(workplace.checkpoint_s * ATOM_STEPS_PER_S / len(atoms), run.production_steps / MIN_CHECKPOINTS)
        commands = input_files.dynamics(
            potential,
            run,
            n_atoms=len(atoms),
            equilibrated=self._equilibrated,
            produced=self._produced,
            checkpoint_every=max(1, round(steps / every)) * every,
        )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        input_files.write(self.folder, atoms, commands, potential.file)

    def _report_progress(self) -> None:
        run = self._run
        done = self._equilibrated + self._produced + self._steps_read
        share = done / (run.equilibration_steps + run.production_steps)
        producing = done >= run.equilibration_steps
        self._report(stages.PRODUCE if producing else stages.EQUILIBRATE, min(share, 1.0))

    def _lap(self) -> None:
        now = time.monotonic()
        self._seconds["production_s" if self._recorders[0].filled else "equilibration_s"] += now - self._clock
        self._clock = now

    def _dumps(self, prefix: str) -> Iterator[tuple[int, Path]]:
        """Yield files of positions and velocities with their steps in the `run` of this attempt, the latest first."""
        step: Callable[[Path], int] = lambda path: int(path.name.removeprefix(prefix))  # noqa: E731
        for path in sorted(self.folder.glob(f"{prefix}*"), key=step, reverse=True):
            yield step(path), path

    def _save(self, equilibrated: int, produced: int, frames: int, arrays: dict[str, NDArray[Any]]) -> None:
        if frames:
            self._displacements.flush()
        self._checkpoints.try_save(
            equilibrated + produced,
            {**arrays, "thermo": self._thermo[: produced // self._run.every]},
            {
                "equilibrated": equilibrated,
                "produced": produced,
                "frames": frames,
                "file": self._path.name,
                "seconds": self._seconds,
            },
        )
