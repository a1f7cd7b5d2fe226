"""Molecular dynamics that tells whether a crystal stays whole in a potential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.md.langevin import Langevin
from numpy.typing import NDArray

from scattering.simulate.protocol import choose_supercell, time_scales
from workers.engines.motion import set_in_motion
from workers.simulations.steps.harmonic_correction import find_molecules_of

MIN_HEIGHT_ANGSTROM: Final = 9.0
"""Smallest height of the cell: beyond the range of forces, and some hundred atoms."""
FRICTION_PER_FS: Final = 0.01
MAX_RELATIVE_DISPLACEMENT: Final = 0.25
"""Root mean square distance from the sites, over that of nearest neighbours: twice that of a crystal that melts
(Lindemann)."""
STEPS_PER_CHECK: Final = 50


@dataclass(frozen=True)
class Stability:
    """How long a crystal stayed whole: ps, of those that were asked for."""

    stable_ps: float
    wanted_ps: float

    @property
    def is_whole(self) -> bool:
        """Whether it stayed whole to the end."""
        return self.stable_ps >= self.wanted_ps - 1e-9


def run(
    sites: Atoms,
    calculator: Calculator,
    *,
    temperature_k: float,
    length_ps: float,
    seed: int,
    update: Callable[[float], None] = lambda _: None,
) -> Stability:
    """Run Langevin dynamics at constant volume until the end, or until atoms leave their sites.

    Parameters
    ----------
    sites
        The relaxed cell.
    temperature_k, length_ps
        Temperature and length of the run.
    update
        Called with the finished fraction.
    """
    atoms = sites.repeat(choose_supercell(sites.cell.array, min_height=MIN_HEIGHT_ANGSTROM))
    atoms.calc = calculator
    displacement = relative_displacement(atoms)
    rng = np.random.default_rng(seed)
    set_in_motion(atoms, temperature_k, rng)
    timestep = time_scales(atoms.numbers).timestep_fs
    dynamics = Langevin(
        atoms,
        timestep * units.fs,
        temperature_K=temperature_k,
        friction=FRICTION_PER_FS / units.fs,
        fixcm=False,
        rng=rng,
    )
    n_steps = int(np.ceil(1000 * length_ps / timestep))
    done = 0
    while done < n_steps:
        steps = min(STEPS_PER_CHECK, n_steps - done)
        dynamics.run(steps)
        distance = displacement(atoms.positions)
        if not np.isfinite(distance) or distance > MAX_RELATIVE_DISPLACEMENT:
            return Stability(done * timestep / 1000, length_ps)
        done += steps
        update(done / n_steps)
    return Stability(length_ps, length_ps)


def relative_displacement(sites: Atoms) -> Callable[[NDArray[np.float64]], float]:
    """Return what measures positions, shape (n_atoms, 3), Å, beside the sites.

    It is the root mean square distance of the atoms from their sites over that of nearest neighbours. Molecules may
    turn: theirs is the larger one of that of their centres, and of the changes of the atoms' distances from these. The
    centre of mass of the crystal may wander.
    """
    start = sites.positions.copy()
    nearest = _nearest(sites)
    molecules = find_molecules_of(sites)
    if molecules is None:
        return lambda positions: _spread(positions - start) / nearest
    shifts, members = molecules.image @ sites.cell.array, molecules.members

    def centred(positions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        whole = positions + shifts
        centres = np.array([whole[atoms].mean(axis=0) for atoms in members])
        arms = [np.linalg.norm(whole[atoms] - at, axis=1) for atoms, at in zip(members, centres, strict=True)]
        return centres, np.concatenate(arms)

    centres, arms = centred(start)
    between = _nearest(Atoms(f"X{len(centres)}", centres, cell=sites.cell, pbc=True))

    def measure(positions: NDArray[np.float64]) -> float:
        moved, changed = centred(positions)
        return max(_spread(moved - centres) / between, float(np.sqrt(np.mean((changed - arms) ** 2))) / nearest)

    return measure


def _nearest(sites: Atoms) -> float:
    """Return the smallest distance of two atoms, Å."""
    distances = sites.get_all_distances(mic=True)
    return float(distances[distances > 0.1].min()) if len(sites) > 1 else float(sites.cell.lengths().min())


def _spread(moved: NDArray[np.float64]) -> float:
    """Return the root mean square length of vectors about their mean."""
    return float(np.sqrt(np.mean(((moved - moved.mean(axis=0)) ** 2).sum(axis=1))))
