"""Cans as Debye solids: moments, detailed balance, Debye–Waller factor, and the same by orders of phonons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from scattering.core.bins import bin_edges, linear_means
from scattering.core.constants import BOLTZMANN_MEV_PER_K, NEUTRON_ENERGY_MEV_A2, RECOIL_MEV_A2_AMU
from scattering.sample import Material
from scattering.sample.container import DEBYE_TEMPERATURE_K, STEP_MEV, container_partials, displacements
from scattering.simulate.multiphonon import DisplacementSpectra, self_part
from scattering.simulate.phonons import occupation

ENERGY = 0.5 * np.arange(801)
Q = np.linspace(0.5, 18.0, 36)
MASS = {"Al": 26.982, "V": 50.942}


@pytest.mark.parametrize("element", ["Al", "V"])
@pytest.mark.parametrize("temperature", [0.0, 20.0, 300.0])
def test_moments_of_a_can(element: str, temperature: float) -> None:
    """All that is scattered sums to one and takes up ħ²q²/2M on average, with the side of ω < 0 by detailed balance."""
    can = container_partials(element, temperature=temperature, q=Q, energy=ENERGY)  # type: ignore[arg-type]
    loss = can.incoherent[0].astype(float)
    beta = 1 / (BOLTZMANN_MEV_PER_K * temperature) if temperature else math.inf
    gain = loss[:, 1:] * np.exp(-beta * ENERGY[1:])
    total = 0.5 * (loss.sum(axis=1) + gain.sum(axis=1)) + can.incoherent_elastic[0]
    np.testing.assert_allclose(total, 1, rtol=2e-5)
    first = 0.5 * (loss[:, 1:] - gain) @ ENERGY[1:]
    np.testing.assert_allclose(first, RECOIL_MEV_A2_AMU * Q**2 / MASS[element], rtol=1e-4)
    np.testing.assert_array_equal(can.coherent, can.incoherent)
    assert can.statistics == "quantum"
    assert can.species == (element,)


@pytest.mark.parametrize("temperature", [0.0, 300.0])
def test_debye_waller_factor_is_debyes(temperature: float) -> None:
    """U = (3ħ²/2M ħω_D) [½ + 2 (T/Θ)² ∫₀^{Θ/T} x/(eˣ − 1) dx], which is ħ²/2M ∫ g(ω)/ω coth(βω/2) dω."""
    can = container_partials("Al", temperature=temperature, q=Q, energy=ENERGY)
    theta = DEBYE_TEMPERATURE_K["Al"]
    thermal = 0.0
    if temperature:
        integral = integrate.quad(lambda x: x / math.expm1(x), 0, theta / temperature)[0]
        thermal = 2 * (temperature / theta) ** 2 * integral
    displacement = 3 * RECOIL_MEV_A2_AMU / MASS["Al"] / (BOLTZMANN_MEV_PER_K * theta) * (0.5 + thermal)
    # The spectrum stands in bins of 0.125 meV, the last of them half filled
    np.testing.assert_allclose(-np.log(can.incoherent_elastic[0]) / Q**2, displacement, rtol=1e-3)


def test_orders_of_phonons_add_up_to_the_same() -> None:
    step = STEP_MEV
    at, strength = displacements("V", 300.0, step)
    n = (len(at) + 1) // 2
    gain, loss = np.zeros((2, n + 1))
    loss[1:n], gain[1:n] = strength[n:], strength[n - 2 :: -1]
    loss[0] = gain[0] = strength[n - 1] / 2
    loss, gain = (side[None, :, None, None] * np.eye(3) for side in (loss, gain))
    spectra = DisplacementSpectra(step, loss, gain, np.zeros(1, dtype=int), np.eye(3)[None])
    fine = step * np.arange(int(ENERGY[-1] / step) + 8)
    orders = self_part(spectra, shares=np.ones((1, 1)), q=Q, energy=fine, n_orders=25).orders
    can = container_partials("V", temperature=300.0, q=Q, energy=ENERGY)
    expected = linear_means(fine, orders.sum(axis=0)[0].astype(float), bin_edges(ENERGY))
    # But for the bin about 0, half of which is gain
    np.testing.assert_allclose(can.incoherent[0][:, 1:], expected[:, 1:], rtol=1e-3, atol=1e-5 * expected.max())


def test_wide_bins_hold_the_mean_of_narrow_ones() -> None:
    narrow = container_partials("Al", temperature=300.0, q=Q, energy=0.5 * np.arange(400))
    wide = container_partials("Al", temperature=300.0, q=Q, energy=2.5 * np.arange(80))
    middle = narrow.incoherent[0][:, 3:-2].reshape(len(Q), -1)[:, : 5 * 78].reshape(len(Q), 78, 5).mean(axis=2)
    np.testing.assert_allclose(wide.incoherent[0][:, 1:79], middle, rtol=1e-4, atol=1e-6)


def test_far_beyond_the_axis_nothing_wraps_around() -> None:
    """At 60 Å⁻¹ the recoil is 276 meV: an axis that ends at 100 shows the beginning of it alone."""
    q = np.array([55.0, 60.0])
    short = container_partials("Al", temperature=300.0, q=q, energy=np.arange(101.0))
    long = container_partials("Al", temperature=300.0, q=q, energy=np.arange(1501.0))
    np.testing.assert_allclose(short.incoherent, long.incoherent[..., :101], atol=1e-7)


def test_hydrogen_is_removed_from_a_beam_as_a_harmonic_crystal_would() -> None:
    """The interpolation between bound and free against σ(E) = σ_b/2k² ∬ q S(q, ω) dq dω, all orders of phonons.

    Benzene's vibrations at 20 K, where S has no gain side to speak of.
    """
    step, mass = 2.0, 1.008
    peaks = {8: 0.05, 60: 0.06, 106: 0.28, 140: 0.28, 380: 0.33}
    loss = np.zeros(192)
    for energy, share in peaks.items():
        loss[energy // 2] = (
            RECOIL_MEV_A2_AMU / (mass * energy * step) * share * (occupation(np.array(energy), 20.0) + 1)
        )
    side = (loss[:, None, None] * np.eye(3))[None]
    spectra = DisplacementSpectra(step, side, np.zeros_like(side), np.zeros(1, dtype=int), np.eye(3)[None])
    highest = 400.0
    q = np.linspace(1e-3, 2.6 * math.sqrt(highest / NEUTRON_ENERGY_MEV_A2), 300)
    n = int(highest / step) + 1
    found = self_part(spectra, shares=np.ones((1, 1)), q=q, energy=spectra.step * np.arange(n), n_orders=40)
    transfer, s = step * np.arange(n), found.orders.sum(axis=0)[0].astype(float)
    hydrogen = Material.of({"H": 1}, {}, natural_density=0.1)
    for incident in (3.0, 10.0, 25.0, 100.0, 200.0, highest):
        k = math.sqrt(incident / NEUTRON_ENERGY_MEV_A2)
        k_out = np.sqrt(np.maximum(incident - transfer, 0) / NEUTRON_ENERGY_MEV_A2)
        reached = (q[:, None] > k - k_out) & (q[:, None] < k + k_out) & (transfer < incident)
        inelastic = np.trapezoid((reached * s * q[:, None]).sum(axis=1) * step, q)
        elastic = np.trapezoid(np.where(q < 2 * k, found.elastic[0] * q, 0), q)
        exact = (inelastic + elastic) / (2 * k**2) * hydrogen.scattering_barn
        # 10 % as `BINDING_MEV` says, and the steps of this sum
        assert hydrogen.removal_barn(incident) == pytest.approx(exact, rel=0.13)
