"""Trajectories of a small crystal in the formats of several programs, all of the same motion."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from numpy.typing import NDArray

INTERVAL_FS = 5.0
REPEATS = 4
CELL = np.array([[6.2, 0.0, 0.0], [0.4, 6.6, 0.0], [-0.3, 0.5, 7.0]])
SYMBOLS = ["Na", "Cl", "Na", "Cl"]
SITES = np.array([[0.02, 0.5, 0.5], [0.5, 0.02, 0.5], [0.25, 0.25, 0.98], [0.75, 0.75, 0.25]]) @ CELL
MASSES = np.array([22.98976928, 35.45, 22.98976928, 35.45])


def motion(n_frames: int = 64, *, interval_fs: float = INTERVAL_FS, amplitude: float = 0.3) -> NDArray[np.float64]:
    """Return displacements of the atoms without their centre of mass, shape (n_frames, n_atoms, 3), Å."""
    rng = np.random.default_rng(4)
    time = interval_fs * np.arange(n_frames)
    periods, phases = rng.uniform(150, 400, (4, 3)), rng.uniform(0, 2 * np.pi, (4, 3))
    moves = amplitude * np.sin(2 * np.pi * time[:, None, None] / periods + phases)
    return moves - np.einsum("a,tax->tx", MASSES, moves)[:, None] / MASSES.sum()


def velocities(n_frames: int = 64) -> NDArray[np.float64]:
    """Return the velocities of the motion, Å/fs, by differences of a tenth of a step."""
    step = INTERVAL_FS / 10
    fine = motion(10 * n_frames + 1, interval_fs=step)
    return np.gradient(fine, step, axis=0)[: 10 * n_frames : 10]


def frames(moves: NDArray[np.float64], *, wrapped: bool = False) -> list[Atoms]:
    """Return the frames as ASE has them."""
    made = [Atoms(SYMBOLS, SITES + one, cell=CELL, pbc=True) for one in moves]
    if wrapped:
        for one in made:
            one.wrap()
    return made


def write_extxyz(path: Path, moves: NDArray[np.float64], *, wrapped: bool = False) -> Path:
    """Write an extended XYZ file."""
    write(path, frames(moves, wrapped=wrapped), format="extxyz")
    return path


def write_large_extxyz(path: Path, mib: int) -> Path:
    """Write an extended XYZ file of at least so many MiB, with times; its frames are large, as those are read fast."""
    shifts = np.array(list(itertools.product(range(REPEATS), repeat=3))) @ CELL
    symbols = SYMBOLS * len(shifts)
    lattice = " ".join(f"{value:.6f}" for value in (REPEATS * CELL).ravel())
    about = f'pbc="T T T" Lattice="{lattice}" Properties=species:S:1:pos:R:3'
    with path.open("w") as file:
        for number, move in enumerate(motion(100 * mib)):
            positions = (shifts[:, None] + SITES + move).reshape(-1, 3).tolist()
            file.write(f"{len(symbols)}\nTime={number * INTERVAL_FS} {about}\n")
            file.writelines(
                f"{name} {x:.12f} {y:.12f} {z:.12f}\n" for name, (x, y, z) in zip(symbols, positions, strict=True)
            )
            if file.tell() > mib * 2**20:
                return path
    raise AssertionError("too few frames")


def write_gpumd(path: Path, moves: NDArray[np.float64], speeds: NDArray[np.float64]) -> Path:
    """Write a dump.xyz as GPUMD does."""
    lattice = " ".join(f"{value:.8f}" for value in CELL.ravel())
    lines = list[str]()
    for number, (move, speed) in enumerate(zip(moves, speeds, strict=True)):
        lines += ["4", f'Time={number * INTERVAL_FS:.8f} pbc="T T T" Lattice="{lattice}" '
                  "Properties=species:S:1:pos:R:3:vel:R:3"]  # fmt: skip
        lines += [
            f"{symbol} {_text(position)} {_text(velocity)}"
            for symbol, position, velocity in zip(SYMBOLS, SITES + move, speed, strict=True)
        ]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_lammps(
    path: Path,
    moves: NDArray[np.float64],
    *,
    scaled: bool = False,
    speeds: NDArray[np.float64] | None = None,
    step: int = 5,
) -> Path:
    """Write a text dump of LAMMPS, with the atoms in another order in each frame."""
    rng = np.random.default_rng(1)
    (xlo, ylo, zlo), (lx, ly, lz) = (1.0, -2.0, 3.0), np.diag(CELL)
    xy, xz, yz = CELL[1, 0], CELL[2, 0], CELL[2, 1]
    box = (
        f"{xlo + min(0, xy, xz, xy + xz)} {xlo + lx + max(0, xy, xz, xy + xz)} {xy}\n"
        f"{ylo + min(0, yz)} {ylo + ly + max(0, yz)} {xz}\n{zlo} {zlo + lz} {yz}\n"
    )
    columns = "xs ys zs" if scaled else "x y z ix iy iz"
    text = ""
    for number, move in enumerate(moves):
        fractional = (SITES + move) @ np.linalg.inv(CELL)
        images = np.floor(fractional).astype(int)
        inside = fractional - images
        text += f"ITEM: TIMESTEP\n{1000 + number * step}\nITEM: NUMBER OF ATOMS\n4\n"
        text += f"ITEM: BOX BOUNDS xy xz yz pp pp pp\n{box}ITEM: ATOMS id type {columns}"
        text += "\n" if speeds is None else " vx vy vz\n"
        for atom in rng.permutation(4):
            where = inside[atom] if scaled else inside[atom] @ CELL + [xlo, ylo, zlo]
            text += f"{atom + 1} {1 + atom % 2} {_text(where)}"
            text += "" if scaled else " " + " ".join(map(str, images[atom]))
            text += "\n" if speeds is None else f" {_text(1e3 * speeds[number, atom])}\n"
    path.write_text(text)
    return path


def write_xdatcar(path: Path, moves: NDArray[np.float64], *, separator: str = "Direct configuration= {}") -> Path:
    """Write an XDATCAR, with atoms sorted by species."""
    order = [0, 2, 1, 3]
    rows = "\n".join(_text(row) for row in CELL)
    text = f"title\n 1.0\n{rows}\n Na Cl\n 2 2\n"
    for number, move in enumerate(moves, start=1):
        fractional = ((SITES + move) @ np.linalg.inv(CELL))[order] % 1
        text += separator.format(number) + "\n" + "\n".join(map(_text, fractional)) + "\n"
    path.write_text(text)
    return path


def write_castep(path: Path, moves: NDArray[np.float64], speeds: NDArray[np.float64]) -> Path:
    """Write a .md by ASE, with times of CASTEP: ASE's writer numbers the frames."""
    made = frames(moves)
    for one, speed in zip(made, speeds, strict=True):
        one.set_velocities(speed / units.fs)
        one.calc = SinglePointCalculator(one, energy=0.0, forces=np.zeros((4, 3)), stress=np.zeros(6))
    write(path, made, format="castep-md")
    atomic_fs = units._hbar / (units.Hartree * units._e) * 1e15
    blocks = path.read_text().split("END header\n")
    lines = blocks[1].split("\n")
    numbers = iter(range(len(made)))
    lines = [
        f"{next(numbers) * INTERVAL_FS / atomic_fs:30.16E}" if line.split() and "<--" not in line else line
        for line in lines
    ]
    path.write_text(f"{blocks[0]}END header\n" + "\n".join(lines))
    return path


def write_dlpoly(
    path: Path,
    moves: NDArray[np.float64],
    *,
    speeds: NDArray[np.float64] | None = None,
    with_forces: bool = False,
    with_cell: bool = True,
    names: Sequence[str] = SYMBOLS,
    masses: Sequence[float] | NDArray[np.float64] = MASSES,
) -> Path:
    """Write a HISTORY as DL_POLY_4 does, with the atoms in another order in each frame."""
    rng = np.random.default_rng(1)
    level = 0 if speeds is None else 1 + with_forces
    shape = 3 if with_cell else 0
    lines = [f"{'four atoms':72s}", f"{level:10d}{shape:10d}{len(names):10d}{len(moves):21d}{0:21d}"]
    for number, move in enumerate(moves):
        step = 100 + 5 * number
        lines.append(f"timestep{step:10d}{len(names):10d}{level:2d}{shape:2d}{0.001:20.6f}{step * 0.001:20.6f}")
        lines += ["".join(f"{value:20.10f}" for value in row) for row in CELL] if with_cell else []
        for atom in rng.permutation(len(names)):
            fractional = (SITES[atom] + move[atom]) @ np.linalg.inv(CELL)
            # Boxes are centred about the origin
            vectors = [(fractional - np.rint(fractional)) @ CELL]
            if speeds is not None:
                vectors += [1e3 * speeds[number, atom], np.zeros(3)][:level]
            lines.append(f"{names[atom]:8s}{atom + 1:10d}{masses[atom]:12.6f}{0.5:12.6f}{0.01:12.6f}")
            lines += ["".join(f"{value:20.10E}" for value in vector) for vector in vectors]
    path.write_text("".join(f"{line:72s}\n" for line in lines))
    return path


def write_cp2k(folder: Path, moves: NDArray[np.float64], speeds: NDArray[np.float64]) -> list[Path]:
    """Write positions, velocities and cells as CP2K does."""
    folder.mkdir(exist_ok=True)
    atomic_speed = units.Bohr / (units._hbar / (units.Hartree * units._e) * 1e15)
    made = {"pos": SITES + moves, "vel": speeds / atomic_speed}
    paths = []
    for quantity, vectors in made.items():
        text = ""
        for number, rows in enumerate(vectors):
            text += f"{4:8d}\n i = {10 * number:8d}, time = {number * INTERVAL_FS:12.3f}, E = {-17.1:20.10f}\n"
            text += "".join(
                f"{symbol:>3s}{''.join(f'{value:20.10f}' for value in row)}\n"
                for symbol, row in zip(SYMBOLS, rows, strict=True)
            )
        paths.append(folder / f"salt-{quantity}-1.xyz")
        paths[-1].write_text(text)
    names = "".join(f"{axis}{one} [Angstrom]".rjust(20) for axis in "ABC" for one in "xyz")
    text = f"#   Step   Time [fs]{names}     Volume [Angstrom^3]\n"
    vectors = "".join(f"{value:20.10f}" for value in CELL.ravel())
    for number in range(len(moves)):
        text += f"{10 * number:8d}{number * INTERVAL_FS:12.3f}{vectors}{np.linalg.det(CELL):25.10f}\n"
    paths.append(folder / "salt-1.cell")
    paths[-1].write_text(text)
    return paths


def _text(values: Sequence[float] | NDArray[np.float64]) -> str:
    return " ".join(f"{value:.10f}" for value in values)
