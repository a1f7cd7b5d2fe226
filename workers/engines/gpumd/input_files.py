"""What GPUMD reads: atoms in `model.xyz`, commands in `run.in`. calorine writes both.

References
----------
GPUMD v5.6: src/main_gpumd/run.cu (commands), src/integrate/integrate.cu (ensembles), src/model/read_xyz.cu (atoms),
src/measure/dump_xyz.cu and dump_beads.cu (what is written, after every so many steps of a `run`).
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
"""Of GPUMD: what the inputs and the formats of the outputs were read off from, and what the image of the GPU worker
builds."""
MODEL, ATOMS, COMMANDS = "nep.txt", "model.xyz", "run.in"
FRAMES: Final = "frames.xyz"
"""The last frame of the equilibration and those of the production."""
EQUILIBRATING: Final = "equilibrated_"
PRODUCING: Final = "produced_"
"""Files of positions and velocities, with the step of the `run` after it."""

VELOCITY_RESCALING_FS: Final = 1000.0
"""Time of the thermostat of an NVT production. It rescales all velocities alike, so it hardly touches the dynamics."""
BAROSTAT_FS: Final = 1000.0
STIFFNESS_GPA: Final = 20.0
"""A soft crystal's. It only says how fast the cell answers: one ten times as stiff answers within a tenth of
`BAROSTAT_FS`, one ten times as soft takes ten times as long."""

NOTHING: Final = 1e-9
"""Å, of a cell's components."""

Commands = list[tuple[str, tuple[Any, ...]]]


def write(folder: Path, atoms: Atoms, commands: Commands, model: Path) -> None:
    """Write what GPUMD reads into an empty folder.

    Parameters
    ----------
    folder
        GPUMD's working directory.
    atoms
        With velocities. Written with 8 decimals: Å, and Å/fs.
    commands
        Keywords and what follows them.
    model
        The potential's file, which may lie under any name: GPUMD splits its commands at blanks.
    """
    from calorine.gpumd import write_runfile, write_xyz  # takes seconds to import

    (folder / MODEL).symlink_to(model.resolve())
    # GPUMD brings an atom back into the cell by one lattice vector at most
    wrapped = atoms.copy()
    wrapped.wrap()
    # Nor does it see that a cell is at right angles if anything is left of a rotation
    wrapped.set_cell(np.where(np.abs(wrapped.cell.array) < NOTHING, 0.0, wrapped.cell.array))
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
    """Make the commands that equilibrate and produce, or do what is left of it.

    Parameters
    ----------
    potential
        Whose file is called `MODEL`.
    run
        All of it.
    n_atoms
        How many there are.
    equilibrated, produced
        Steps that an earlier attempt has done.
    checkpoint_every
        Steps of a classical run between files of positions and velocities. GPUMD keeps the velocities of no beads but
        their mean, so that path integrals cannot be gone on with.
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
            # The ring polymers go on as they are: GPUMD keeps its beads from one run to the next
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
            ("dump_xyz", (-1, 0, checkpoint_every, f"{EQUILIBRATING}*", "velocity")),
            ("dump_xyz", (-1, 0, left, FRAMES)),
            ("run", (left,)),
        ]
    ensemble: tuple[Any, ...] = ("nve",)
    if run.ensemble == "nvt":
        rescaled = _rescaled(temperature, n_atoms)
        ensemble = ("nvt_bdp", rescaled, rescaled, _steps(VELOCITY_RESCALING_FS, run))
    commands += [
        ("ensemble", ensemble),
        ("dump_thermo", (run.every,)),
        ("dump_xyz", (-1, 0, checkpoint_every, f"{PRODUCING}*", "velocity")),
        ("dump_xyz", (-1, 0, run.every, FRAMES)),
        ("run", (run.production_steps - produced,)),
    ]
    return commands


def relaxation(potential: Potential, run: Run, pressure_gpa: float, sites: Atoms) -> Commands:
    """Make the commands that let the cell move: `equilibration_steps` to settle, and as many again.

    The cell changes as the crystal's symmetry allows: lengths alike where it is cubic, each length where its axes are
    at right angles, else all of it; GPUMD takes the first two for cells along x, y and z only.
    """
    components = _components(sites)
    # Pressures are normal stresses, then shears
    pressures = [pressure_gpa] * min(components, 3) + [0.0] * (components - min(components, 3))
    barostat = (*pressures, *[STIFFNESS_GPA] * components, _steps(BAROSTAT_FS, run))
    coupling = _steps(1 / FRICTION_PER_FS, run)
    if run.n_beads == 1:
        rescaled = _rescaled(run.temperature_k, len(sites))
        ensemble: tuple[Any, ...] = ("npt_scr", rescaled, rescaled, coupling)
    else:
        ensemble = ("pimd", run.n_beads, run.temperature_k, run.temperature_k, coupling)
    return [
        *_potential(potential, run),
        ("ensemble", (*ensemble, *barostat)),
        ("dump_thermo", (run.every,)),
        ("run", (2 * run.equilibration_steps,)),
    ]


def _components(sites: Atoms) -> int:
    """How many components of the stress the cell answers to, of 1, 3 and 6 that GPUMD can."""
    cell, rotations = sites.cell.array, mean_cell.point_group(sites)
    if np.any(np.abs(cell - np.diag(np.diag(cell))) >= NOTHING):
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
    """Times of thermostats and barostats are in steps, at least one."""
    return round(max(1.0, fs / run.timestep_fs), 6)


def _rescaled(temperature: float, n_atoms: int) -> float:
    """What to ask of a thermostat that counts the centre of mass, which is at rest, among what has a temperature."""
    return temperature * (n_atoms - 1) / n_atoms
