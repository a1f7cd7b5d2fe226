"""An MD step of NEP89 on 512 silicon atoms: the default engine against the others that run on cores, all in ASE."""

from __future__ import annotations

import sys
from pathlib import Path

from ase import Atoms, units
from ase.build import bulk
from ase.md.velocitydistribution import thermalize_momenta
from ase.md.verlet import VelocityVerlet

from backend.engines import catalogue
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
    on_cores = [name for name in catalogue.for_method("harmonic", "nep") if catalogue.get(name).queue == "cpu"]
    default, *others = (VelocityVerlet(silicon(engine, model), 2 * units.fs) for engine in on_cores)
    for name, other in zip(on_cores[1:], others, strict=True):
        timing = paired(lambda: default.run(STEPS), lambda: other.run(STEPS), rounds=7)  # noqa: B023
        print(
            f"{on_cores[0]} {1e3 * timing.ours / STEPS:.1f} ms a step, {name} {1e3 * timing.theirs / STEPS:.1f} ms, "
            f"{timing.ratio:.1f} times ({timing.ratio_range[0]:.1f} to {timing.ratio_range[1]:.1f})"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
