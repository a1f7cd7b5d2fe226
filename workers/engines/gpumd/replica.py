"""One replica in GPUMD: what is left to do, what has come so far, and what another attempt can go on with."""

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
from workers.engines.displacement_file import reserved
from workers.engines.gpumd import input_files
from workers.engines.gpumd.output_files import Frames, Thermodynamics
from workers.engines.gpumd.recorder import Recorder, largest_displacement, take_over
from workers.engines.interface import Potential, Run, Trajectory
from workers.engines.motion import set_in_motion
from workers.kit.checkpoint import Checkpoints
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Report, Workplace

ATOM_STEPS_PER_S: Final = 5e6
"""Of a GPU, roughly: how many steps are as long as the work that may be lost. A wrong guess costs no more than that."""
FEWEST_CHECKPOINTS: Final = 10


def clean(atoms: Atoms) -> Atoms:
    """The same atoms with nothing but masses."""
    return Atoms(numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True, masses=atoms.get_masses())


def moving(sites: Atoms, run: Run) -> Atoms:
    """Atoms at their sites, with velocities of the run's seed."""
    atoms = clean(sites)
    set_in_motion(atoms, run.temperature_k, np.random.default_rng(run.seed))
    return atoms


class Replica:
    """A replica that this attempt works on.

    Parameters
    ----------
    potential, sites, run, workplace
        As `Engine.run` takes them.
    checkpoints
        Of this run, by any attempt.
    report
        Told the progress.
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
        self._equilibrated = self._produced = self._steps_seen = 0
        self._thermo = np.empty((0, 2))  # kelvin, eV
        self._seconds = {"equilibration_s": 0.0, "production_s": 0.0}
        # A name that no try had before: what checkpoints say of a file remains true
        self._path = workplace.folder / f"displacements-{workplace.attempt}-{uuid.uuid4().hex[:8]}.npy"
        self._displacements = reserved(self._path, (run.n_beads, len(sites), 3, run.n_frames))
        atoms, filled = self._resume(workplace)
        self._recorders = [
            Recorder(bead, sites.positions, sites.cell.array, filled=filled) for bead in self._displacements
        ]
        if filled == 0 and self._equilibrated == run.equilibration_steps:
            self._recorders[0].add(atoms.positions[None])
        self._start(potential, atoms, workplace)
        names = [f"beads_dump_{bead}.xyz" for bead in range(run.n_beads)] if run.n_beads > 1 else [input_files.FRAMES]
        self._frames = [Frames(self.folder / name, len(sites), give_back=True) for name in names]
        self._rows = Thermodynamics(self.folder / "thermo.out")
        # The first block of thermo.out is the production's where nothing is left to equilibrate
        self._production_block = int(self._equilibrated < run.equilibration_steps)
        self._kept = self._equilibrated + self._produced
        self._clock = time.monotonic()

    @property
    def complete(self) -> bool:
        """Whether every frame has come."""
        return all(recorder.complete for recorder in self._recorders)

    def follow(self) -> bool:
        """Take in what GPUMD has written since, and tell how far it is; say whether there may be more already.

        Raises
        ------
        CannotPredict
            The atoms flew apart.
        """
        self._tell()
        self._lap()
        found = False
        for frames, recorder in zip(self._frames, self._recorders, strict=True):
            positions = frames.read()
            recorder.add(positions)
            found |= len(positions) > 0
            self._tell()
        new = []
        for block, row in self._rows.read():
            self._steps_seen += self._run.every
            if block == self._production_block:
                new.append((row[0], row[1] + row[2]))
        self._thermo = np.concatenate([self._thermo, np.reshape(new, (-1, 2))])
        if self._checkpoints.due():
            self.keep()
        return found

    def keep(self) -> None:
        """Write a checkpoint of the latest step whose frames are here, if it is later than the last one's.

        There is none of path integrals.
        """
        every, end = self._run.every, self._run.equilibration_steps
        dumped = [(end, self._produced + step, path) for step, path in self._dumped(input_files.PRODUCING)]
        dumped += [(self._equilibrated + step, 0, path) for step, path in self._dumped(input_files.EQUILIBRATING)]
        for number, (equilibrated, produced, path) in enumerate(dumped):
            if equilibrated + produced <= self._kept:
                return
            rows = produced // every
            frames = rows + 1 if produced else 0
            if self._recorders[0].filled < frames or len(self._thermo) < rows:
                continue
            try:
                atoms = Frames(path, len(self._sites), 6).read()
            except (ValueError, CannotPredict):  # on a full disk, say; that is not what to stop for
                continue
            if len(atoms) != 1:  # it is being written
                continue
            self._save(equilibrated, produced, frames, {"positions": atoms[0, :, :3], "velocities": atoms[0, :, 3:]})
            self._kept = equilibrated + produced
            for _, _, old in dumped[number:]:
                old.unlink()
            return

    def finish(self) -> Trajectory:
        """Hand over the trajectory, and leave word that it is there."""
        self._lap()
        self._save(self._run.equilibration_steps, self._run.production_steps, self._run.n_frames, {})
        shutil.rmtree(self.folder)
        temperatures, energies = self._thermo.T
        if self._run.ensemble == "nve" and self._run.n_beads == 1:
            drift = energies[-1] - energies[0]
        else:
            # With a thermostat the energy fluctuates; what is left of that in the means of the halves is small
            first, second = np.array_split(energies, 2)
            drift = second.mean() - first.mean()
        seen = {
            "temperature_k": float(temperatures.mean()) * self._degrees_counted(),
            "energy_drift_mev_per_atom": float(1e3 * drift / len(self._sites)),
            "largest_displacement_angstrom": largest_displacement(self._displacements),
        }
        return Trajectory(self._displacements, seen, dict(self._seconds))

    def _degrees_counted(self) -> float:
        """GPUMD's temperature counts the centre of mass, which is at rest; of beads it is the one asked for."""
        return len(self._sites) / (len(self._sites) - 1) if self._run.n_beads == 1 else 1.0

    def _resume(self, workplace: Workplace) -> tuple[Atoms, int]:
        """Go on from the best checkpoint whose frames are there; else from the sites."""
        for checkpoint in self._checkpoints.intact():
            state, arrays = checkpoint.state, checkpoint.arrays
            frames = state["frames"]
            self._equilibrated, self._produced = state["equilibrated"], state["produced"]
            share = checkpoint.step / (self._run.equilibration_steps + self._run.production_steps)
            told = partial(self._report, stages.RESUME, share)
            try:
                if frames:
                    take_over(self._displacements, workplace.folder / state["file"], frames, told)
            except (OSError, ValueError):
                self._equilibrated = self._produced = 0
                continue
            self._seconds, self._thermo = state["seconds"], arrays["thermo"]
            atoms = clean(self._sites)
            if frames < self._run.n_frames:
                atoms.positions = arrays["positions"]
                atoms.set_velocities(arrays["velocities"] / units.fs)
            return atoms, frames
        return moving(self._sites, self._run), 0

    def _start(self, potential: Potential, atoms: Atoms, workplace: Workplace) -> None:
        every, run = self._run.every, self._run
        steps = min(workplace.checkpoint_s * ATOM_STEPS_PER_S / len(atoms), run.production_steps / FEWEST_CHECKPOINTS)
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

    def _tell(self) -> None:
        run = self._run
        done = self._equilibrated + self._produced + self._steps_seen
        share = done / (run.equilibration_steps + run.production_steps)
        producing = done >= run.equilibration_steps
        self._report(stages.PRODUCE if producing else stages.EQUILIBRATE, min(share, 1.0))

    def _lap(self) -> None:
        now = time.monotonic()
        self._seconds["production_s" if self._recorders[0].filled else "equilibration_s"] += now - self._clock
        self._clock = now

    def _dumped(self, prefix: str) -> Iterator[tuple[int, Path]]:
        """Files of positions and velocities, the latest first, with their steps of this attempt's `run`."""
        step: Callable[[Path], int] = lambda path: int(path.name.removeprefix(prefix))  # noqa: E731
        for path in sorted(self.folder.glob(f"{prefix}*"), key=step, reverse=True):
            yield step(path), path

    def _save(self, equilibrated: int, produced: int, frames: int, arrays: dict[str, NDArray[Any]]) -> None:
        if frames:
            self._displacements.flush()
        self._checkpoints.keep(
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
