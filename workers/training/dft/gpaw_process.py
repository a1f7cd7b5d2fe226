"""GPAW as a calculator that runs in another Python, such as the system's."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.io import read, write

from backend.trainings.references import GPAW
from scattering.core.notices import Notice
from workers.kit.failures import MAX_REASON_LENGTH, CannotPredict

PROGRAM: Final = Path(__file__).with_name("gpaw_program.py")
PYTHON: Final = "BEAMCAST_GPAW_PYTHON"
"""Environment variable with the Python that has GPAW."""
POLL_S: Final = 0.5
SMEARING_EV: Final = 0.05


@dataclass(frozen=True)
class Settings:
    """Cut-off energy of the plane waves (eV), largest distance of wave vectors (Å⁻¹), and smearing (eV)."""

    cutoff_ev: float
    spacing_inv_angstrom: float
    smearing_ev: float = SMEARING_EV


@cache
def available() -> dict[str, str]:
    """Return `dft-gpaw` and its version, if a Python of this machine has GPAW with its data sets."""
    python = find_python()
    if python is None:
        return {}
    try:
        command = [python, str(PROGRAM), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment())
        told = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return {GPAW: f"gpaw {told['version']}"} if told["setups"] else {}


def find_python() -> str | None:
    """Return the Python to try: that of the environment variable, or the system's."""
    return os.environ.get(PYTHON) or shutil.which("python3", path="/usr/bin:/usr/local/bin")


def environment() -> dict[str, str]:
    """Return the environment of GPAW: on one core, and without the packages of this Python."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, "OMP_NUM_THREADS": "1"}


class Gpaw(Calculator):
    """GPAW in a process of its own, which ends with `close`.

    Parameters
    ----------
    settings
        Settings of all structures.
    folder
        Folder of the exchanged files.
    check
        Called twice a second while GPAW calculates. It raises to stop.
    """

    implemented_properties = ["energy", "free_energy", "forces", "stress"]  # noqa: RUF012  # ASE's own way

    def __init__(self, settings: Settings, folder: Path, check: Callable[[], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._settings, self._folder, self._check = settings, folder, check
        python = find_python()
        assert python is not None
        self._process = subprocess.Popen(
            [python, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment(),
        )

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Evaluate energy (eV; the free energy of the smearing), forces (eV/Å) and stress (eV/Å³).

        Raises
        ------
        CannotPredict
            GPAW fails, such as for want of data of an element.
        """
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        file = self._folder / "structure.xyz"
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
        write(file, bare, format="extxyz")
        answer = self._ask({"file": str(file), "settings": asdict(self._settings)})
        if "error" in answer:
            reason = answer["error"][-MAX_REASON_LENGTH:]
            raise CannotPredict(Notice("labelling_failed", {"title": "GPAW", "reason": reason}))
        calculated: Any = read(f"{file}.out", format="extxyz")
        energy = float(calculated.get_potential_energy())
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": calculated.get_forces(),
            "stress": calculated.get_stress(),
        }

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            while not select.select([self._process.stdout], [], [], POLL_S)[0]:
                self._check()
            line = self._process.stdout.readline()
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError):
            return {"error": f"the process ended with {self._process.wait()}"}
        return answer

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def loaded(folder: Path, check: Callable[[], None]) -> Iterator[Callable[[Settings], Calculator]]:
    """Return a function that starts GPAW with settings; only the last one runs, and all end with the context."""
    running: list[Gpaw] = []

    def load(settings: Settings) -> Calculator:
        for one in running:
            one.close()
        running[:] = [Gpaw(settings, folder, check)]
        return running[0]

    try:
        yield load
    finally:
        for one in running:
            one.close()
