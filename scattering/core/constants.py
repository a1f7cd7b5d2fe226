"""Conversion factors, derived from CODATA (`scipy.constants`)."""

from __future__ import annotations

import math
from typing import Final

from scipy import constants

MEV: Final = 1e-3 * constants.e
"""One meV in joule."""

BOLTZMANN_MEV_PER_K: Final[float] = constants.k / MEV
"""k_B in meV/K."""

NEUTRON_ENERGY_MEV_A2: Final[float] = (constants.hbar * 1e10) ** 2 / (2 * constants.m_n) / MEV
"""ħ²/2mₙ in meV Å²: E = NEUTRON_ENERGY_MEV_A2 · k²."""

NEUTRON_SPEED_M_S_A: Final[float] = constants.hbar * 1e10 / constants.m_n
"""ħ/mₙ in Å m/s: v = NEUTRON_SPEED_M_S_A · k."""

RECOIL_MEV_A2_AMU: Final[float] = (constants.hbar * 1e10) ** 2 / (2 * constants.atomic_mass) / MEV
"""ħ²/2mᵤ in meV Å² u: the recoil energy of mass M at q is RECOIL_MEV_A2_AMU · q²/M."""

HBAR_MEV_FS: Final[float] = constants.hbar / MEV * 1e15
"""ħ in meV fs."""

PLANCK_MEV_FS: Final[float] = constants.h / MEV * 1e15
"""h in meV fs."""

INVERSE_CM_MEV: Final[float] = constants.h * constants.c * 100 / MEV
"""The energy of 1 cm⁻¹ in meV."""

AMU_A2_PER_FS2_MEV: Final[float] = constants.atomic_mass * (1e-10 / 1e-15) ** 2 / MEV
"""One u Å² fs⁻² in meV."""

FWHM_PER_SIGMA: Final[float] = 2 * math.sqrt(2 * math.log(2))
"""2 √(2 ln 2): full width at half maximum of a Gaussian over its standard deviation."""

BARN_PER_FM2: Final[float] = 0.01
"""One fm² in barn."""

MIN_TEMPERATURE_K: Final = 1.0
MAX_TEMPERATURE_K: Final = 3000.0
"""Range of the temperatures of forecasts: our choice. Few crystals exist above it."""
