"""Cut-off energy and wave vectors of DFT that are converged for a material."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict
from workers.training.dft.gpaw_process import Settings
from workers.training.sampling import Sample

CUTOFFS_EV: Final = (300.0, 400.0, 500.0, 600.0, 700.0, 800.0)
SPACINGS_INV_ANGSTROM: Final = (0.6, 0.45, 0.35, 0.28, 0.22)
MAX_ENERGY_CHANGE_EV: Final = 0.002
"""Of the difference per atom between two structures: well below the error of an energy that counts in the fit."""
MAX_FORCE_CHANGE_EV_PER_ANGSTROM: Final = 0.01
MAX_STRESS_CHANGE_EV_PER_ANGSTROM3: Final = 0.002
"""0.3 GPa."""
RATTLE_ANGSTROM: Final = 0.05
STRAIN: Final = 0.01


@dataclass(frozen=True)
class Converged:
    """Settings, and the largest changes by the next finer ones: eV per atom, eV/Å, eV/Å³."""

    settings: Settings
    energy_change_ev: float
    force_change_ev_per_angstrom: float
    stress_change_ev_per_angstrom3: float


def converge(primitive: Atoms, load: Callable[[Settings], Calculator]) -> Converged:
    """Find the cut-off energy and then the mesh whose next finer ones change nothing that counts.

    Compared are two rattled and strained primitive cells: the difference of their energies per atom, their forces and
    their stresses.

    Raises
    ------
    CannotPredict
        The finest settings are not converged.
    """
    rng = np.random.default_rng(1)
    structures = []
    for sign in (1, -1):
        rattle = rng.normal(scale=RATTLE_ANGSTROM, size=(len(primitive), 3))
        structures.append(Sample(sign * STRAIN * np.eye(3), rattle - rattle.mean(axis=0)).of(primitive))
    coarse = Settings(CUTOFFS_EV[0], SPACINGS_INV_ANGSTROM[1])
    by_cutoff = _first_converged([replace(coarse, cutoff_ev=one) for one in CUTOFFS_EV], structures, load, "cutoff")
    series = [replace(by_cutoff.settings, spacing_inv_angstrom=one) for one in SPACINGS_INV_ANGSTROM]
    return _first_converged(series, structures, load, "mesh")


def _first_converged(
    series: Sequence[Settings], structures: Sequence[Atoms], load: Callable[[Settings], Calculator], quantity: str
) -> Converged:
    before = _evaluate(structures, load(series[0]))
    for coarse, fine in pairwise(series):
        after = _evaluate(structures, load(fine))
        changes = [float(np.abs(one - other).max()) for one, other in zip(before, after, strict=True)]
        limits = (MAX_ENERGY_CHANGE_EV, MAX_FORCE_CHANGE_EV_PER_ANGSTROM, MAX_STRESS_CHANGE_EV_PER_ANGSTROM3)
        if all(change < limit for change, limit in zip(changes, limits, strict=True)):
            return Converged(coarse, changes[0], changes[1], changes[2])
        before = after
    raise CannotPredict(Notice("dft_not_converged", {"quantity": quantity, **asdict(series[-1])}))


def _evaluate(structures: Sequence[Atoms], calculator: Calculator) -> tuple[Any, Any, Any]:
    energies, forces, stresses = [], [], []
    for one in structures:
        atoms = one.copy()
        atoms.calc = calculator
        energies.append(atoms.get_potential_energy() / len(atoms))
        forces.append(atoms.get_forces())
        stresses.append(atoms.get_stress())
    return np.array([energies[1] - energies[0]]), np.array(forces), np.array(stresses)
