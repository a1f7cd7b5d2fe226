"""Axes of measurements in meV, against textbook values and Euphonic's units."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from euphonic import ureg
from scipy import constants

from scattering.measured import units as abscissa
from scattering.measured.units import FixedEnergyMissing, energy_from


# Rounded conversion factors of the literature: Squires (1978), Appendix A; 1 ps⁻¹ is ħ/1 ps.
@pytest.mark.parametrize(
    ("unit", "mev"),
    [("meV", 1.0), ("ueV", 1e-3), ("eV", 1e3), ("cm-1", 1 / 8.0655), ("THz", 4.1357), ("ps-1", 0.65821)],
)
def test_one_of_each_unit(unit: abscissa.Unit, mev: float) -> None:
    assert float(energy_from(1.0, unit)) == pytest.approx(mev, rel=2e-5)  # digits of the values above


@pytest.mark.parametrize(
    ("unit", "name"), [("cm-1", "1/cm"), ("THz", "THz"), ("ueV", "microelectronvolt"), ("eV", "eV")]
)
def test_euphonics_units_agree(unit: abscissa.Unit, name: str) -> None:
    x = np.array([-3.0, 0.5, 12.5, np.nan])
    # Both follow CODATA, of different years.
    assert np.allclose(
        energy_from(x, unit), (x * ureg(name)).to("meV", "spectroscopy").magnitude, rtol=1e-7, equal_nan=True
    )


def test_a_frequency_is_2_pi_times_less_than_an_angular_one() -> None:
    assert energy_from(1.0, "THz") == pytest.approx(2 * np.pi * energy_from(1.0, "ps-1"), rel=1e-12)


def test_wavelengths_in_both_geometries() -> None:
    wavelength = np.array([4.0, 1.8, 0.7])
    # From de Broglie's relation in SI units, another way than the module's.
    energy = (constants.h / (wavelength * 1e-10)) ** 2 / (2 * constants.m_n) / constants.e * 1e3
    fixed = 32.0
    assert np.allclose(energy_from(wavelength, "angstrom", fixed_energy_mev=fixed, geometry="indirect"), energy - fixed)
    assert np.allclose(energy_from(wavelength, "angstrom", fixed_energy_mev=fixed, geometry="direct"), fixed - energy)


def test_no_wavelength_below_zero() -> None:
    found = energy_from([-1.0, 0.0, np.nan, 2.0], "angstrom", fixed_energy_mev=5.0, geometry="direct")
    assert np.isnan(found).tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    "given", [{}, {"geometry": "direct"}, {"fixed_energy_mev": 5.0}, {"geometry": "direct", "fixed_energy_mev": 0.0}]
)
def test_wavelengths_need_the_spectrometer(given: dict[str, object]) -> None:
    with pytest.raises(FixedEnergyMissing, match="geometry and its fixed energy"):
        energy_from([1.0], "angstrom", **given)  # type: ignore[arg-type]


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"none of the units meV, ueV"):
        energy_from([1.0], "kcal/mol")  # type: ignore[arg-type]
    assert set(get_args(abscissa.Unit)) == {"meV", "ueV", "eV", "cm-1", "THz", "ps-1", "angstrom"}
