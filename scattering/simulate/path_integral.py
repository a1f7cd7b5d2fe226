"""Ring polymers of path integrals, and the number of beads that they need.

A harmonic oscillator of P beads in the primitive discretisation has a closed form. With x = βħω, a = x/P, and u given
by 2 sinh(u/2) = a,

⟨x²⟩_P = (ħ/2mω) coth(Pu/2) / √(1 + a²/4),    exactly (P → ∞) (ħ/2mω) coth(x/2)

and the energy, mω²⟨x²⟩_P, has the same relative error. One bead is the classical k_BT/mω².
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.core.quantum import reduced_energy

MAX_BEADS: Final = 128
"""Every engine accepts even numbers up to this one."""
MAX_SHORTFALL: Final = 0.05
"""Largest relative error of the mean-square displacement of the stiffest vibration, which is always too small. The
energies of a general potential have about the same error. At half the energy a quarter of the error is left."""


def with_bead_axis(displacements: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return displacements of shape (n_beads, n_atoms, 3, n_frames); the axis of beads may be missing."""
    return displacements if displacements.ndim == 4 else displacements[None]


def shortfall(n_beads: int, energy_mev: float, temperature: float) -> float:
    """Fraction of the mean-square displacement (and energy) of a harmonic vibration that is missing with n beads.

    1 − ⟨x²⟩_P / ⟨x²⟩ = 1 − coth(Pu/2) / (√(1 + a²/4) coth(x/2)), between 0 and 1

    Parameters
    ----------
    n_beads
        P, at least 1.
    energy_mev
        ħω, > 0.
    temperature
        Kelvin, > 0.

    References
    ----------
    K. S. Schweizer, R. M. Stratt, D. Chandler and P. G. Wolynes, J. Chem. Phys. 75, 1347 (1981): oscillator of P beads.
    """
    x = float(reduced_energy(np.array(energy_mev), temperature))
    half = x / (2 * n_beads)
    return 1 - math.tanh(x / 2) / (math.sqrt(1 + half**2) * math.tanh(n_beads * math.asinh(half)))


def n_beads_needed(energy_mev: float, temperature: float, *, tolerance: float = MAX_SHORTFALL) -> int:
    """Smallest even number of beads whose shortfall is within the tolerance, at most `MAX_BEADS`.

    Parameters
    ----------
    energy_mev
        ħω of the stiffest vibration, > 0.
    temperature
        Kelvin, > 0.
    tolerance
        Largest `shortfall`.
    """
    for n_beads in range(2, MAX_BEADS, 2):
        if shortfall(n_beads, energy_mev, temperature) <= tolerance:
            return n_beads
    return MAX_BEADS


def bead_notices(n_beads: int, energy_mev: float, temperature: float) -> tuple[Notice, ...]:
    """Return a warning if this number of beads misses more than `MAX_SHORTFALL`; classical runs have none."""
    missed = shortfall(n_beads, energy_mev, temperature)
    if n_beads == 1 or missed <= MAX_SHORTFALL:
        return ()
    needed = n_beads_needed(energy_mev, temperature)
    params = {
        "n_beads": n_beads,
        "fraction": missed,
        "energy_mev": energy_mev,
        "temperature_k": temperature,
        "n_beads_needed": needed if shortfall(needed, energy_mev, temperature) <= MAX_SHORTFALL else None,
        "max_n_beads": MAX_BEADS,
    }
    return (Notice("too_few_beads", params),)
