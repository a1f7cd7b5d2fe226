"""Quantum statistics of the energy transfer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scattering.constants import BOLTZMANN_MEV_PER_K


def reduced_energy(energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return βħω, dimensionless, of energy transfers in meV at a temperature in K (> 0)."""
    return np.asarray(energy, dtype=float) / (BOLTZMANN_MEV_PER_K * temperature)


def harmonic_correction(energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Factor that turns a classical S(q, ω) into one with quantum occupation: βħω / (1 − exp(−βħω)).

    Exact for the one-phonon term of a harmonic crystal, where it replaces k_BT/ħω by n + 1. It obeys detailed
    balance, f(−ω) = exp(−βħω) f(ω), and tends to 1 as ω → 0.

    Parameters
    ----------
    energy
        Energy transfer in meV, any shape, either sign.
    temperature
        Kelvin, > 0.

    Returns
    -------
    Array of the shape of `energy`, dimensionless.

    References
    ----------
    Lindgren et al. (2025), Eq. 6.
    """
    x = reduced_energy(energy, temperature)
    small = np.abs(x) < 1e-6
    safe = np.where(small, 1.0, x)
    # −x for large negative x overflows to inf and the quotient to the right limit, 0
    with np.errstate(over="ignore"):
        return np.where(small, 1.0 + x / 2, safe / -np.expm1(-safe))


def detailed_balance(energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return S(q, −ω)/S(q, ω) = exp(−βħω) for energies ω ≥ 0 in meV at a temperature in K."""
    return np.exp(-reduced_energy(energy, temperature))
