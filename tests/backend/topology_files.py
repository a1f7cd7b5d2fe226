"""Trajectories without names of atoms, by MDAnalysis's writers or by hand, and topologies.

The motion is that of `trajectory_files`. It has three cells here, because XTC compresses ten atoms or more.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from ase.geometry import cell_to_cellpar
from numpy.typing import NDArray

from .trajectory_files import CELL, INTERVAL_FS, SITES, SYMBOLS, motion, velocities

N_CELLS = 3
NAMES = SYMBOLS * N_CELLS
N_ATOMS = len(NAMES)
MASSES = np.where(np.array(NAMES) == "Na", 22.98976928, 35.45)
BOX = CELL * [[1], [1], [N_CELLS]]
PLACES = np.concatenate([SITES + number * CELL[2] for number in range(N_CELLS)])


def moves_of(n_frames: int = 64) -> NDArray[np.float64]:
    """Return the displacements of all atoms, shape (n_frames, n_atoms, 3), Å."""
    return np.tile(motion(n_frames), (1, N_CELLS, 1))


def write_by_mdanalysis(path: Path, *, n_frames: int = 64, **options: Any) -> Path:
    """Write a trajectory in the format of its name, with times in ps, and velocities where the format has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import MDAnalysis

        universe = MDAnalysis.Universe.empty(N_ATOMS, trajectory=True, velocities=True)
        speeds = np.tile(velocities(n_frames), (1, N_CELLS, 1))
        with MDAnalysis.Writer(str(path), N_ATOMS, dt=INTERVAL_FS * 1e-3, **options) as writer:
            for number, move in enumerate(moves_of(n_frames)):
                step = universe.trajectory.ts
                step.positions = PLACES + move
                step.velocities = 1e3 * speeds[number]
                step.dimensions = cell_to_cellpar(BOX)
                step.time = number * INTERVAL_FS * 1e-3
                step.frame = number
                writer.write(universe.atoms)
    return path


def write_gro(path: Path, names: list[str] = NAMES) -> Path:
    """Write a GRO."""
    rows = [
        f"{1:5d}{'SAL':<5s}{name:>5s}{number + 1:5d}" + "".join(f"{value / 10:8.3f}" for value in place)
        for number, (name, place) in enumerate(zip(names, PLACES, strict=True))
    ]
    path.write_text("\n".join(["salt", f"{len(rows):5d}", *rows, "   1.0   1.0   1.0"]) + "\n")
    return path


def write_pdb(path: Path, *, with_elements: bool = True) -> Path:
    """Write a PDB."""
    rows = [
        f"ATOM  {number + 1:5d} {name.upper():<4s} SAL A   1    "
        + "".join(f"{value:8.3f}" for value in place)
        + f"{1:6.2f}{0:6.2f}          {name.upper() if with_elements else '':>2s}"
        for number, (name, place) in enumerate(zip(NAMES, PLACES, strict=True))
    ]
    path.write_text("\n".join(["REMARK   salt", *rows, "END"]) + "\n")
    return path


def write_psf(path: Path) -> Path:
    """Write a PSF in CHARMM's format with names of types."""
    types = {"Na": "SOD", "Cl": "CLA"}
    rows = [
        f"{number + 1:8d} SAL  1    SAL  {name.upper():<4s} {types[name]:<4s} {0.5:10.6f} {mass:13.4f} {0:11d}"
        for number, (name, mass) in enumerate(zip(NAMES, MASSES, strict=True))
    ]
    path.write_text("\n".join(["PSF", "", "       1 !NTITLE", " salt", "", f"{N_ATOMS:8d} !NATOM", *rows, ""]) + "\n")
    return path


def write_prmtop(path: Path, *, numbers: list[int] | None = None, masses: NDArray[np.float64] = MASSES) -> Path:
    """Write the sections of a prmtop that describe its atoms."""
    numbers = numbers or [{"Na": 11, "Cl": 17}[name] for name in NAMES]
    (a, b, c), angle = np.linalg.norm(BOX, axis=1), 90.0
    sections = {
        ("TITLE", "20a4"): ["salt"],
        ("POINTERS", "10I8"): [f"{value:8d}" for value in [N_ATOMS, 2, *[0] * 29]],
        ("ATOM_NAME", "20a4"): [f"{name:<4s}" for name in NAMES],
        ("ATOMIC_NUMBER", "10I8"): [f"{value:8d}" for value in numbers],
        ("MASS", "5E16.8"): [f"{value:16.8E}" for value in masses],
        ("AMBER_ATOM_TYPE", "20a4"): [f"{name + '+':<4s}" for name in NAMES],
        ("BOX_DIMENSIONS", "5E16.8"): [f"{value:16.8E}" for value in (angle, a, b, c)],
    }
    text = "%VERSION  VERSION_STAMP = V0001.000  DATE = 01/01/26  12:00:00\n"
    for (name, layout), cells in sections.items():
        per_line = int(layout.split("a")[0].split("I")[0].split("E")[0])
        lines = ["".join(cells[at : at + per_line]) for at in range(0, len(cells), per_line)]
        text += f"%FLAG {name}\n%FORMAT({layout})\n" + "\n".join(lines) + "\n"
    path.write_text(text)
    return path


def write_lammps_data(path: Path, style: str = "full") -> Path:
    """Write a LAMMPS data file with its atoms in another order."""
    rng = np.random.default_rng(2)
    columns = {"full": "1 {} 0.5", "charge": "{} 0.5", "molecular": "1 {}", "atomic": "{}"}[style]
    rows = [
        f"{atom + 1} {columns.format(1 + atom % 2)} " + " ".join(f"{value:.4f}" for value in PLACES[atom])
        for atom in rng.permutation(N_ATOMS)
    ]
    head = ["LAMMPS data", "", f"{N_ATOMS} atoms", "2 atom types", "", "0 9 xlo xhi", "0 9 ylo yhi", "0 9 zlo zhi", ""]
    path.write_text(
        "\n".join([*head, "Masses", "", "1 22.98976928", "2 35.45", "", f"Atoms # {style}", "", *rows]) + "\n"
    )
    return path


def write_mdcrd(path: Path, *, n_frames: int = 64, with_box: bool = True) -> Path:
    """Write an mdcrd of AMBER."""
    lengths = np.linalg.norm(BOX, axis=1)
    text = "salt\n"
    for move in moves_of(n_frames):
        cells = [f"{value:8.3f}" for value in (PLACES + move).ravel()]
        text += "".join("".join(cells[at : at + 10]) + "\n" for at in range(0, len(cells), 10))
        text += "".join(f"{value:8.3f}" for value in lengths) + "\n" if with_box else ""
    path.write_text(text)
    return path
