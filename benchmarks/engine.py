"""An MD step of NEP89 on 512 silicon atoms: the project's engine against calorine's CPUNEP, both in ASE."""

from __future__ import annotations

import sys
from pathlib import Path

from ase import Atoms, units
from ase.build import bulk
from ase.md.velocitydistribution import thermalize_momenta
from ase.md.verlet import VelocityVerlet

from benchmarks.timing import paired
from workers.engines import calculator
from workers.engines.interface import Potential

STEPS = 20


def silicon(engine: str, model: Path) -> Atoms:
    """512 atoms at 300 K."""
    atoms = bulk("Si", "diamond", a=5.431, cubic=True).repeat(4)
    atoms.calc = calculator(engine, Potential(model))
    thermalize_momenta(atoms, temperature_K=300)
    return atoms


def main(model: Path) -> None:
    """Print the time of a step of each, and the ratio."""
    runs = {engine: VelocityVerlet(silicon(engine, model), 2 * units.fs) for engine in ("nep-adapters", "calorine")}
    timing = paired(lambda: runs["nep-adapters"].run(STEPS), lambda: runs["calorine"].run(STEPS), rounds=7)
    print(
        f"nep-adapters {1e3 * timing.ours / STEPS:.1f} ms a step, CPUNEP {1e3 * timing.theirs / STEPS:.1f} ms, "
        f"{timing.ratio:.1f} times ({timing.ratio_range[0]:.1f} to {timing.ratio_range[1]:.1f})"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
