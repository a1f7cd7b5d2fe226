"""Energies, forces and stresses by GPAW, for the Python in which it is installed: run as a program, on its own.

It reads a line of JSON for each structure from its input: `file` (extended XYZ), `settings` (`cutoff_ev`,
`spacing_inv_angstrom`, `smearing_ev`), and writes the structure with its results beside it, as `FILE.out`, then a line
of JSON to its output: `{}`, or `{"error": …}`. `--version` prints the version of GPAW and its data sets.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    """Answer each line."""
    import gpaw
    from gpaw import setup_paths

    if "--version" in sys.argv:
        print(json.dumps({"version": gpaw.__version__, "setups": bool(setup_paths)}))
        return
    # GPAW prints to the output: keep that for the answers
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        order = json.loads(line)
        try:
            evaluate(order["file"], order["settings"])
            answer: dict[str, str] = {}
        except Exception as error:  # the program of another project raises what it likes
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def mesh(cell: Any, spacing_inv_angstrom: float) -> tuple[int, int, int]:
    """Return the numbers of wave vectors along the reciprocal vectors, whose distance is at most the spacing."""
    import numpy as np

    lengths = 2 * np.pi * np.linalg.norm(np.linalg.inv(np.asarray(cell)).T, axis=1)
    first, second, third = (max(1, int(np.ceil(length / spacing_inv_angstrom))) for length in lengths)
    return first, second, third


def evaluate(file: str, settings: dict[str, float]) -> None:
    """Calculate one structure, and write it with its results."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import read, write
    from gpaw import GPAW, PW, FermiDirac

    atoms: Any = read(file)
    atoms.calc = GPAW(
        mode=PW(settings["cutoff_ev"]),
        xc="PBE",
        kpts={"size": mesh(atoms.cell, settings["spacing_inv_angstrom"]), "gamma": True},
        occupations=FermiDirac(settings["smearing_ev"]),
        convergence={"energy": 1e-6, "forces": 1e-3},
        txt=None,
    )
    # The free energy, whose derivatives the forces are
    energy = atoms.get_potential_energy(force_consistent=True)
    forces, stress = atoms.get_forces(), atoms.get_stress()
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, stress=stress)
    write(f"{file}.out", atoms, format="extxyz")


if __name__ == "__main__":
    main()
