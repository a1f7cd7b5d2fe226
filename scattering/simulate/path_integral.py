"""Path integrals: ring polymers, and of how many beads they must be.

A harmonic oscillator of P beads in the primitive discretisation has a closed form. With x = βħω, a = x/P, and u given
by 2 sinh(u/2) = a,

⟨x²⟩_P = (ħ/2mω) coth(Pu/2) / √(1 + a²/4),    exactly (P → ∞) (ħ/2mω) coth(x/2)

and the energy, mω²⟨x²⟩_P, is as wrong. One bead is the classical k_BT/mω².
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice
from scattering.core.quantum import reduced_energy

MAX_BEADS: Final = 128
"""Every engine takes even numbers up to it."""
TOLERANCE: Final = 0.05
"""By how much the mean-square displacement of the stiffest vibration may be too small: as much as a general potential
has its energies wrong. Softer vibrations are better off: at half the energy about a quarter of it is left."""


def of_beads(displacements: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give displacements, (n_atoms, 3, n_frames) or with the beads first, an axis of beads: of one if need be."""
    return displacements if displacements.ndim == 4 else displacements[None]


def shortfall(n_beads: int, energy_mev: float, temperature: float) -> float:
    """Share of the mean-square displacement (and energy) of a harmonic vibration that so many beads miss.

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
    K. S. Schweizer, R. M. Stratt, D. Chandler and P. G. Wolynes, J. Chem. Phys. 75, 1347 (1981), for the oscillator of
    P beads.
    """
    x = float(reduced_energy(np.array(energy_mev), temperature))
    half = x / (2 * n_beads)
    return 1 - math.tanh(x / 2) / (math.sqrt(1 + half**2) * math.tanh(n_beads * math.asinh(half)))


def n_beads_needed(energy_mev: float, temperature: float, *, tolerance: float = TOLERANCE) -> int:
    """Smallest even number of beads that misses no more than `tolerance` of a vibration, but at most `MAX_BEADS`.

    Parameters
    ----------
    energy_mev
        Of the stiffest vibration.
    temperature
        Kelvin, > 0.
    tolerance
        Of `shortfall`.
    """
    for n_beads in range(2, MAX_BEADS, 2):
        if shortfall(n_beads, energy_mev, temperature) <= tolerance:
            return n_beads
    return MAX_BEADS


def bead_warnings(n_beads: int, energy_mev: float, temperature: float) -> tuple[Notice, ...]:
    """Return what so many beads miss of a vibration, where it is more than `TOLERANCE`; nothing of classical runs."""
    missed = shortfall(n_beads, energy_mev, temperature)
    if n_beads == 1 or missed <= TOLERANCE:
        return ()
    needed = n_beads_needed(energy_mev, temperature)
    params = {
        "n_beads": n_beads,
        "fraction": missed,
        "energy_mev": energy_mev,
        "temperature_k": temperature,
        "n_beads_needed": needed if shortfall(needed, energy_mev, temperature) <= TOLERANCE else None,
        "max_n_beads": MAX_BEADS,
    }
    return (Notice("too_few_beads", params),)
