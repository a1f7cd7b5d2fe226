"""GPUMD: molecular dynamics with NEP models on a GPU, classical and with ring polymers, by a separate program.

Differences from the other engines:

- The clock seeds the random numbers of its thermostats. So a seed gives the same first velocities, not the same run.
- A classical run resumes from its latest file of positions and velocities, with 8 decimals of Å and Å/fs. The energy
  then changes by less than 1e-6 of itself. (`restart.xyz` of GPUMD has six digits, so positions would jump.)
- Path integrals start again when their worker is lost, because GPUMD writes only the mean velocities of the beads.
- The relaxation of the cell starts again when its worker is lost, unless it was complete.
- With beads, `temperature_k` is the requested temperature, because GPUMD states no other.

It has not been measured on a GPU. It is tested with files in the formats of GPUMD, and with a program that reads and
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
from workers.engines.gpumd.output_files import ENGINE_PARAMS, Thermodynamics
from workers.engines.gpumd.replica import Replica, with_velocities
from workers.engines.interface import Potential, Run, Trajectory
from workers.kit.checkpoint import Checkpoints, fingerprint
from workers.kit.failures import CannotPredict
from workers.kit.workplace import Report, Workplace

POLL_INTERVAL_S: Final = 0.2
MAX_BEADS: Final = 128
"""Largest number of beads in GPUMD."""


class GPUMD:
    """GPUMD as an engine (`workers.engines.interface.Engine`).

    Parameters
    ----------
    potential
        A NEP model.
    binary
        Path of the executable; None for the result of `program.find_binary`.

    Raises
    ------
    FileNotFoundError
        The executable does not exist.
    """

    def __init__(self, potential: Potential, binary: Path | None = None) -> None:
        found = binary or program.find_binary()
        if found is None:
            raise FileNotFoundError("GPUMD is not on this machine: put gpumd on the path, or set BEAMCAST_GPUMD to it")
        self._potential, self._binary = potential, found

    def version(self) -> str | None:
        """Return the release of the program, from its banner."""
        return program.version(self._binary)

    def run(self, sites: Atoms, run: Run, *, workplace: Workplace, report: Report) -> Trajectory:
        """Run molecular dynamics; see `Engine.run`."""
        _check(run)
        checkpoints = Checkpoints(workplace, "gpumd-run", fingerprint=self._fingerprint(sites, run))
        replica = Replica(self._potential, sites, run, workplace, checkpoints, report)
        try:
            if not replica.is_complete:
                self._execute(replica.folder, replica.read_output)
        except Exception:
            # The process has ended, so its files are complete
            replica.save_checkpoint()
            raise
        if not replica.is_complete:
            raise RuntimeError("GPUMD ended well without writing every frame: is the disk full?")
        return replica.finish()

    def relax_cell(self, sites: Atoms, run: Run, pressure_gpa: float, *, workplace: Workplace, report: Report) -> Atoms:
        """Find the mean cell; see `Engine.relax_cell`.

        The complete cell of another attempt is used; an incomplete run starts again.
        """
        _check(run)
        # Only of the composition: another attempt has relaxed the sites again, with other last digits
        digest = self._fingerprint(Atoms(numbers=sites.numbers), run, pressure_gpa)
        checkpoints = Checkpoints(workplace, "gpumd-cell", fingerprint=digest)
        expected = 2 * run.equilibration_steps // run.every
        if expected < 2:
            raise CannotPredict(Notice("cell_run_too_short"))
        done = checkpoints.load()
        if done is not None:
            return mean_cell.strain_to(sites, done.arrays["cell"])
        folder = workplace.folder / f"gpumd-cell-{workplace.attempt}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        commands = input_files.relaxation(self._potential, run, pressure_gpa, sites)
        input_files.write(folder, with_velocities(sites, run), commands, self._potential.file)
        rows, cells = Thermodynamics(folder / "thermo.out"), list[np.ndarray]()

        def read_output() -> bool:
            cells.extend(row[9:].reshape(3, 3) for _, row in rows.read())
            stage = stages.EQUILIBRATE_CELL if 2 * len(cells) < expected else stages.AVERAGE_CELL
            report(stage, min(len(cells) / expected, 1.0))
            return False

        self._execute(folder, read_output)
        if len(cells) != expected:
            raise RuntimeError(f"GPUMD ended well after writing {len(cells)} of {expected} cells")
        # Noise rotates the crystal in GPUMD. Each cell is rotated back before the mean
        gradients = np.linalg.solve(sites.cell.array, np.array(cells[expected // 2 :]))
        cell = sites.cell.array @ np.mean([polar(gradient, side="left")[1] for gradient in gradients], axis=0)
        checkpoints.try_save(1, {"cell": cell}, {})
        shutil.rmtree(folder)
        return mean_cell.strain_to(sites, cell)

    def _execute(self, folder: Path, read_output: Callable[[], bool]) -> None:
        """Run GPUMD until it has ended and its output is read."""
        with program.start(self._binary, folder) as process:
            while True:
                # Checked before the reading, so that GPUMD writes nothing after the last reading
                has_ended = process.poll() is not None
                if read_output():
                    continue
                if has_ended:
                    break
                try:
                    process.wait(POLL_INTERVAL_S)
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
        raise CannotPredict(
            Notice("n_beads_not_accepted", {**ENGINE_PARAMS, "n_beads": run.n_beads, "max_n_beads": MAX_BEADS})
        )
    if run.n_beads > 1 and run.ensemble != "nve":
        raise CannotPredict(Notice("thermostat_of_ring_polymers"))
    if run.n_beads > 1 and run.equilibration_steps == 0:
        raise CannotPredict(Notice("beads_not_equilibrated", ENGINE_PARAMS))
