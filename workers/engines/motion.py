"""What runs with ASE's integrators have in common: how atoms at rest are set in motion, and when they are lost."""

from __future__ import annotations

from typing import Final

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import Stationary, thermalize_momenta

from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict

FRICTION_PER_FS: Final = 0.02
"""Langevin: a vibration of more than 7 meV forgets its energy within 50 fs; a slower one is overdamped, and takes
longer the slower it is (2 ps at 2 meV)."""


def set_in_motion(atoms: Atoms, temperature_k: float, rng: np.random.Generator) -> None:
    """Give atoms that are at rest the velocities of twice the temperature: half goes into the potential energy."""
    thermalize_momenta(atoms, temperature_K=2 * temperature_k, exact_temperature=True, rng=rng)
    Stationary(atoms)


def temperature(atoms: Atoms) -> float:
    """Kelvin, from the kinetic energy of atoms whose centre of mass is at rest."""
    return float(2 * atoms.get_kinetic_energy() / (degrees_of_freedom(atoms) * units.kB))


def degrees_of_freedom(atoms: Atoms) -> int:
    """Of atoms whose centre of mass is at rest."""
    return 3 * max(len(atoms) - 1, 1)


def check_together(atoms: Atoms) -> None:
    """See to it that the atoms are somewhere.

    Raises
    ------
    CannotPredict
        They are not.
    """
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.get_momenta()).all()):
        raise CannotPredict(Notice("atoms_flew_apart"))
