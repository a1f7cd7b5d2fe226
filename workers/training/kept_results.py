"""A calculator that keeps each result in a file, so that another attempt at a job goes on after the last one."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from backend.kit.files.storage import replace_file
from backend.label_sets.extxyz import Label


class KeptResults(Calculator):
    """The results of another calculator, each calculated once by all attempts together.

    Parameters
    ----------
    load
        Loads the calculator when its first result is missing.
    folder
        Where results are kept, in files that are named by the structure and `fingerprint`. Attempts share them: equal
        names have equal results.
    fingerprint
        Names the calculator.
    """

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012  # ASE's own way

    def __init__(self, load: Callable[[], Calculator], folder: Path, *, fingerprint: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        folder.mkdir(parents=True, exist_ok=True)
        self._load, self._folder, self._fingerprint = load, folder, fingerprint
        self._loaded: Calculator | None = None
        self.labels: list[Label] = []
        """The structures that were evaluated, with their results, in their order."""
        self.seconds = 0.0
        """Of all results, those of earlier attempts too."""
        self.n_calculated = 0
        """Number of results of this attempt."""

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        """Return energy (eV), forces (eV/Å) and stress (eV/Å³), calculated or kept."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        path = self._folder / f"{self._name(atoms)}.npz"
        kept = self._read(path, len(atoms)) or self._calculate(atoms, path)
        self.seconds += float(kept["seconds"])
        self.results = {
            "energy": float(kept["energy"]),
            "free_energy": float(kept["energy"]),
            "forces": kept["forces"],
            "stress": kept["stress"],
        }
        tensor = kept["stress"][[0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(3, 3)
        self.labels.append(
            Label(
                atoms.numbers.astype(np.int64),
                atoms.positions.copy(),
                atoms.cell.array.copy(),
                float(kept["energy"]),
                kept["forces"],
                tensor,
            )
        )

    def _name(self, atoms: Atoms) -> str:
        digest = hashlib.sha256(self._fingerprint.encode())
        for array in (atoms.numbers, atoms.cell.array, atoms.positions):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:32]

    @staticmethod
    def _read(path: Path, n_atoms: int) -> dict[str, Any] | None:
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
                results = {name: kept[name] for name in ("energy", "forces", "stress", "seconds")}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        return results if results["forces"].shape == (n_atoms, 3) and results["stress"].shape == (6,) else None

    def _calculate(self, atoms: Atoms, path: Path) -> dict[str, Any]:
        began = time.perf_counter()
        if self._loaded is None:
            self._loaded = self._load()
        evaluated = atoms.copy()
        evaluated.calc = self._loaded
        results = {
            "energy": np.array(evaluated.get_potential_energy()),
            "forces": evaluated.get_forces(),
            "stress": evaluated.get_stress(),
        }
        results["seconds"] = np.array(time.perf_counter() - began)
        body = io.BytesIO()
        np.savez(body, allow_pickle=False, **results)
        with replace_file(path) as temporary:
            temporary.write_bytes(body.getvalue())
        self.n_calculated += 1
        return results
