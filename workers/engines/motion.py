"""Velocities and temperatures of atoms, for all engines."""

from __future__ import annotations

from typing import Final

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import Stationary, thermalize_momenta

from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict

FRICTION_PER_FS: Final = 0.02
"""Friction of Langevin dynamics. A vibration above 7 meV loses its energy within 50 fs. A slower one is overdamped, and
takes longer (2 ps at 2 meV)."""


def set_in_motion(atoms: Atoms, temperature_k: float, rng: np.random.Generator) -> None:
    """Give atoms at rest the velocities of twice the temperature, because half becomes potential energy."""
    thermalize_momenta(atoms, temperature_K=2 * temperature_k, exact_temperature=True, rng=rng)
    Stationary(atoms)


def temperature(atoms: Atoms) -> float:
    """Return the temperature in kelvin, from the kinetic energy. The centre of mass must be at rest."""
    return float(2 * atoms.get_kinetic_energy() / (degrees_of_freedom(atoms) * units.kB))


def degrees_of_freedom(atoms: Atoms) -> int:
    """Return the number of degrees of freedom of atoms whose centre of mass is at rest."""
    return 3 * max(len(atoms) - 1, 1)


def check_finite(atoms: Atoms) -> None:
    """Check that positions and momenta are finite.

    Raises
    ------
    CannotPredict
        They are not finite.
    """
    if not (np.isfinite(atoms.positions).all() and np.isfinite(atoms.get_momenta()).all()):
        raise CannotPredict(Notice("atoms_flew_apart"))
