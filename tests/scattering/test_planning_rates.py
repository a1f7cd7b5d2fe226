"""Counts and hours against hand calculations in closed form."""

import numpy as np
import pytest
from scipy import constants

from scattering import instruments
from scattering.core.bins import bin_widths
from scattering.instruments import flux, kinematics
from scattering.instruments.detectors import Detectors, frame_share
from scattering.observe import weights
from scattering.observe.view import View
from scattering.planning.counting import FeatureCounts, blur, count, hours_for
from scattering.planning.features import Feature
from scattering.planning.measurement import measure
from scattering.planning.projection import unsimulated_fraction, weigh
from scattering.planning.rates import Rates, Scale, apply_scale, rates_per_flux, scale_at_flux

from .planned import STEP, lines, plate

SETTINGS = {"e_init": 100.0, "chopper_package": "G", "chopper_frequency": 300}


def vanadium_rates(**more: float) -> Rates:
    merlin = instruments.get("MERLIN")
    return rates_per_flux(merlin, SETTINGS, weigh(lines(), View()), plate(**more))


def counted(one: Feature, rates: Rates, sigma: float) -> FeatureCounts:
    """One feature at a resolution that is the same at all energies."""
    only = np.zeros(1, dtype=int)
    counts = count([one], rates, np.full((1, len(rates.energy)), sigma), only)
    return counts.of(only, [Scale(1.0, 1.0, rates.basis, rates.relative_uncertainty)])[0]


def feature(energy: float = 40.0, measure: str = "intensity", fwhm: float = 0.0) -> Feature:
    return Feature(energy, False, measure, fwhm, 0.0, 0.0, {})  # type: ignore[arg-type]


def test_vanadium_counts_as_by_hand() -> None:
    """Isotropic incoherent scattering: Φ N σ/4π ΔΩ ε(E_f) k_f/k_i, 3600 times an hour.

    The numbers are written out once more, from other tables' values, so that no factor of the code stands in both.
    """
    mass_g, incident, final = 1.0, 100.0, 60.0
    atoms = mass_g / 50.9415 * 6.02214e23
    per_flux = 3600 * atoms * 5.08e-24 / (4 * np.pi) * 3.0 * np.sqrt(final / incident)
    # 10 atm of ³He at 293 K, 1/v: σ = 5333 b · √(25.3 meV/60 meV); mean over the chords of a tube of 25.4 mm
    inverse_length = 10 * 101325 / (1.380649e-23 * 293) * 1e-6 * 5333e-24 * np.sqrt(25.30 / final)
    across = np.linspace(0, 1, 200001)
    efficiency = np.trapezoid(1 - np.exp(-inverse_length * 2.54 * np.sqrt(1 - across**2)), across)
    shielded = plate().shielding(incident, final)
    expected = per_flux * efficiency * float(shielded)
    found = vanadium_rates()
    assert found.sample @ bin_widths(found.energy) == pytest.approx(expected, rel=2e-3)
    assert not found.container.any()
    # All of it is on the line at 40 meV
    assert found.energy[np.argmax(found.sample)] == pytest.approx(40.0, abs=STEP / 2)


def test_flux_brings_counts() -> None:
    merlin = instruments.get("MERLIN")
    known = flux.flux(merlin, SETTINGS)
    assert known is not None
    at = apply_scale(vanadium_rates(), scale_at_flux(vanadium_rates(), known, source_power=0.5, background=3.0))
    np.testing.assert_allclose(at.sample, 0.5 * known.value * vanadium_rates().sample)
    np.testing.assert_allclose(at.ambient, 3.0 * vanadium_rates().ambient)
    # ln²(1 + u) add up: a factor of two of the flux, 20 % of the detectors
    assert np.log1p(at.relative_uncertainty) == pytest.approx(np.hypot(np.log(2), np.log(1.2)))


def test_efficiency_of_thin_and_black_tubes() -> None:
    thin = Detectors(1.0, 1e-6, 25.4, (40, 40), 50)
    energy = np.array([25.3])
    per_cm = 1e-6 * constants.atm / (constants.k * 293) * 1e-6 * 5333e-24
    assert thin.efficiency(energy)[0] == pytest.approx(per_cm * 2.54 * np.pi / 4, rel=1e-3)
    # Only chords much shorter than a mean free path let anything through
    assert Detectors(1.0, 1e4, 25.4, (40, 40), 50).efficiency(energy)[0] > 0.9999
    assert thin.efficiency(np.array([0.0, -1.0])).tolist() == [0.0, 0.0]


def test_share_of_the_frame_is_the_difference_of_arrival_times() -> None:
    energy = np.linspace(20, 80, 6001)
    share = frame_share(energy, flight_path=2.5, frame_frequency=50)
    speed = np.sqrt(2 * np.array([20.0, 80.0]) * 1e-3 * constants.e / constants.m_n)
    between = 50 * 2.5 * (1 / speed[0] - 1 / speed[1])
    assert np.trapezoid(share, energy) == pytest.approx(between, rel=1e-5)


def test_hours_go_as_one_over_flux_and_mass_and_as_the_square_of_the_signal_to_noise() -> None:
    def hours(power: float, mass_g: float, signal_to_noise: float) -> float:
        shape = vanadium_rates(mass_g=mass_g)
        neutrons = flux.Flux(1e4, 1.0, "")
        at = apply_scale(shape, scale_at_flux(shape, neutrons, source_power=power, background=0.0))
        found = counted(feature(), at, 1.0)
        return hours_for(found.signal, found.background, signal_to_noise)

    one = hours(1.0, 0.01, 10)
    assert hours(2.0, 0.01, 10) == pytest.approx(one / 2)
    assert hours(1.0, 0.01, 30) == pytest.approx(9 * one)
    # Twice as thick shields a little more: 10 mg of vanadium on 16 cm² is 1 µm, where that is below 1e-4
    assert hours(1.0, 0.02, 10) == pytest.approx(one / 2, rel=1e-4)


def test_hours_with_background() -> None:
    """S t/√((S + B) t) = 10 at the time that is given; never without signal."""
    t = hours_for(3.0, 50.0, 10.0)
    assert 3.0 * t / np.sqrt(53.0 * t) == pytest.approx(10.0)
    assert hours_for(0.0, 1.0, 10.0) == np.inf


def test_a_gaussian_on_a_slope_is_counted_in_closed_form() -> None:
    """Within its full width at half maximum lie 76.1 % of a Gaussian's area, erf(√ln 2); the slope is its ground."""
    energy = np.arange(0, 100, STEP)
    ground = 50.0 + 0.4 * energy
    sigma = 1.2
    line = np.zeros_like(energy)
    line[np.searchsorted(energy, 40.0)] = 1000 / STEP
    rates = Rates(energy, line + ground, np.zeros_like(energy), np.zeros_like(energy), "absolute", 0.0)
    found = counted(feature(measure="peak"), rates, sigma)
    width = sigma * np.sqrt(8 * np.log(2))
    assert found.width == pytest.approx(width)
    # By trapezoids an eighth of the width wide; the ground passes through the tails
    assert found.signal == pytest.approx(761.0, rel=0.03)
    assert found.signal + found.background == pytest.approx(761.0 + width * (50 + 0.4 * 40), rel=0.03)


def test_what_is_no_peak_any_more_has_no_signal() -> None:
    """Two lines a third of the resolution apart are one: in the valley between them nothing stands out."""
    energy = np.arange(0, 100, STEP)
    two = np.zeros_like(energy)
    two[[np.searchsorted(energy, 38.0), np.searchsorted(energy, 46.0)]] = 1.0
    rates = Rates(energy, two, np.zeros_like(energy), np.zeros_like(energy), "absolute", 0.0)
    assert counted(feature(42.0, "peak"), rates, 2.0).signal == 0.0
    assert counted(feature(42.0, "intensity"), rates, 2.0).signal > 0.0


@pytest.mark.parametrize("sigma", [0.0, 0.3, 5.0, 12.0])
def test_blurring_keeps_area_and_first_moment(sigma: float) -> None:
    energy = np.arange(0, 200, STEP)
    values = np.zeros_like(energy)
    values[320] = 1 / STEP  # 80 meV
    at = np.linspace(80 - 6 * max(sigma, 1), 80 + 6 * max(sigma, 1), 2001)
    widths, only = np.full((1, len(energy)), sigma), np.zeros(1, dtype=int)
    seen = blur(energy, values, widths, only, at[None])[0]
    assert np.trapezoid(seen, at) == pytest.approx(1.0, rel=1e-5)
    assert np.trapezoid(seen * at, at) == pytest.approx(80.0, rel=1e-5)


def test_simulated_counts_are_poisson() -> None:
    """Means and variances over 400 seeds are those expected; the same seed gives the same counts."""
    energy = np.arange(0, 100, STEP)
    rates = Rates(energy, 5 + 0.1 * energy, np.full_like(energy, 2.0), np.full_like(energy, 1.0), "absolute", 0.0)
    sigma, edges = np.full_like(energy, 0.8), np.arange(20.0, 80.5, 1.0)
    drawn = [measure(rates, sigma, edges, 3.0, seed=seed) for seed in range(400)]
    expected = drawn[0].expected
    np.testing.assert_allclose(expected, 3.0 * (8 + 0.1 * drawn[0].energy), rtol=1e-6)
    np.testing.assert_allclose(drawn[0].background, 9.0, rtol=1e-6)
    counts = np.array([one.counts for one in drawn])
    deviations = (counts.mean(axis=0) - expected) / np.sqrt(expected / 400)
    assert np.abs(deviations).max() < 4.5  # of 60 bins
    assert (counts.var(axis=0, ddof=1) / expected).mean() == pytest.approx(1.0, abs=0.03)  # √(2/400/60) is 0.009
    np.testing.assert_array_equal(measure(rates, sigma, edges, 3.0, seed=7).counts, drawn[7].counts)


def test_solid_angle_beyond_the_simulation() -> None:
    """MERLIN's, at 40 meV from 100: |q| from 2.0 to 13.4 Å⁻¹; solid angles go as q²."""
    merlin = instruments.get("MERLIN")
    seen = kinematics.window(merlin, SETTINGS, np.array([40.0]))
    low, high = seen.q_min[0], seen.q_max[0]
    half = np.sqrt((low**2 + high**2) / 2)
    assert unsimulated_fraction(float(half), merlin, SETTINGS, 40.0) == pytest.approx(0.5)
    assert unsimulated_fraction(float(high) + 0.1, merlin, SETTINGS, 40.0) == 0.0
    assert unsimulated_fraction(0.1, merlin, SETTINGS, 40.0) == pytest.approx(1.0)
    # At 40 meV TOSCA's backward bank sees 5.1 Å⁻¹, its forward one 4
    assert unsimulated_fraction(4.5, instruments.get("TOSCA"), {}, 40.0) == 0.5


def test_scattering_length_of_vanadium_is_the_table_s() -> None:
    """The hand calculation above uses Sears's 5.08 b."""
    assert weights.scatterer("V").incoherent_cross_section == pytest.approx(5.08, rel=1e-3)
