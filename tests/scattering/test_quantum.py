"""Quantum statistics against the quantum oscillator."""

import numpy as np
import pytest

from scattering import quantum
from scattering.constants import BOLTZMANN_MEV_PER_K


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
