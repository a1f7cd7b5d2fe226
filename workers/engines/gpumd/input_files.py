"""The input files of GPUMD: atoms in `model.xyz`, commands in `run.in`. calorine writes both.

References
----------
GPUMD v5.6: src/main_gpumd/run.cu (commands), src/integrate/integrate.cu (ensembles), src/model/read_xyz.cu (atoms),
src/measure/dump_xyz.cu and dump_beads.cu (output, and its intervals).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms

from workers.engines import mean_cell
from workers.engines.interface import Potential, Run
from workers.engines.motion import FRICTION_PER_FS
from workers.potentials.nep import COORDINATION_CUTOFF, DISPERSION_CUTOFF

RELEASE: Final = "v5.6"
"""Release of GPUMD whose formats this package implements. The image of the GPU worker builds it."""
MODEL, ATOMS, COMMANDS = "nep.txt", "model.xyz", "run.in"
FRAMES_FILE: Final = "frames.xyz"
"""File with the last frame of the equilibration and the frames of the production."""
EQUILIBRATION_PREFIX: Final = "equilibrated_"
PRODUCTION_PREFIX: Final = "produced_"
"""Prefixes of files of positions and velocities; the step of the `run` follows."""

VELOCITY_RESCALING_FS: Final = 1000.0
"""Time constant of the thermostat of an NVT production. It rescales all velocities equally, so it hardly changes the
dynamics."""
BAROSTAT_FS: Final = 1000.0
BULK_MODULUS_GPA: Final = 20.0
"""Bulk modulus of a soft crystal, for the response time of the cell. A crystal ten times as stiff responds within a
tenth of `BAROSTAT_FS`; one ten times as soft takes ten times as long."""

CELL_TOLERANCE_ANGSTROM: Final = 1e-9
"""Components of a cell below this are zero."""

Commands = list[tuple[str, tuple[Any, ...]]]


def write(folder: Path, atoms: Atoms, commands: Commands, model: Path) -> None:
    """Write the input files of GPUMD into an empty folder.

    Parameters
    ----------
    folder
        Working directory of GPUMD.
    atoms
        Atoms with velocities, written with 8 decimals of Å and Å/fs.
    commands
        Keywords with their arguments.
    model
        File of the potential. A link gives it a fixed name, because GPUMD splits commands at blanks.
    """
    from calorine.gpumd import write_runfile, write_xyz  # takes seconds to import

    (folder / MODEL).symlink_to(model.resolve())
    # GPUMD moves an atom into the cell by at most one lattice vector
    wrapped = atoms.copy()
    wrapped.wrap()
    # GPUMD recognises an orthogonal cell only by exact zeros
    cell = wrapped.cell.array
    wrapped.set_cell(np.where(np.abs(cell) < CELL_TOLERANCE_ANGSTROM, 0.0, cell))
    write_xyz(str(folder / ATOMS), wrapped)
    write_runfile(folder / COMMANDS, commands)


def dynamics(
    potential: Potential,
    run: Run,
    *,
    n_atoms: int,
    equilibrated: int = 0,
    produced: int = 0,
    checkpoint_every: int,
) -> Commands:
    """Return the commands of equilibration and production, or of their remaining steps.

    Parameters
    ----------
    potential
        Potential, whose file is named `MODEL`.
    run
        Whole run.
    n_atoms
        Number of atoms.
    equilibrated, produced
        Steps that an earlier attempt has completed.
    checkpoint_every
        Steps of a classical run between files of positions and velocities. GPUMD writes only the mean velocities of
        beads, so path integrals cannot be resumed.
    """
    commands = _potential(potential, run)
    temperature = run.temperature_k
    thermostat = (temperature, temperature, _steps(1 / FRICTION_PER_FS, run))
    left = run.equilibration_steps - equilibrated
    if run.n_beads > 1:
        commands += [
            ("ensemble", ("pimd", run.n_beads, *thermostat)),
            ("dump_thermo", (run.every,)),
            ("dump_beads", (left, 0, 0)),
            ("run", (left,)),
            # GPUMD keeps its beads from one run to the next
            ("ensemble", ("trpmd", run.n_beads)),
            ("dump_thermo", (run.every,)),
            ("dump_beads", (run.every, 0, 0)),
            ("run", (run.production_steps,)),
        ]
        return commands
    if left:
        commands += [
            ("ensemble", ("nvt_lan", *thermostat)),
            ("dump_thermo", (run.every,)),
            ("dump_xyz", (-1, 0, checkpoint_every, f"{EQUILIBRATION_PREFIX}*", "velocity")),
            ("dump_xyz", (-1, 0, left, FRAMES_FILE)),
            ("run", (left,)),
        ]
    ensemble: tuple[Any, ...] = ("nve",)
    if run.ensemble == "nvt":
        target = _thermostat_temperature(temperature, n_atoms)
        ensemble = ("nvt_bdp", target, target, _steps(VELOCITY_RESCALING_FS, run))
    commands += [
        ("ensemble", ensemble),
        ("dump_thermo", (run.every,)),
        ("dump_xyz", (-1, 0, checkpoint_every, f"{PRODUCTION_PREFIX}*", "velocity")),
        ("dump_xyz", (-1, 0, run.every, FRAMES_FILE)),
        ("run", (run.production_steps - produced,)),
    ]
    return commands


def relaxation(potential: Potential, run: Run, pressure_gpa: float, sites: Atoms) -> Commands:
    """Return the commands of a run at constant pressure: `equilibration_steps` of equilibration, and as many again.

    The cell changes as the symmetry of the crystal allows: all lengths equally if the crystal is cubic, each length if
    its axes are orthogonal, else all components. GPUMD accepts the first two only for cells along x, y and z.
    """
    components = _components(sites)
    # Normal stresses, then shear stresses
    pressures = [pressure_gpa] * min(components, 3) + [0.0] * (components - min(components, 3))
    barostat = (*pressures, *[BULK_MODULUS_GPA] * components, _steps(BAROSTAT_FS, run))
    coupling = _steps(1 / FRICTION_PER_FS, run)
    if run.n_beads == 1:
        target = _thermostat_temperature(run.temperature_k, len(sites))
        ensemble: tuple[Any, ...] = ("npt_scr", target, target, coupling)
    else:
        ensemble = ("pimd", run.n_beads, run.temperature_k, run.temperature_k, coupling)
    return [
        *_potential(potential, run),
        ("ensemble", (*ensemble, *barostat)),
        ("dump_thermo", (run.every,)),
        ("run", (2 * run.equilibration_steps,)),
    ]


def _components(sites: Atoms) -> int:
    """Return the number of free components of the cell: 1, 3 or 6, as GPUMD accepts."""
    cell, rotations = sites.cell.array, mean_cell.find_point_group(sites)
    if np.any(np.abs(cell - np.diag(np.diag(cell))) >= CELL_TOLERANCE_ANGSTROM):
        return 6
    if mean_cell.is_isotropic(rotations):
        return 1
    shears = mean_cell.symmetrise(np.ones((3, 3)) - np.eye(3), rotations)
    return 3 if np.allclose(shears, 0.0, atol=1e-2) else 6


def _potential(potential: Potential, run: Run) -> Commands:
    commands: Commands = [("potential", (MODEL,))]
    if potential.dispersion is not None:
        commands.append(("dftd3", (potential.dispersion, DISPERSION_CUTOFF, COORDINATION_CUTOFF)))
    return [*commands, ("time_step", (run.timestep_fs,))]


def _steps(fs: float, run: Run) -> float:
    """Return the time constant of a thermostat or barostat in steps, at least one."""
    return round(max(1.0, fs / run.timestep_fs), 6)


def _thermostat_temperature(temperature: float, n_atoms: int) -> float:
    """Return the temperature for a thermostat that counts the degrees of freedom of the resting centre of mass."""
    return temperature * (n_atoms - 1) / n_atoms
