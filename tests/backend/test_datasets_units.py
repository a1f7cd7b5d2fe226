"""Which unit the words beside an axis mean, and which words mean none."""

from __future__ import annotations

import pytest

from backend.datasets.formats import units
from scattering.core.notices import Notice

RECOGNISED = {
    "meV": "Energy transfer (meV)|E(meV)|E / meV|hw [meV]|ħω / meV|DeltaE in meV|energy_mev|Energy, meV|ΔE (meV)|MEV"
    "|energy in millielectronvolt|hw (mev)|\\hbar\\omega (meV)|meV|E_transfer [meV]",
    "ueV": "E (µeV)|E (μeV)|energy/ueV|hw [micro-eV]|microelectronvolt",
    "eV": "Energy (eV)|E / eV|electron volts",
    "cm-1": "Energy transfer (cm^-1)|wavenumber|Wavenumbers (cm-1)|1/CM|cm⁻¹|ν / cm⁻¹|E [1/cm]|cm$^{-1}$|(CM-1)|cm**-1"
    "|energy (cm^(-1))|frequency (inverse cm)|kayser|Raman shift (cm−1)",
    "THz": "Frequency (THz)|ν / THz|terahertz|THz",
    "ps-1": "ω (ps⁻¹)|omega [rad/ps]|angular frequency (1/ps)|rad/ps|ω / ps^-1",
    "angstrom": "wavelength (Å)|lambda / angstrom|λ [A]|Wavelength (Angstroms)",
}


@pytest.mark.parametrize(
    ("expected", "label"), [(unit, label) for unit, labels in RECOGNISED.items() for label in labels.split("|")]
)
def test_recognised(expected: str, label: str) -> None:
    assert units.unit_of(label).unit == expected


@pytest.mark.parametrize(
    "label",
    [
        *(
            "",
            "energy",
            "Energy transfer",
            "x",
            "index",
            "time",
            "E (a.u.)",
            "E (kJ/mol)",
            "summary",
            "channel",
            "a",
            "Å",
        ),
        *(
            "S(Q,w) (1/meV)",
            "intensity (meV^-1)",
            "mbarn/sr/meV",
            "counts / meV / sr",
            "meV⁻¹",
            "1/THz",
            "barn/(sr meV^-1)",
        ),
        *(
            "|q| (Å⁻¹)",
            "Q (1/Angstrom)",
            "d-spacing (Å)",
            "momentum transfer (Å^-1)",
            "Time-of-flight (us)",
            "2theta (deg)",
        ),
        *("cm", "10 cm slit", "GHz", "revenue", "seven"),
    ],
)
def test_not_recognised(label: str) -> None:
    assert units.unit_of(label).unit is None


def test_what_may_be_two_things_is_left_to_the_user() -> None:
    for label in ("1/ps", "ps^-1", "frequency (ps-1)"):
        found = units.unit_of(label)
        assert found.unit is None
        assert found.notice == Notice("frequency_ambiguous", {"label": label})
    several, length = units.unit_of("Energy (meV or cm-1)").notice, units.unit_of("d-spacing (Å)").notice
    assert several == Notice("several_units", {"label": "Energy (meV or cm-1)"})
    assert length == Notice("axis_not_energy", {"label": "d-spacing (Å)", "quantity": "d-spacing"})


def test_frequencies_are_told_apart() -> None:
    assert units.unit_of("Frequency (THz)").notice == Notice("frequency_in_thz")
    assert units.unit_of("ω (rad/ps)").notice == Notice("angular_frequency_in_inverse_ps")


@pytest.mark.parametrize(
    "label",
    ["Energy transfer (meV)", "E(meV)", "E / meV", "hw [meV]", "wavenumber", "Delta E", "DeltaE", "X", "omega", "ħω"],
)
def test_axes(label: str) -> None:
    assert units.is_axis(label)


@pytest.mark.parametrize(
    "label", ["intensity", "S(Q,w)", "error", "Ei = 60 meV", "incident energy (meV)", "T = 10 K", "a", "sample"]
)
def test_no_axes(label: str) -> None:
    assert not units.is_axis(label)
