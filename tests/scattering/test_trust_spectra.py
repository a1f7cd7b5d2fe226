"""Numbers of spectra against oscillators, whose energies are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scattering.core.constants import BOLTZMANN_MEV_PER_K
from scattering.core.partials import Partials
from scattering.core.quantum import Statistics, harmonic_correction
from scattering.trust.spectra import density_of_states, highest_mode, mean_energies, missing_energy, relative_error

TEMPERATURE = 300.0


def oscillators(
    *energies: float, statistics: Statistics = "classical", n_runs: int = 1, temperature: float = TEMPERATURE
) -> Partials:
    """An element whose density of states is narrow lines of equal weight, as it scatters by one phonon.

    Runs have their lines at 1 % higher and lower energies.
    """
    q, energy = np.arange(0.1, 6.0, 0.1), np.arange(0.0, 150.0, 0.25)

    def scattering(factor: float) -> np.ndarray:
        states = sum(np.exp(-(((energy - factor * one) / 1.0) ** 2)) for one in energies)
        shape = np.divide(states, energy**2, out=np.zeros_like(energy), where=energy > 0)
        if statistics == "quantum":
            shape = shape * harmonic_correction(energy, temperature)
        return (q[:, None] ** 2 * shape)[None].astype(np.float32)

    runs = np.array([scattering(1 + 0.01 * (run - (n_runs - 1) / 2)) for run in range(n_runs)])
    mean = runs.mean(axis=0)
    return Partials(
        q=q,
        energy=energy,
        species=("Si",),
        concentration=np.array([1.0]),
        coherent=np.zeros_like(mean),
        incoherent=mean,
        coherent_elastic=np.zeros((1, len(q))),
        incoherent_elastic=np.zeros((1, len(q))),
        temperature=temperature,
        statistics=statistics,
        coherent_runs=np.zeros_like(runs) if n_runs > 1 else None,
        incoherent_runs=runs if n_runs > 1 else None,
    )


@pytest.mark.parametrize("statistics", ["classical", "quantum", "kubo"])
def test_the_density_of_states_is_found_whatever_the_statistics(statistics: Statistics) -> None:
    partials = oscillators(20.0, 60.0, statistics=statistics)
    (states,) = density_of_states(partials, end_mev=150.0)
    assert states @ partials.energy_widths == pytest.approx(1)
    assert states @ (partials.energy * partials.energy_widths) == pytest.approx(40.0, rel=1e-3)
    low = partials.energy < 40
    assert (states * partials.energy_widths)[low].sum() == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("statistics", ["classical", "quantum", "kubo"])
def test_the_highest_mode_is_found_below_which_nearly_all_states_lie(statistics: Statistics) -> None:
    # Lines of 1 meV width
    assert highest_mode(oscillators(20.0, 60.0, statistics=statistics)) == pytest.approx(60.5, abs=0.5)


def test_a_classical_oscillator_lacks_what_a_quantum_one_has_more() -> None:
    """1 − k_BT / (ħω/2 coth(βħω/2)): most of it for a stiff mode, next to nothing for a soft or hot one."""
    thermal = BOLTZMANN_MEV_PER_K * TEMPERATURE
    expected = 1 - thermal / (60.0 / 2 / math.tanh(60.0 / (2 * thermal)))
    # Lines of 1 meV width, not sharp ones
    assert missing_energy(oscillators(60.0))["Si"] == pytest.approx(expected, rel=2e-3)
    # x²/12 for small x = βħω
    hot = missing_energy(oscillators(60.0, temperature=3000.0))["Si"]
    assert hot == pytest.approx((60.0 / (10 * thermal)) ** 2 / 12, rel=0.02)


def test_anharmonic_shifts_are_found_with_their_errors() -> None:
    found = mean_energies(oscillators(60.0, statistics="quantum"), oscillators(57.0, n_runs=5))
    assert found is not None
    assert found.shifts["Si"] == pytest.approx(-0.05, abs=1e-3)
    assert found.error is not None
    # Runs at 98 ... 102 %: a standard deviation of 1.58 % over √5
    assert found.error["Si"] == pytest.approx(57.0 * 0.01 * math.sqrt(2.5) / math.sqrt(5), rel=0.02)


def test_the_relative_error_is_that_of_what_can_be_seen() -> None:
    intensity, error = np.array([0.001, 1.0, 2.0, 4.0, np.nan]), np.array([1.0, 0.1, 0.1, 0.1, np.nan])
    assert relative_error(intensity, error) == pytest.approx(0.05)
    assert relative_error(intensity, None) is None
    assert relative_error(np.zeros(3), np.zeros(3)) is None
