"""GPUMD: molecular dynamics with NEP models on a GPU, classical and with ring polymers, as a program of its own.

What differs from the other engines:

- Its thermostats have random numbers of their own, seeded by the clock: a seed gives the same velocities at the
  start, not the same run.
- A classical run goes on from its latest file of positions and velocities, with 8 decimals of Å and Å/fs: the energy
  changes by less than 1e-6 of itself. (GPUMD's own `restart.xyz` has six digits, so positions would jump.)
- Path integrals begin again when their worker is lost: GPUMD writes the velocities of the beads' mean only.
- The cell relaxes anew when its worker is lost, unless it was done.
- Where there are beads, `temperature_k` is the one asked for: GPUMD says no other.

It has not been measured on a GPU: it is tested on files of GPUMD's formats and against a program that reads and
writes them as GPUMD does.

References
----------
K. Xu et al., MGE Advances 3, e70028 (2025), GPUMD 4.0; the formats are those of release v5.6.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from scipy.linalg import polar

from scattering.core.notices import Notice
from workers import stages
from workers.engines import mean_cell
from workers.engines.gpumd import input_files, program
from workers.engines.gpumd.output_files import NAMED, Thermodynamics
from workers.engines.gpumd.replica import Replica, moving
from workers.engines.interface import Potential, Run, Trajectory
from workers.kit.checkpoint import Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Report, Workplace

POLL_S: Final = 0.2
MAX_BEADS: Final = 128
"""GPUMD's."""


class GPUMD:
    """GPUMD as an engine (`workers.engines.interface.Engine`).

    Parameters
    ----------
    potential
        A NEP model.
    binary
        The program; None: where `program.find_binary` finds it.

    Raises
    ------
    FileNotFoundError
        There is no such program here.
    """

    def __init__(self, potential: Potential, binary: Path | None = None) -> None:
        found = binary or program.find_binary()
        if found is None:
            raise FileNotFoundError("GPUMD is not on this machine: put gpumd on the path, or set BEAMCAST_GPUMD to it")
        self._potential, self._binary = potential, found

    def version(self) -> str | None:
        """Release of the program, as its banner says."""
        return program.version(self._binary)

    def run(self, sites: Atoms, run: Run, *, workplace: Workplace, report: Report) -> Trajectory:
        """Run atoms that are at rest at their sites; see `Engine`."""
        _check(run)
        checkpoints = Checkpoints(workplace, "gpumd-run", fingerprint=self._fingerprint(sites, run))
        replica = Replica(self._potential, sites, run, workplace, checkpoints, report)
        try:
            if not replica.complete:
                self._carry_out(replica.folder, replica.follow)
        except Exception:
            # The process has ended, and what it has written is whole
            replica.keep()
            raise
        if not replica.complete:
            raise RuntimeError("GPUMD ended well without writing every frame: is the disk full?")
        return replica.finish()

    def relax_cell(self, sites: Atoms, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report) -> Atoms:
        """Let the cell find its mean, and scale the sites with it; see `Engine`.

        A cell that was found by another attempt is taken; one that was not is begun again.
        """
        _check(run)
        # Of the composition alone: whoever goes on has relaxed the sites anew, which ends elsewhere in the last digits
        of = self._fingerprint(Atoms(numbers=sites.numbers), run, pressure_gpa)
        checkpoints = Checkpoints(workplace, "gpumd-cell", fingerprint=of)
        expected = 2 * run.equilibration_steps // run.every
        if expected < 2:
            raise CannotPredict(Notice("cell_run_too_short"))
        done = checkpoints.load()
        if done is not None:
            return mean_cell.scaled_to(sites, done.arrays["cell"])
        folder = workplace.folder / f"gpumd-cell-{workplace.attempt}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        commands = input_files.relaxation(self._potential, run, pressure_gpa, sites)
        input_files.write(folder, moving(sites, run), commands, self._potential.file)
        rows, cells = Thermodynamics(folder / "thermo.out"), list[np.ndarray]()

        def follow() -> bool:
            cells.extend(row[9:].reshape(3, 3) for _, row in rows.read())
            stage = stages.EQUILIBRATE_CELL if 2 * len(cells) < expected else stages.AVERAGE_CELL
            report(stage, min(len(cells) / expected, 1.0))
            return False

        self._carry_out(folder, follow)
        if len(cells) != expected:
            raise RuntimeError(f"GPUMD ended well after writing {len(cells)} of {expected} cells")
        # Noise turns the crystal in GPUMD: each cell is turned back before the mean is taken
        gradients = np.linalg.solve(sites.cell.array, np.array(cells[expected // 2 :]))
        cell = sites.cell.array @ np.mean([polar(gradient, side="left")[1] for gradient in gradients], axis=0)
        checkpoints.keep(1, {"cell": cell}, {})
        shutil.rmtree(folder)
        return mean_cell.scaled_to(sites, cell)

    def _carry_out(self, folder: Path, follow: Callable[[], bool]) -> None:
        """Run GPUMD, and follow it until all it has written is read."""
        with program.running(self._binary, folder) as process:
            while True:
                # Asked before reading, so that nothing is written after the last reading
                ended = process.poll() is not None
                if follow():
                    continue
                if ended:
                    break
                try:
                    process.wait(POLL_S)
                except subprocess.TimeoutExpired:
                    continue
        if process.returncode != 0:
            raise program.failure(folder, process.returncode)

    def _fingerprint(self, sites: Atoms, run: Run, *of: object) -> str:
        with self._potential.file.open("rb") as model:
            digest = hashlib.file_digest(model, "sha256").hexdigest()
        return fingerprint(sites, run, digest, self._potential.dispersion, *of)


def _check(run: Run) -> None:
    if run.n_beads > 1 and (run.n_beads % 2 or run.n_beads > MAX_BEADS):
        raise CannotPredict(Notice("n_beads_not_accepted", {**NAMED, "n_beads": run.n_beads, "max_n_beads": MAX_BEADS}))
    if run.n_beads > 1 and run.ensemble != "nve":
        raise CannotPredict(Notice("thermostat_of_ring_polymers"))
    if run.n_beads > 1 and run.equilibration_steps == 0:
        raise CannotPredict(Notice("beads_not_equilibrated", NAMED))
