"""Energies in figures, in meV or as wavenumbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.figures.schemas import EnergyUnit
from backend.wording.formatting import feature_energy
from scattering.observe.spectrum import to_inverse_cm

ENERGY_TITLES: dict[EnergyUnit, str] = {"meV": "Energy transfer (meV)", "cm-1": "Energy transfer (cm⁻¹)"}
UNIT_WORDS: dict[EnergyUnit, str] = {"meV": "meV", "cm-1": "cm⁻¹"}


def in_unit(energy: NDArray[np.floating[Any]], unit: EnergyUnit) -> NDArray[np.float32]:
    """Convert energies from meV to a unit, in single precision, which suffices for a screen."""
    values = np.asarray(energy, dtype=float)
    return np.asarray(values if unit == "meV" else to_inverse_cm(values), dtype=np.float32)


def feature_text(energy_mev: float, unit: EnergyUnit) -> str:
    """Return the energy of a feature in a unit, by the rule of everything that names a feature."""
    value = energy_mev if unit == "meV" else float(to_inverse_cm(np.array([energy_mev]))[0])
    return feature_energy(value, decimals=1 if unit == "meV" else 0)
