"""A program that reads and writes what GPUMD v5.6 does, for machines without a GPU; the forces are others.

It takes the commands that `workers.engines.gpumd.input_files` writes, refuses what GPUMD refuses, and writes with
GPUMD's formats, column by column. The "potential" is a file with the word `emt`, or `springs`, a constant in eV/Å² and
the file of the sites that the springs tie atoms to. Its beads do not know of each other: only their files are real.

`STAND_IN` in its environment makes it misbehave: `hang` (in the production, deaf to SIGTERM), `die` (SIGKILL to itself
in the production), `memory` (CUDA's words), `explode` (positions that are no numbers).
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np
from ase import units

BANNER = """
***************************************************************
*                 Welcome to use GPUMD                        *
*     (Graphics Processing Units Molecular Dynamics)          *
*                     version 5.6                             *
*              This is the gpumd executable                   *
***************************************************************
"""
GPA = units.GPa
C, S = np.cos(1e-3), np.sin(1e-3)
MISBEHAVIOUR = os.environ.get("STAND_IN", "")


def refuse(text: str, kind: str = "Input Error", status: int = 1) -> NoReturn:
    """End as GPUMD's macros PRINT_INPUT_ERROR and CHECK do."""
    code = "    Error code: 2\n" if kind == "CUDA Error" else ""
    sys.stderr.write(f"{kind}:\n    File:       main_gpumd/run.cu\n    Line:       1\n{code}    Error text: {text}\n")
    sys.stdout.flush()
    sys.exit(status)


class Springs:
    """Every atom tied to its site."""

    def __init__(self, constant: float, sites: np.ndarray) -> None:
        self._constant, self._sites = constant, sites

    def get(self, positions: np.ndarray, cell: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Energy, forces, stress (Voigt)."""
        moved = positions - self._sites
        moved -= np.rint(moved @ np.linalg.inv(cell)) @ cell
        return 0.5 * self._constant * float((moved**2).sum()), -self._constant * moved, np.zeros(6)


class Metal:
    """ASE's effective medium theory."""

    def __init__(self, symbols: list[str]) -> None:
        from ase import Atoms  # takes most of the time of a short run
        from ase.calculators.emt import EMT

        self._atoms = Atoms(symbols, pbc=True, calculator=EMT())

    def get(self, positions: np.ndarray, cell: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Energy, forces, stress (Voigt)."""
        self._atoms.set_cell(cell)
        self._atoms.positions = positions
        return self._atoms.get_potential_energy(), self._atoms.get_forces(), self._atoms.get_stress()


class Machine:
    """The state that GPUMD keeps from one command to the next."""

    def __init__(self) -> None:
        _, header, *rows = Path("model.xyz").read_text().splitlines()
        lattice, properties = re.search(r'Lattice="(.*?)"', header), re.search(r"Properties=(\S+)", header)
        assert lattice
        assert properties
        names, _, widths = (properties[1].split(":")[first::3] for first in range(3))
        columns = dict(zip(names, np.cumsum([0, *map(int, widths)]).tolist(), strict=False))
        words = np.array([row.split() for row in rows])
        x, v = columns["pos"], columns["vel"]
        self.symbols, self.masses = words[:, 0].tolist(), words[:, [columns["mass"]]].astype(float)
        self.cell = np.array(lattice[1].split(), dtype=float).reshape(3, 3)
        self.positions, self.velocities = (words[:, first : first + 3].astype(float) for first in (x, v))
        self.velocities /= units.fs
        self.beads: list[tuple[np.ndarray, np.ndarray]] = []
        self.rng = np.random.default_rng(time.time_ns())
        self.dumps: list[list[str]] = []
        self.time = self.temperature = 0.0
        self.production = False

    def potential(self, file: str) -> None:
        """What moves the atoms."""
        if file != "nep.txt" or " " in str(Path(file)):
            refuse("illegal potential model.\n")
        words = Path(file).read_text().split()
        if words[0] == "springs":
            self.forces: Springs | Metal = Springs(float(words[1]), np.load(words[2]))
        elif set(self.symbols) <= {"Al", "Cu", "Ag", "Au", "Ni", "Pd", "Pt"}:
            self.forces = Metal(self.symbols)
        else:
            refuse("There is atom in model.xyz that is not allowed in the used potential.\n")

    def ensemble(self, kind: str, *words: str) -> None:
        """How to integrate."""
        counts = {"nve": (0,), "nvt_lan": (3,), "nvt_bdp": (3,), "npt_scr": (6, 10, 16), "trpmd": (1,)}
        counts["pimd"] = (4, 7, 11, 17)
        if kind not in counts:
            refuse("Invalid ensemble type.")
        if len(words) not in counts[kind]:
            refuse(f"ensemble {kind} should have {counts[kind]} parameters.")
        self.kind, numbers = kind, [float(word) for word in words]
        if kind in ("pimd", "trpmd"):
            n_beads = int(numbers.pop(0))
            if n_beads % 2:
                refuse("number of beads should be even.")
            if kind == "trpmd" and not self.beads:
                refuse("Cannot use RPMD or TRPMD before PIMD\n.")
            self.beads = self.beads or [(self.positions.copy(), self.velocities.copy()) for _ in range(n_beads)]
            if len(self.beads) != n_beads:
                refuse("Cannot change the number of beads for PIMD runs\n")
        if numbers:
            self.temperature, self.tau = numbers[0], numbers[2]
        self.pressures, self.moduli = [], []
        if len(numbers) > 3:
            n = (len(numbers) - 4) // 2
            self.pressures, self.moduli, self.tau_p = numbers[3 : 3 + n], numbers[3 + n : 3 + 2 * n], numbers[-1]
            if n < 6 and np.any(self.cell - np.diag(np.diag(self.cell))):
                refuse(f"Cannot use triclinic box with only {n} target pressure components.")

    def run(self, n_steps: int) -> None:
        """Carry out a run, and what was to be written in it."""
        thermo = next(int(words[1]) for words in self.dumps if words[0] == "dump_thermo")
        if any(words[0] == "dump_beads" for words in self.dumps) and not self.beads:
            refuse("Cannot use dump_beads for non-PIMD-related runs.")
        with Path("thermo.out").open("a") as file:
            columns = "T_target KE_quantum PE" if self.beads else "T KE PE"
            file.write(f"# dump_thermo {thermo}\n# format_version 1\n# num_atoms {len(self.symbols)}\n")
            file.write(f"# dt_output {self.step_fs * thermo:.10e} fs\n# columns {columns}")
            file.write(" sxx syy szz syz sxz sxy ax ay az bx by bz cx cy cz\n")
        beads = self.beads or [(self.positions, self.velocities)]
        results = [self.forces.get(x, self.cell) for x, _ in beads]
        dt, scale = self.step_fs * units.fs, units.kB * self.temperature
        self.production = self.kind in ("nve", "nvt_bdp", "trpmd")
        for step in range(n_steps):
            self.time += self.step_fs
            for number, (x, v) in enumerate(beads):
                if self.kind in ("nvt_lan", "pimd", "trpmd"):
                    self._kick(v, scale)
                v += 0.5 * dt * results[number][1] / self.masses
                x += dt * v
                # As gpu_apply_pbc does: by one lattice vector at most
                fractions = x @ np.linalg.inv(self.cell)
                x -= ((fractions > 1).astype(float) - (fractions < 0)) @ self.cell
                results[number] = self.forces.get(x.copy(), self.cell)
                v += 0.5 * dt * results[number][1] / self.masses
                if self.kind in ("nvt_lan", "pimd", "trpmd"):
                    self._kick(v, scale)
            kinetic = float(np.mean([0.5 * (self.masses * v**2).sum() for _, v in beads]))
            if self.kind in ("nvt_bdp", "npt_scr"):
                aim = 1.5 * len(self.symbols) * scale
                beads[0][1][:] *= np.sqrt(1 + (aim / kinetic - 1) / self.tau)
            self.positions = np.mean([x for x, _ in beads], axis=0) if self.beads else beads[0][0]
            stress = -results[0][2] / GPA
            stress[:3] += 2 / 3 * kinetic / abs(np.linalg.det(self.cell)) / GPA
            if self.pressures:
                self._squeeze(stress, beads)
            self._misbehave(step, n_steps)
            self._write(step, thermo, kinetic, float(np.mean([energy for energy, _, _ in results])), stress, beads)
            if (step + 1) % max(1, n_steps // 10) == 0:
                print(f"    {step + 1} steps completed.", flush=True)
        self.dumps = []

    def _kick(self, v: np.ndarray, scale: float) -> None:
        keep = np.exp(-0.5 / self.tau)
        v *= keep
        v += np.sqrt((1 - keep**2) * scale / self.masses) * self.rng.standard_normal(v.shape)
        v -= (self.masses * v).sum(axis=0) / self.masses.sum()

    def _squeeze(self, stress: np.ndarray, beads: list[tuple[np.ndarray, np.ndarray]]) -> None:
        rates = 1 / (self.tau_p * 3 * np.array(self.moduli))
        if len(self.pressures) == 1:
            stretch = np.eye(3) * (1 - rates[0] * (self.pressures[0] - stress[:3].mean()))
        elif len(self.pressures) == 3:
            stretch = np.diag(1 - rates * (np.array(self.pressures) - stress[:3]))
        else:
            xx, yy, zz, yz, xz, xy = -rates * (np.array(self.pressures) - stress)
            # With a rotation, as the noise of GPUMD's stochastic barostat has one
            stretch = np.array([[1 + xx, xy, xz], [xy, 1 + yy, yz], [xz, yz, 1 + zz]])
            stretch = stretch @ np.array([[C, -S, 0], [S, C, 0], [0, 0, 1]])
        self.cell = self.cell @ stretch.T
        for x, _ in beads:
            x[:] = x @ stretch.T

    def _misbehave(self, step: int, n_steps: int) -> None:
        if not self.production or 2 * step < n_steps:
            return
        if MISBEHAVIOUR == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            Path("hanging").touch()
            while True:
                time.sleep(1)
        if MISBEHAVIOUR == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if MISBEHAVIOUR == "explode":
            self.positions[0] = np.nan

    def _write(
        self,
        step: int,
        thermo: int,
        kinetic: float,
        energy: float,
        stress: np.ndarray,
        beads: list[tuple[np.ndarray, np.ndarray]],
    ) -> None:
        if (step + 1) % thermo == 0:
            now = self.temperature if self.beads else kinetic / (1.5 * len(self.symbols) * units.kB)
            with Path("thermo.out").open("a") as file:
                row = [now, kinetic, energy, *stress, *self.cell.ravel()]
                file.write("".join(f"{number:20.10e}" for number in row) + "\n")
        for words in self.dumps:
            if (step + 1) % int(words[3] if words[0] == "dump_xyz" else words[1]) or words[0] == "dump_thermo":
                continue
            if words[0] == "dump_beads":
                for number, (x, _) in enumerate(beads):
                    # GPUMD keeps the beads together with single precision
                    self._frame(Path(f"beads_dump_{number}.xyz"), x.astype(np.float32), None)
                continue
            name = Path(words[4].replace("*", str(step + 1)))
            if words[4].endswith("*"):
                name.unlink(missing_ok=True)
            self._frame(name, self.positions, self.velocities if "velocity" in words else None)

    def _frame(self, path: Path, positions: np.ndarray, velocities: np.ndarray | None) -> None:
        lattice = " ".join(f"{number:.8f}" for number in self.cell.ravel())
        properties = "species:S:1:pos:R:3" + (":vel:R:3" if velocities is not None else "")
        numbers = positions if velocities is None else np.hstack([positions, velocities * units.fs])
        with path.open("a") as file:
            file.write(f'{len(self.symbols)}\nTime={self.time:.8f} pbc="T T T" Lattice="{lattice}" ')
            file.write("" if path.name.startswith("beads") else 'energy=0.00000000 virial="0 0 0 0 0 0 0 0 0" ')
            file.write(f"Properties={properties}\n")
            for symbol, row in zip(self.symbols, numbers, strict=True):
                file.write(" ".join([symbol, *(f"{number:.8f}" for number in row)]) + "\n")


def main() -> None:
    """Do as `gpumd` does in its working directory."""
    print(BANNER, flush=True)
    if MISBEHAVIOUR == "no gpu":
        refuse("no CUDA-capable device is detected", kind="CUDA Error")
    if not Path("model.xyz").exists():
        print("Failed to open model.xyz!")
        sys.exit(1)
    machine = Machine()
    for line in Path("run.in").read_text().splitlines():
        keyword, *words = line.split()
        if keyword == "potential":
            machine.potential(*words)
            if MISBEHAVIOUR == "memory":
                refuse("out of memory", kind="CUDA Error")
        elif keyword == "time_step":
            machine.step_fs = float(words[0])
        elif keyword == "ensemble":
            machine.ensemble(*words)
        elif keyword in ("dump_thermo", "dump_xyz", "dump_beads"):
            if int(words[2 if keyword == "dump_xyz" else 0]) <= 0:
                refuse("dump interval should > 0.")
            machine.dumps.append([keyword, *words])
        elif keyword == "run":
            machine.run(int(words[0]))
        elif keyword != "dftd3":
            refuse(f"'{keyword}' is an invalid keyword.")
    print("Finished running GPUMD.")


if __name__ == "__main__":
    main()
