"""The engines that need a GPU against each other and the CPU's: `python -m benchmarks.gpu nep89.txt`.

Atom-steps per second of silicon and of benzene, and whether their vibrations are the same. Where there is no GPU it
says so and measures nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.io import read
from numpy.typing import NDArray

from backend.engines import catalogue
from scattering.core.constants import PLANCK_MEV_FS
from workers import engines
from workers.engines.interface import Potential, Run, Trajectory
from workers.kit.workplace import Workplace

CRYSTALS = {
    "silicon": (300.0, 2.0, ((4, 4, 4), (8, 8, 8), (16, 16, 16))),
    "benzene": (127.0, 0.5, ((2, 2, 2), (4, 4, 4))),
}
"""Kelvin, time step in fs, supercells of the conventional cell."""
METHOD, FAMILY = "md", "nep"
ON_CORES = catalogue.for_method(METHOD, FAMILY)[0]
ENGINES = (*(name for name in catalogue.for_method(METHOD, FAMILY) if catalogue.get(name).queue == "gpu"), ON_CORES)
CPU_ATOM_STEPS, GPU_STEPS = 5e5, 4000
"""So that each measurement takes seconds, not minutes."""
REPLICAS = 4
BIN_MEV = 4.0


def crystal(name: str) -> Atoms:
    """Silicon, or the example of that name."""
    if name == "silicon":
        return bulk("Si", "diamond", a=5.431, cubic=True)
    atoms = read(Path(__file__).parent.parent / f"backend/structures/examples/{name}.cif")
    assert isinstance(atoms, Atoms)
    return atoms


def carry_out(engine: str, model: Path, sites: Atoms, run: Run) -> Trajectory:
    """Run once, in a folder of its own, and keep nothing on disk."""
    with tempfile.TemporaryDirectory() as folder:
        done = engines.dynamics(engine, Potential(model), loader=ON_CORES).run(
            sites, run, workplace=Workplace(Path(folder), "1"), report=lambda stage, share: None
        )
        return Trajectory(np.array(done.displacements), done.diagnostics, done.seconds)


def rate(engine: str, model: Path, sites: Atoms, temperature: float, timestep: float) -> float:
    """Atom-steps per second of the production, frames and all."""
    steps = max(20, round(CPU_ATOM_STEPS / len(sites))) if engine == ON_CORES else GPU_STEPS
    picoseconds = steps * timestep * 1e-3
    run = Run(temperature, timestep, 4 * timestep, 0.1 * picoseconds, picoseconds, seed=1)
    done = carry_out(engine, model, sites, run)
    return len(sites) * run.production_steps / done.seconds["production_s"]


def vibrations(displacements: NDArray[np.float32], sample_fs: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power of the velocities in bins of energy (meV), as shares of all."""
    velocities = np.diff(displacements.reshape(-1, displacements.shape[-1]), axis=1)
    power = (np.abs(np.fft.rfft(velocities * np.hanning(velocities.shape[1]))) ** 2).sum(axis=0)
    energies = PLANCK_MEV_FS * np.fft.rfftfreq(velocities.shape[1], sample_fs)
    edges = np.arange(0.0, energies[-1], BIN_MEV)
    found, _ = np.histogram(energies, edges, weights=power)
    return edges[:-1] + BIN_MEV / 2, found / power.sum()


def difference(model: Path, engine: str, other: str, sites: Atoms, temperature: float, timestep: float) -> float:
    """Root mean square, over energies that have vibrations, of the difference in standard errors of the replicas."""
    found = []
    for name in (engine, other):
        runs = [Run(temperature, timestep, 4 * timestep, 1.0, 3.0, seed=seed) for seed in range(REPLICAS)]
        found.append(
            np.array([vibrations(carry_out(name, model, sites, run).displacements, run.sample_fs)[1] for run in runs])
        )
    one, two = found
    errors = np.sqrt((one.var(axis=0, ddof=1) + two.var(axis=0, ddof=1)) / REPLICAS)
    there = (one.mean(axis=0) > 1e-3) & (errors > 0)
    return float(np.sqrt(np.mean(((one - two).mean(axis=0)[there] / errors[there]) ** 2)))


def main(model: Path) -> None:
    """Print a line for each crystal, size and engine, and one for each comparison of vibrations."""
    found = engines.available()
    here = [name for name in ENGINES if name in found]
    if missing := sorted(set(ENGINES) - set(here)):
        print(f"not on this machine, so not measured: {', '.join(missing)}")
    if len(here) < 2:
        return
    print(*(f"{name}: {found[name]}" for name in here), sep="\n")
    for name, (temperature, timestep, supercells) in CRYSTALS.items():
        cell = crystal(name)
        for repeats in supercells:
            sites = cell.repeat(repeats)
            for engine in here:
                speed = rate(engine, model, sites, temperature, timestep)
                print(f"{name}, {len(sites)} atoms, {engine}: {speed:.2e} atom-steps/s", flush=True)
        # Student's t of two times four replicas has a root mean square of (6/4)^½
        for engine in here[:-1]:
            z = difference(model, engine, here[-1], cell.repeat(supercells[0]), temperature, timestep)
            print(f"{name}: {engine} and {here[-1]} differ by {z:.1f} standard errors; 1.2 is chance", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
