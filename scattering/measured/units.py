"""What stands on the energy axis of a measurement, in meV."""

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
    """A wavelength is no energy transfer before the other side's energy and the geometry are known."""


def energy_from(
    x: ArrayLike, unit: Unit, *, fixed_energy_mev: float | None = None, geometry: Geometry | None = None
) -> NDArray[np.float64]:
    """Energy transfer ω in meV from an axis in `unit`; edges of bins convert as points do.

    Of a wavelength λ of the neutron, E = ħ²(2π/λ)²/2mₙ; indirect geometry: ω = E(λ) − E_f, λ being the incident one;
    direct geometry: ω = E_i − E(λ), λ being the final one.

    Parameters
    ----------
    x
        Any shape. NaN is passed on.
    unit
        "THz" is ν, E = hν; "ps-1" is ω, E = ħω; "angstrom" is the wavelength at the side that varies.
    fixed_energy_mev
        E_f (indirect) or E_i (direct). Of wavelengths only.
    geometry
        Of the spectrometer. Of wavelengths only.

    Returns
    -------
    Shape of `x`; NaN where a wavelength is not positive.

    Raises
    ------
    FixedEnergyMissing
        `x` are wavelengths, and there is no geometry or no positive fixed energy.
    ValueError
        The unit is not known.

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
