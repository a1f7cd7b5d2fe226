"""`python -m backend.potentials.trial`: check an uploaded potential, compute forces once, and write the facts as JSON.

It runs confined, because engines are native code that trusts its input.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ase
import numpy as np
from numpy.typing import NDArray

from backend.families import catalogue as families
from backend.families.record import Family, UnusablePotential
from backend.kit.files import confined, parsed_notices
from scattering.core.notices import Notice

MEMORY_BYTES = 4 * 1024**3
SPACING_ANGSTROM = 3.0
"""Distance between the atoms of the trial: below every cutoff, above the steep part of every repulsion."""

MAX_RESULT = 1e6
"""Largest energy and force, in eV and eV/Å. At this distance, usable potentials give much less. NaN also fails."""


def main(arguments: list[str] | None = None) -> None:
    """Read the input file and write the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-s", type=float, required=True)
    options = parser.parse_args(arguments)
    families.families()  # imports the records before the limits apply
    with confined.child(memory_bytes=MEMORY_BYTES, cpu_s=options.cpu_s) as answer:
        answer.write(as_json(confined.INPUT))


def as_json(path: str) -> str:
    """Return the family of a file, its facts and the engine that runs it, or the refusal as a notice, `error`."""
    try:
        family, facts = families.identify(Path(path).read_bytes())
        engine = find_engine(family, path, facts.elements)
    except UnusablePotential as error:
        (notice,) = parsed_notices.to_json([error.notice])
        return json.dumps({"error": notice})
    return json.dumps({"family": family.name, **asdict(facts), "engine": engine})


def find_engine(family: Family, path: str, elements: tuple[str, ...]) -> str:
    """Return the first engine that loads the potential and gives finite forces on atoms of all its elements.

    Raises
    ------
    UnusablePotential
        No engine does.
    """
    reasons: list[dict[str, str | None]] = []
    assert family.uploads is not None
    for name, load in family.uploads.loaders.items():
        atoms = _one_of_each(elements)
        try:
            atoms.calc = load(path)
            if np.abs(_results(atoms)).max() < MAX_RESULT:
                return name
            reasons.append({"engine": name, "error": None})
        except Exception as error:
            reasons.append({"engine": name, "error": " ".join(str(error).split())[:200]})
    raise UnusablePotential(Notice("no_engine_runs_file", {"engines": reasons}))


def _one_of_each(elements: tuple[str, ...]) -> ase.Atoms:
    symbols = list(elements) * (1 if len(elements) > 1 else 2)
    side = int(np.ceil(len(symbols) ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(side)] * 3), axis=-1).reshape(-1, 3)[: len(symbols)]
    # Shifts from the grid, so that no force vanishes by symmetry
    shifts = 0.1 * np.sin(np.arange(grid.size)).reshape(grid.shape)
    return ase.Atoms(symbols, positions=SPACING_ANGSTROM * grid + shifts, cell=[SPACING_ANGSTROM * side] * 3, pbc=True)


def _results(atoms: ase.Atoms) -> NDArray[np.float64]:
    forces: Any = atoms.get_forces()
    energy: Any = atoms.get_potential_energy()
    return np.append(np.asarray(forces, dtype=np.float64).ravel(), energy)


if __name__ == "__main__":
    main()
