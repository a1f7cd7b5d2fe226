"""Quantum statistics against the quantum oscillator."""

import numpy as np
import pytest
from scipy import special

from scattering.core import quantum
from scattering.core.constants import BOLTZMANN_MEV_PER_K


@pytest.mark.parametrize("temperature", [5.0, 100.0, 1500.0])
def test_detailed_balance(temperature: float) -> None:
    energy = np.linspace(0.01, 200, 500)
    gain = quantum.harmonic_correction(-energy, temperature)
    loss = quantum.harmonic_correction(energy, temperature)
    np.testing.assert_allclose(gain, loss * quantum.detailed_balance(energy, temperature), rtol=1e-9, atol=1e-300)


def test_a_classical_oscillator_becomes_a_quantum_one() -> None:
    energy, temperature = np.array([0.5, 5.0, 50.0, 400.0]), 77.0
    classical = BOLTZMANN_MEV_PER_K * temperature / energy
    occupation = 1 / np.expm1(energy / (BOLTZMANN_MEV_PER_K * temperature))
    np.testing.assert_allclose(classical * quantum.harmonic_correction(energy, temperature), occupation + 1, rtol=1e-12)


def test_it_is_one_at_the_elastic_line_and_smooth_there() -> None:
    around = quantum.harmonic_correction(np.array([-1e-7, 0.0, 1e-7, 1e-3]), 300.0)
    np.testing.assert_allclose(around, [1, 1, 1, 1 + 1e-3 / (2 * BOLTZMANN_MEV_PER_K * 300)], rtol=1e-7)


def test_far_gain_side_at_low_temperature_is_zero_without_overflow() -> None:
    assert quantum.harmonic_correction(np.array([-500.0]), 1.0)[0] == 0.0


@pytest.mark.parametrize("name", ["harmonic", "standard", "schofield", "mixed"])
@pytest.mark.parametrize("temperature", [40.0, 300.0])
def test_every_named_correction_obeys_detailed_balance_and_begins_alike(name: str, temperature: float) -> None:
    energy = np.linspace(0.01, 60, 300)
    loss, gain = (quantum.correction(name, sign * energy, temperature) for sign in (1, -1))
    np.testing.assert_allclose(gain, loss * quantum.detailed_balance(energy, temperature), rtol=1e-9)
    # 1 + x/2 to first order: what distinguishes them is of second order, x² / 8 at most
    x = quantum.reduced_energy(np.array([1e-3]), temperature)
    assert quantum.correction(name, np.array([1e-3]), temperature)[0] == pytest.approx(1 + x[0] / 2, abs=x[0] ** 2)


def test_the_first_moment_of_a_free_atom_asks_for_schofield() -> None:
    """A free atom of mass M recoils: the classical Gaussian of variance 2 kT E_r is centred at 0, the exact one at E_r.

    exp(βħω/2) moves it there, up to a factor exp(−βE_r/4) that keeps the area.
    """
    temperature, recoil = 300.0, 20.0
    thermal = BOLTZMANN_MEV_PER_K * temperature
    energy = np.linspace(-400, 400, 8001)
    classical = np.exp(-(energy**2) / (4 * thermal * recoil))
    corrected = classical * quantum.correction("schofield", energy, temperature)
    assert np.average(energy, weights=corrected) == pytest.approx(recoil, rel=1e-6)
    # βħω/2 in the exponent shifts the centre by half of the variance over kT, exactly E_r
    assert np.average(energy, weights=classical * quantum.correction("harmonic", energy, temperature)) < recoil


@pytest.mark.parametrize("reduced", [1.0, 5.0, 20.0])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_what_an_overtone_would_need(reduced: float, order: int) -> None:
    """An oscillator in closed form: I_n(z) classical, exp(nx/2) I_n(z_q) quantum; the ratio is (x/(1 − e⁻ˣ))ⁿ.

    Debye–Waller factors are left out; they are 1 at this small q. docs/method/quantum-statistics.md has these figures.
    """
    temperature, energy = 100.0, reduced * BOLTZMANN_MEV_PER_K * 100.0
    classical = 1e-6  # z = q² kT/Mω²
    quantum_z = classical * reduced / 2 / np.sinh(reduced / 2)
    needed = np.exp(order * reduced / 2) * special.iv(order, quantum_z) / special.iv(order, classical)
    one = quantum.correction("harmonic", np.array([energy]), temperature)[0]
    assert needed == pytest.approx(one**order, rel=1e-9)
    given = quantum.correction("harmonic", np.array([order * energy]), temperature)[0]
    assert given == pytest.approx(needed, rel=1e-9) if order == 1 else given < needed


def test_none_is_one_and_unknown_names_are_refused() -> None:
    np.testing.assert_array_equal(quantum.correction("none", np.array([-3.0, 0.0, 7.0]), 100.0), 1.0)
    with pytest.raises(ValueError, match="bader"):
        quantum.correction("bader", np.zeros(1), 100.0)  # type: ignore[arg-type]
