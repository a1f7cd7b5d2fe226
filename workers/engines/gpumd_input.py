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
import spglib
from ase import Atoms
from numpy.typing import NDArray

from workers.engines.interface import Potential, Run
from workers.integration import FRICTION_PER_FS

RELEASE: Final = "v5.6"
"""Of GPUMD: what the inputs and the formats of the outputs were read off from, and what the image of the GPU worker
builds."""
MODEL, ATOMS, COMMANDS = "nep.txt", "model.xyz", "run.in"
FRAMES: Final = "frames.xyz"
"""The last frame of the equilibration and those of the production."""
EQUILIBRATING: Final = "equilibrated_"
PRODUCING: Final = "produced_"
"""Files of positions and velocities, with the step of the `run` after it."""

BARE_D3: Final = (12.0, 6.0)
"""Å: cutoffs of the dispersion and of the coordination numbers; those of GPUMD's manual."""
VELOCITY_RESCALING_FS: Final = 1000.0
"""Time of the thermostat of an NVT production. It rescales all velocities alike, so it hardly touches the dynamics."""
BAROSTAT_FS: Final = 1000.0
STIFFNESS_GPA: Final = 20.0
"""A soft crystal's. It only says how fast the cell answers: one ten times as stiff answers within a tenth of
`BAROSTAT_FS`, one ten times as soft takes ten times as long."""

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
    write_xyz(str(folder / ATOMS), wrapped)
    write_runfile(folder / COMMANDS, commands)


def dynamics(
    potential: Potential, run: Run, *, equilibrated: int = 0, produced: int = 0, checkpoint_every: int
) -> Commands:
    """Make the commands that equilibrate and produce, or do what is left of it.

    Parameters
    ----------
    potential
        Whose file is called `MODEL`.
    run
        All of it.
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
        ensemble = ("nvt_bdp", temperature, temperature, _steps(VELOCITY_RESCALING_FS, run))
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
    thermostat = (run.temperature_k, run.temperature_k, _steps(1 / FRICTION_PER_FS, run))
    number = _symmetry(sites).number
    along_axes = not np.any(sites.cell.array - np.diag(np.diag(sites.cell.array)))
    components = (1 if number >= 195 else 3) if along_axes and number >= 16 else 6
    # Pressures are normal stresses, then shears
    pressures = [pressure_gpa] * min(components, 3) + [0.0] * (components - min(components, 3))
    barostat = (*pressures, *[STIFFNESS_GPA] * components, _steps(BAROSTAT_FS, run))
    ensemble = ("npt_scr", *thermostat) if run.n_beads == 1 else ("pimd", run.n_beads, *thermostat)
    return [
        *_potential(potential, run),
        ("ensemble", (*ensemble, *barostat)),
        ("dump_thermo", (run.every,)),
        ("run", (2 * run.equilibration_steps,)),
    ]


def symmetric(sites: Atoms, stretch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take out of a stretch what the crystal's symmetry forbids, which is noise.

    Parameters
    ----------
    sites
        The crystal.
    stretch
        Shape (3, 3), symmetric, in Cartesian axes.
    """
    cell = sites.cell.array
    # x' = W x of fractional columns is r' = r (A⁻¹ Wᵀ A) of Cartesian rows
    rotations = np.linalg.inv(cell) @ np.swapaxes(_symmetry(sites).rotations, 1, 2) @ cell
    return np.asarray(np.mean(np.swapaxes(rotations, 1, 2) @ stretch @ rotations, axis=0))


def _symmetry(sites: Atoms) -> Any:
    found = spglib.get_symmetry_dataset((sites.cell.array, sites.get_scaled_positions(), sites.numbers), symprec=1e-3)
    if found is None:
        raise ValueError("spglib finds no symmetry, not even none")
    return found


def _potential(potential: Potential, run: Run) -> Commands:
    commands: Commands = [("potential", (MODEL,))]
    if potential.dispersion is not None:
        commands.append(("dftd3", (potential.dispersion, *BARE_D3)))
    return [*commands, ("time_step", (run.timestep_fs,))]


def _steps(fs: float, run: Run) -> float:
    """Times of thermostats and barostats are in steps, at least one."""
    return round(max(1.0, fs / run.timestep_fs), 6)
