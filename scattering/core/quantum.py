"""Quantum statistics: detailed balance, and corrections of classical intensities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import BOLTZMANN_MEV_PER_K

Statistics = Literal["classical", "kubo", "quantum"]
"""Statistics of a simulated S(q, ω): classical nuclei, Kubo-transformed correlations, or quantum phonons."""
Correction = Literal["none", "harmonic", "standard", "schofield", "mixed"]

DESCRIPTIONS: Final[Mapping[Correction, str]] = {
    "none": "S as it was simulated: classical, the same on both sides of the elastic line.",
    "harmonic": "βħω/(1 − exp(−βħω)): exact for one phonon of a harmonic crystal, and for Kubo-transformed input.",
    "standard": "2/(1 + exp(−βħω)): keeps the part of S that is even in ω; far too little for stiff modes.",
    "schofield": "exp(βħω/2): Schofield's shift of time by iβħ/2; obeys the recoil's first order, grows without bound.",
    "mixed": "√(harmonic · Schofield): Skinner's mean of both, for high-frequency and overtone transitions in liquids.",
}
"""One sentence on each correction."""


def reduced_energy(energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return βħω, dimensionless, of energy transfers in meV at a temperature in K (> 0)."""
    return np.asarray(energy, dtype=float) / (BOLTZMANN_MEV_PER_K * temperature)


def harmonic_correction(energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return the factor that gives a classical S(q, ω) quantum occupation: βħω / (1 − exp(−βħω)).

    It is exact for the one-phonon term of a harmonic crystal, where it replaces k_BT/ħω by n + 1. It obeys detailed
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


def correction(name: Correction, energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return the factor of a named correction, which gives a classical, even S(q, ω) detailed balance.

    With x = βħω:

    - harmonic, x/(1 − e⁻ˣ)
    - standard, 2/(1 + e⁻ˣ)
    - schofield, e^(x/2)
    - mixed, √(harmonic · schofield)
    - none, 1: the only one without detailed balance

    All others obey f(−ω) = e⁻ˣ f(ω) and agree to first order in x, 1 + x/2.

    Parameters
    ----------
    name
        One of `Correction`.
    energy
        Energy transfer in meV, any shape, either sign.
    temperature
        Kelvin, > 0.

    Returns
    -------
    Array of the shape of `energy`, dimensionless; infinite where exp(βħω/2) exceeds the range of numbers.

    References
    ----------
    All four are compared in Egorov, Everitt and Skinner, J. Phys. Chem. A 103 (1999) 9494. Schofield: Phys. Rev. Lett.
    4 (1960) 239. Harmonic: Lindgren et al. (2025), Eq. 6. Mixed: Skinner, J. Chem. Phys. 107 (1997) 8717.
    """
    x = reduced_energy(energy, temperature)
    if name == "none":
        return np.ones_like(x)
    if name == "harmonic":
        return harmonic_correction(energy, temperature)
    with np.errstate(over="ignore", under="ignore"):
        if name == "standard":
            return np.asarray(2 / (1 + np.exp(-x)))
        schofield = np.exp(x / 2)
        if name == "schofield":
            return np.asarray(schofield)
        if name == "mixed":
            # Not the root of a product that would be 0 · ∞ at either end
            return np.asarray(np.sqrt(harmonic_correction(energy, temperature)) * np.exp(x / 4))
    raise ValueError(f"unknown quantum correction {name!r}")


def detailed_balance(energy: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return S(q, −ω)/S(q, ω) = exp(−βħω) for energies ω ≥ 0 in meV at a temperature in K."""
    return np.exp(-reduced_energy(energy, temperature))
