"""Multi-phonon scattering against closed forms, sum rules, brute force, and abinslib."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from abinslib import almost_isotropic_incoherent as abins
from abinslib.displacements import Displacements
from euphonic import ForceConstants, QpointPhononModes, Quantity, ureg
from scipy import integrate, special, stats

from scattering.core.constants import BOLTZMANN_MEV_PER_K, RECOIL_MEV_A2_AMU
from scattering.simulate.multiphonon import DisplacementSpectra, SelfPart, displacement_spectra, half_sphere, self_part
from scattering.simulate.phonons import Zone, occupation
from tests.scattering.crystals import LATTICE, springs

STEP = 0.5
Q = np.array([0.5, 2.0, 5.0, 10.0])
HYDROGEN = 1.008
FLOAT32 = 1e-6
"""Orders are stored in single precision."""


def one_site(loss: np.ndarray, gain: np.ndarray, *, step: float = STEP) -> DisplacementSpectra:
    """Spectra of a crystal of one atom; of an isotropic one where a tensor is a number."""
    loss, gain = (side if side.ndim == 3 else side[:, None, None] * np.eye(3) for side in (loss, gain))
    return DisplacementSpectra(step, loss[None], gain[None], np.zeros(1, dtype=int), np.eye(3)[None])


def of_one_atom(spectra: DisplacementSpectra, n_energy: int, n_orders: int = 10, q: np.ndarray = Q) -> SelfPart:
    return self_part(spectra, shares=np.ones((1, 1)), q=q, energy=STEP * np.arange(n_energy), n_orders=n_orders)


def both_sides(spectra: DisplacementSpectra, n_energy: int, n_orders: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Orders at ω and at −ω, each (n_orders, n_q, n_energy): the gain side is the loss side of time run backwards."""
    mirrored = DisplacementSpectra(spectra.step, spectra.gain, spectra.loss, spectra.site, spectra.rotations)
    return tuple(of_one_atom(side, n_energy, n_orders).orders[:, 0].astype(float) for side in (spectra, mirrored))


def einstein(energy: float, temperature: float, mass: float = HYDROGEN) -> DisplacementSpectra:
    at = round(energy / STEP)
    loss, gain = np.zeros((2, at + 2))
    strength, thermal = RECOIL_MEV_A2_AMU / (mass * energy * STEP), occupation(np.array(energy), temperature)
    loss[at], gain[at] = strength * (thermal + 1), strength * thermal
    return one_site(loss, gain)


def debye(highest: float, temperature: float, mass: float, *, step: float) -> DisplacementSpectra:
    """g(ω) = 3ω²/ω_D³, sampled at the bins' centres; ωn → k_BT as ω → 0."""
    energy = step * np.arange(round(highest / step) + 1)
    thermal = np.append(BOLTZMANN_MEV_PER_K * temperature, energy[1:] * occupation(energy[1:], temperature))
    strength = 3 * RECOIL_MEV_A2_AMU / (mass * highest**3)
    loss, gain = strength * (thermal + energy), strength * thermal
    # The bin at 0 is shared by both sides, that at ω_D half full
    loss[0] /= 2
    gain[0] /= 2
    loss[-1] /= 2
    gain[-1] /= 2
    return one_site(loss, gain, step=step)


@pytest.mark.parametrize("temperature", [5.0, 300.0, 2000.0])
def test_einstein_oscillator_in_closed_form(temperature: float) -> None:
    """m quanta of which j are given back: weight e^(−2W) x^m / ((m−j)! j!) (n+1)^(m−j) n^j at (m − 2j) ω₀.

    Summed over m this is e^(−2W) e^(pβħω₀/2) I_p(2x √(n(n+1))) at p ω₀ (Zemach & Glauber, Phys. Rev. 101 (1956) 118).
    """
    energy = 40.0
    found = of_one_atom(einstein(energy, temperature), n_energy=round(10 * energy / STEP) + 1)
    x = RECOIL_MEV_A2_AMU * Q**2 / (HYDROGEN * energy)
    n = occupation(np.array(energy), temperature)
    debye_waller = np.exp(-x * (2 * n + 1))
    np.testing.assert_allclose(found.elastic[0], debye_waller, rtol=1e-12)
    for m in range(1, 11):
        expected = np.zeros((len(Q), found.orders.shape[-1]))
        for given_back in range(m // 2 + 1):
            taken = m - given_back
            weight = (n + 1) ** taken * n**given_back / (special.factorial(taken) * special.factorial(given_back))
            expected[:, round((taken - given_back) * energy / STEP)] = debye_waller * x**m * weight / STEP
        np.testing.assert_allclose(found.orders[m - 1, 0], expected, rtol=FLOAT32, atol=1e-6 * expected.max())
    # Where eleven phonons and more scatter nothing, the sum is the Bessel function, but for p = 0 that is elastic too
    few = np.flatnonzero(found.beyond[0] < 1e-9)
    assert len(few)
    for p in range(1, 4):
        expected = debye_waller * ((n + 1) / n) ** (p / 2) * special.iv(p, 2 * x * np.sqrt(n * (n + 1)))
        total = found.orders[:, 0, :, round(p * energy / STEP)].sum(axis=0) * STEP
        if n > 1e-20:
            np.testing.assert_allclose(total[few], expected[few], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("temperature", [10.0, 100.0, 600.0])
def test_debye_solid(temperature: float) -> None:
    """Debye–Waller factor in closed form, order 2 by direct convolution, mean and variance of all orders."""
    highest, mass = 36.0, 26.98
    spectra = debye(highest, temperature, mass, step=0.1)
    n_bins = spectra.loss.shape[1]
    thermal = BOLTZMANN_MEV_PER_K * temperature
    integral = integrate.quad(lambda x: x / np.expm1(x), 0, highest / thermal)[0]
    displacement = 6 * RECOIL_MEV_A2_AMU / (mass * highest) * (0.25 + (thermal / highest) ** 2 * integral)
    loss, gain = both_sides(spectra, n_energy=10 * n_bins)
    found = of_one_atom(spectra, n_energy=10 * n_bins)
    # 360 bins: the trapezoidal rule is right to (ω_D/Δ)⁻²
    np.testing.assert_allclose(-np.log(found.elastic[0]), Q**2 * displacement, rtol=1e-4)

    line = np.concatenate([spectra.gain[0, :0:-1, 0, 0], spectra.loss[0, :, 0, 0]])
    line[n_bins - 1] += spectra.gain[0, 0, 0, 0]
    twice = np.convolve(line, line)[2 * (n_bins - 1) :] * spectra.step
    expected = np.outer(found.elastic[0] * Q**4 / 2, twice)
    np.testing.assert_allclose(found.orders[1, 0, :, : len(twice)], expected, rtol=FLOAT32, atol=1e-6 * expected.max())
    assert found.orders[1, 0, :, len(twice) :].max() < 1e-12

    # The spectrum's moments: ∫ωG = ħ²/2M, ∫ω²G = (ħ²/2M) ∫g ω coth(βω/2)
    first = RECOIL_MEV_A2_AMU / mass
    second = first * integrate.quad(lambda x: 3 * x**3 / highest**3 / np.tanh(x / (2 * thermal)), 0, highest)[0]
    energy = spectra.step * np.arange(10 * n_bins)
    loss[..., 0] /= 2  # the bin at 0 is in both sides
    gain[..., 0] /= 2
    for m in range(1, 11):
        weight = stats.poisson.pmf(m, Q**2 * displacement)
        total = (loss + gain)[m - 1].sum(axis=-1) * spectra.step
        mean = ((loss - gain)[m - 1] @ energy) * spectra.step
        square = ((loss + gain)[m - 1] @ energy**2) * spectra.step
        # The discretised Debye–Waller factor, at 10 Å⁻¹ and 600 K: 1e-4 of an exponent of 8
        np.testing.assert_allclose(total, weight, rtol=2e-3)
        np.testing.assert_allclose(mean / total, m * first / displacement, rtol=2e-4)
        variance = m * (second / displacement - (first / displacement) ** 2)
        np.testing.assert_allclose(square / total - (mean / total) ** 2, variance, rtol=1e-3)


def test_tenth_order_tends_to_a_gaussian() -> None:
    """Central limit: ten phonons of a hot Debye solid, whose spectrum is nearly symmetric."""
    spectra = debye(36.0, 600.0, 26.98, step=0.1)
    loss, _ = both_sides(spectra, n_energy=2000)
    line = loss[9, 2]
    displacement = float(spectra.site_displacements[0, 0, 0])
    energy = spectra.step * np.arange(len(line))
    mean = 10 * RECOIL_MEV_A2_AMU / 26.98 / displacement
    second = np.sum((spectra.loss + spectra.gain)[0, :, 0, 0] * (spectra.step * np.arange(361)) ** 2) * spectra.step
    width = np.sqrt(10 * (second / displacement - (mean / 10) ** 2))
    expected = stats.norm.pdf(energy, mean, width) * stats.poisson.pmf(10, Q[2] ** 2 * displacement)
    # What a sum of ten lacks to a Gaussian: its kurtosis, a tenth of one phonon's, here below 5 % of the peak
    assert np.abs(line - expected).max() < 0.05 * expected.max()


def uneven(temperature: float) -> tuple[DisplacementSpectra, np.ndarray, np.ndarray]:
    """Three oscillators along axes that are no symmetry axes of the quadrature: spectra, axes (rows), energies."""
    axes = np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))[0]
    energies = np.array([11.0, 41.5, 97.0])
    loss, gain = np.zeros((2, round(energies.max() / STEP) + 1, 3, 3))
    for axis, energy in zip(axes, energies, strict=True):
        tensor = RECOIL_MEV_A2_AMU / (HYDROGEN * energy * STEP) * np.outer(axis, axis)
        n = occupation(energy, temperature)
        loss[round(energy / STEP)] += tensor * (n + 1)
        gain[round(energy / STEP)] += tensor * n
    return one_site(loss, gain), axes, energies


def test_anisotropic_oscillator_against_brute_force() -> None:
    """At 0 K the three oscillators take k₁, k₂, k₃ quanta by three Poisson laws: averaged over 20 000 directions."""
    spectra, axes, energies = uneven(temperature=0.5)
    found = of_one_atom(spectra, n_energy=round(10 * energies.max() / STEP) + 1)
    cosine, weight = np.polynomial.legendre.leggauss(100)
    angle = 2 * np.pi * np.arange(200) / 200
    sine = np.sqrt(1 - cosine**2)
    directions = np.stack(
        [np.outer(sine, np.cos(angle)), np.outer(sine, np.sin(angle)), np.outer(cosine, np.ones(200))], axis=-1
    ).reshape(-1, 3)
    weights = np.repeat(weight / 2 / 200, 200)
    strengths = RECOIL_MEV_A2_AMU / (HYDROGEN * energies) * (directions @ axes.T) ** 2
    # The Debye–Waller factor varies by e^−18 over directions at 10 Å⁻¹
    assert 15 < Q[-1] ** 2 * np.ptp(strengths.sum(axis=1)) < 20
    expected = np.zeros((10, len(Q), found.orders.shape[-1]))
    laws = [stats.poisson.pmf(np.arange(11)[:, None, None], Q[:, None] ** 2 * strengths[:, axis]) for axis in range(3)]
    for quanta in itertools.product(range(11), repeat=3):
        if 1 <= sum(quanta) <= 10:
            product = np.prod([law[k] for law, k in zip(laws, quanta, strict=True)], axis=0)
            expected[sum(quanta) - 1, :, round(quanta @ energies / STEP)] += product @ weights / STEP
    for m, (ours, exact) in enumerate(zip(found.orders[:, 0], expected, strict=True), start=1):
        error = np.abs(ours - exact).max(axis=1) / exact.max(axis=1)
        # e^−4.5 over directions at 5 Å⁻¹: the quadrature of degree 23 is exact enough. e^−18: three per mille
        assert (error < [2e-6, 2e-6, 2e-6, 3e-3]).all(), (m, error)
    np.testing.assert_allclose(found.elastic[0], np.exp(-np.outer(Q**2, strengths.sum(axis=1))) @ weights, rtol=1e-3)


@pytest.mark.parametrize("temperature", [20.0, 300.0])
def test_all_that_scatters_adds_up_and_obeys_detailed_balance(temperature: float) -> None:
    spectra, _, energies = uneven(temperature)
    n_energy = round(10 * energies.max() / STEP) + 1
    loss, gain = both_sides(spectra, n_energy)
    found = of_one_atom(spectra, n_energy)
    scattered = STEP * (loss.sum(axis=(0, 2)) + gain[..., 1:].sum(axis=(0, 2)))
    # Interpolation in U: 1e-6 of each order
    np.testing.assert_allclose(found.elastic[0] + scattered + found.beyond[0], 1, atol=2e-6)
    # ∫ωS_m = ħ²q²/2M ⟨P_{m−1}⟩: Placzek's recoil, order by order, from ∫ωG = ħ²/2M in every direction
    energy = STEP * np.arange(n_energy)
    recoil = RECOIL_MEV_A2_AMU * Q**2 / HYDROGEN
    zeroth = STEP * (loss.sum(axis=2) + gain[..., 1:].sum(axis=2))
    fewer = np.vstack([found.elastic[0], zeroth[:-1]])
    np.testing.assert_allclose(STEP * (loss - gain) @ energy, recoil * fewer, rtol=1e-5, atol=1e-6 * recoil.max())
    balanced = loss * np.exp(-energy / (BOLTZMANN_MEV_PER_K * temperature))
    np.testing.assert_allclose(gain, balanced, rtol=1e-5, atol=1e-6 * loss.max())


def test_what_lies_beyond_the_axis_does_not_come_back() -> None:
    """Order 10 of the Einstein oscillator ends at ten times its energy; the axis here at one and a half."""
    spectra = einstein(40.0, 2000.0)
    short, long = (of_one_atom(spectra, n_energy=n) for n in (120, 1000))
    np.testing.assert_allclose(short.orders, long.orders[..., :120], rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("degree", [17, 23])
def test_quadrature_is_exact_to_its_degree(degree: int) -> None:
    directions, weights = half_sphere(degree)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-12)
    axis = np.array([0.36, 0.48, 0.8])
    for power in range(0, degree, 2):
        assert (directions @ axis) ** power @ weights == pytest.approx(1 / (power + 1), abs=1e-12)


def grid(fc: ForceConstants, divisions: int, *, step: float) -> Zone:
    """Few phonons, of energies that are whole numbers of bins: nothing is then lost in binning."""
    points = (
        np.stack(np.meshgrid(*[np.arange(divisions)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) + 0.5
    ) / divisions
    half = points[points[:, 0] < 0.5]
    modes = fc.calculate_qpoint_phonon_modes(half, insert_gamma=False, reduce_qpts=False)
    energies = np.rint(modes.frequencies.to("meV").magnitude / step) * step
    snapped = QpointPhononModes(modes.crystal, modes.qpts, energies * ureg("meV"), modes.eigenvectors, modes.weights)
    return Zone(snapped, (divisions,) * 3)


def by_abinslib(zone: Zone, q: float, temperature: float, n_energy: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders 1 and 2 of atom 0 in abinslib's almost-isotropic approximation.

    Its order 2 is made for pairs of modes that are counted once each; its own binning sums ν, ν' and ν', ν and so has
    every combination twice, whereas its `mantid_like_combination_spectra` halves that and has the overtones, ν = ν',
    half. Counted once, its numbers are the textbook's.
    """
    modes = zone.modes
    kelvin = Quantity(temperature, "K")
    displacements = Displacements.from_modes(modes, kelvin, frequency_min=Quantity(0.2, "meV"))
    atomic = displacements.to_atomic_displacements()
    shape = modes.frequencies.shape
    bins = Quantity(STEP * (np.arange(n_energy + 1) - 0.5), "meV")
    fundamentals = abins.calculate_almost_isotropic_incoherent_spectra(
        modes, displacements, atomic, Quantity(np.full(shape, q**2), "angstrom^-2"), bins
    )
    pairs = abins.calculate_almost_isotropic_incoherent_combinations(
        displacements, atomic, Quantity(np.full((*shape, *shape), q**2), "angstrom^-2"), include_dw=True
    )
    size = modes.frequencies.size
    weight = np.repeat(modes.weights, shape[1])
    once = np.triu(pairs[..., 0].reshape(size, size) * np.outer(weight, weight))
    energy = np.rint(modes.frequencies.to("meV").magnitude.ravel() / STEP).astype(int)
    at = np.add.outer(energy, energy)
    second = np.bincount(at.ravel(), weights=once.ravel(), minlength=n_energy)[:n_energy] / STEP
    return fundamentals.y_data[0].to("1/meV").magnitude, second


COLD = 0.5
"""K. No mode is occupied: abinslib's order 2 has none of the bands at the difference of two energies."""


def test_a_cubic_crystal_scatters_as_in_abinslib() -> None:
    """Isotropic displacements: the almost-isotropic approximation is exact."""
    # Simple cubic, for the grid has all of its symmetry and abinslib does not symmetrise
    zone = grid(springs(LATTICE * np.eye(3), np.zeros((1, 3)), ["Al"], [26.98]), 4, step=STEP)
    q = np.array([1.0, 4.0, 9.0])
    found = of_one_atom(displacement_spectra(zone.modes, temperature=COLD, step=STEP), n_energy=200, n_orders=2, q=q)
    for index, length in enumerate(q):
        theirs = by_abinslib(zone, length, COLD, 200)
        for order in range(2):
            np.testing.assert_allclose(
                found.orders[order, 0, index], theirs[order], rtol=2e-6, atol=1e-6 * theirs[order].max()
            )


@pytest.fixture(scope="module")
def layered() -> Zone:
    """Tetragonal, twice as far apart along c as in the plane; displacements along c are the larger."""
    cell = np.diag([2.5, 2.5, 4.1])
    return grid(springs(cell, np.zeros((1, 3)), ["C"], [12.011]), 4, step=STEP)


def test_an_anisotropic_crystal_scatters_as_in_abinslib_but_for_its_approximation(layered: Zone) -> None:
    """The exact average over directions, mode by mode, says how much of the difference is whose."""
    spectra = displacement_spectra(layered.modes, temperature=COLD, step=STEP)
    displacements = spectra.displacements[0]
    ratio = displacements[2, 2] / displacements[0, 0]
    assert ratio > 1.2
    q = np.array([1.0, 4.0, 9.0])
    n_energy = 200
    found = of_one_atom(spectra, n_energy=n_energy, n_orders=2, q=q)
    directions, weights = half_sphere(47)
    line = np.einsum("da,eab,db->de", directions, spectra.loss[0], directions)
    twice = np.array([np.convolve(one, one) for one in line]) * STEP
    once, twice = (np.pad(one, ((0, 0), (0, n_energy)))[:, :n_energy] for one in (line, twice))
    widths = np.einsum("da,ab,db->d", directions, displacements, directions)
    errors = np.empty((2, len(q)))
    for index, length in enumerate(q):
        theirs = by_abinslib(layered, length, COLD, n_energy)
        damped = weights * np.exp(-(length**2) * widths)
        exact = (length**2 * damped @ once, length**4 / 2 * damped @ twice)
        for order in range(2):
            ours = found.orders[order, 0, index]
            np.testing.assert_allclose(ours, exact[order], rtol=1e-5, atol=2e-6 * exact[order].max())
            errors[order, index] = np.abs(theirs[order] - exact[order]).sum() / exact[order].sum()
    spread = q**2 * np.ptp(widths)  # at most 0.4 here: the Debye–Waller factor varies by a third over directions
    # abinslib's order 1 is right to second order in that spread; order 2, damped isotropically, to first order only
    assert (errors[0] < 0.04 * spread**2).all()
    assert (errors[1] < 0.25 * spread).all()
    assert (errors[1] > 0.15 * spread).all()


def test_abinslib_lacks_difference_bands(layered: Zone) -> None:
    """At 300 K a phonon taken up and another given back are a good part of order 2; abinslib has only both taken up."""
    q, temperature, n_energy = 0.1, 300.0, 200
    spectra = displacement_spectra(layered.modes, temperature=temperature, step=STEP)
    _, theirs = by_abinslib(layered, q, temperature, n_energy)
    mirrored = DisplacementSpectra(STEP, spectra.gain, spectra.loss, spectra.site, spectra.rotations)
    loss, gain = (
        of_one_atom(side, n_energy, n_orders=2, q=np.array([q, 1.0])).orders[1, 0, 0] for side in (spectra, mirrored)
    )
    only_taken = DisplacementSpectra(STEP, spectra.loss, 0 * spectra.gain, spectra.site, spectra.rotations)
    taken = of_one_atom(only_taken, n_energy, n_orders=2, q=np.array([q, 1.0])).orders[1, 0, 0]
    # At 0.1 Å⁻¹ the Debye–Waller factor, which is another without the gain side, is 1 to 2e-3
    np.testing.assert_allclose(taken, theirs, rtol=2e-3, atol=1e-5 * theirs.max())
    assert theirs.sum() / (loss.sum() + gain[1:].sum()) < 0.5
    # Of what is seen at energy loss, difference bands are a quarter or more
    assert loss.sum() / theirs.sum() > 1.3
