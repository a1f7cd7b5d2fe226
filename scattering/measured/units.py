"""Conversion of the energy axis of a measurement to meV."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import constants

from scattering.core.constants import HBAR_MEV_FS, MEV, NEUTRON_ENERGY_MEV_A2, PLANCK_MEV_FS

Unit = Literal["meV", "ueV", "eV", "cm-1", "THz", "ps-1", "angstrom"]
Geometry = Literal["direct", "indirect"]

_MEV_PER: dict[str, float] = {
    "meV": 1.0,
    "ueV": 1e-3,
    "eV": 1e3,
    # E = hc/λ
    "cm-1": constants.h * constants.c * 100 / MEV,
    # E = hν; 1 THz = 10⁻³ fs⁻¹
    "THz": PLANCK_MEV_FS * 1e-3,
    # E = ħω
    "ps-1": HBAR_MEV_FS * 1e-3,
}


class FixedEnergyMissing(ValueError):
    """An energy transfer from a wavelength needs the fixed energy and the geometry of the spectrometer."""


def energy_from(
    x: ArrayLike, unit: Unit, *, fixed_energy_mev: float | None = None, geometry: Geometry | None = None
) -> NDArray[np.float64]:
    """Return the energy transfer ω in meV from an axis in `unit`; edges of bins convert like points.

    A neutron of wavelength λ has E = ħ²(2π/λ)²/2mₙ. In indirect geometry λ is the incident wavelength, and
    ω = E(λ) − E_f. In direct geometry λ is the final wavelength, and ω = E_i − E(λ).

    Parameters
    ----------
    x
        Any shape. NaN is passed on.
    unit
        "THz" is ν, E = hν; "ps-1" is ω, E = ħω; "angstrom" is the wavelength on the side that varies.
    fixed_energy_mev
        E_f (indirect) or E_i (direct). For wavelengths only.
    geometry
        Of the spectrometer. For wavelengths only.

    Returns
    -------
    Shape of `x`; NaN where a wavelength is not positive.

    Raises
    ------
    FixedEnergyMissing
        `x` are wavelengths, and the geometry or a positive fixed energy is missing.
    ValueError
        The unit is unknown.

    References
    ----------
    G. L. Squires, Introduction to the Theory of Thermal Neutron Scattering (1978), Ch. 1.
    """
    values = np.asarray(x, dtype=float)
    if unit in _MEV_PER:
        return values * _MEV_PER[unit]
    if unit != "angstrom":
        raise ValueError(f"{unit!r} is none of the units {', '.join(get_args(Unit))}.")
    if geometry is None or fixed_energy_mev is None or not 0 < fixed_energy_mev < np.inf:
        raise FixedEnergyMissing(
            "The axis is a wavelength in Å: an energy transfer needs the spectrometer's geometry and its fixed energy "
            "(E_f of an indirect, E_i of a direct geometry spectrometer) in meV."
        )
    wave_number = 2 * np.pi / np.where(values > 0, values, np.nan)
    energy = NEUTRON_ENERGY_MEV_A2 * wave_number**2
    return energy - fixed_energy_mev if geometry == "indirect" else fixed_energy_mev - energy
