"""Peaks of known spectra: found where they are, not where noise is, and matched as one would by eye."""

import numpy as np
import pytest

from scattering.measured.comparison.peaks import Peak, composition, find_peaks, match, stretch_of
from scattering.measured.comparison.smoothing import Curve, noise, smooth

STEP = 1.0
AXIS = np.arange(10.0, 250.0, STEP)


def gaussian(energy, centre, fwhm):
    return np.exp(-4 * np.log(2) * ((energy - centre) / fwhm) ** 2)


def tosca_like(energy):
    """An elastic line, nineteen peaks as wide as TOSCA resolves, and a broad hump of several phonons."""
    centres = [8, 10, 15, 22, 35, 50, 51.8, 76, 86, 105, 109, 124, 127, 145, 149, 183, 198, 360, 380]
    heights = [3, 5, 4, 2, 1, 3, 2, 4, 3, 2, 2, 3, 2, 4, 3, 1, 0.6, 0.5, 0.5]
    widths = np.hypot(0.5, 0.016 * np.array(centres))
    lines = sum(
        height * gaussian(energy, centre, width) for height, centre, width in zip(heights, centres, widths, strict=True)
    )
    hump = 0.5 * np.exp(-(((energy - 60) / 60) ** 2))
    return 300 * gaussian(energy, 0.0, 0.35) + hump + lines, np.array(centres)


def tosca_axis():
    """Bins of half a percent of the energy, 0.1 meV at least, as time of flight gives them."""
    energy = [-2.0]
    while energy[-1] < 500:
        energy.append(energy[-1] + max(0.1, 0.005 * abs(energy[-1])))
    return np.array(energy)


def peak(energy, prominence=1.0, fwhm=3.0):
    return Peak(energy=energy, height=prominence, fwhm=fwhm, prominence=prominence, standard_error=None)


def energies(pairs):
    return [(pair.measured.energy, pair.forecast.energy) for pair in pairs]


@pytest.mark.parametrize("fwhm", [4.0, 12.0])
def test_position_height_and_width_of_a_line_without_noise(fwhm):
    (found,) = find_peaks(AXIS, 2 + 5 * gaussian(AXIS, 120.3, fwhm), resolution_mev=4.0)
    assert found.energy == pytest.approx(120.3, abs=0.01)
    assert found.standard_error is None
    # A parabola under a Gaussian of 0.6 FWHM is a little lower than a Gaussian: 1.3 % at the resolution's own width
    assert found.height == pytest.approx(7, rel=0.02)
    assert found.prominence == pytest.approx(5, rel=0.03)
    assert found.fwhm == pytest.approx(fwhm, rel=0.05)


@pytest.mark.parametrize("errors", ["stated", "not known"])
@pytest.mark.parametrize("resolution", [4.0, None])
def test_pure_noise_has_hardly_any_peaks(errors, resolution):
    """At most one spectrum in twenty shows one: of 200, with errors estimated, four were seen."""
    rng = np.random.default_rng(5)
    error = np.ones(len(AXIS)) if errors == "stated" else None
    spectra = [find_peaks(AXIS, rng.normal(10, 1, len(AXIS)), error, resolution_mev=resolution) for _ in range(40)]
    assert sum(len(found) > 0 for found in spectra) <= 2


def test_counting_noise_on_a_steep_background_has_no_peaks():
    """Noise that varies ninefold along the curve is local, both where it is stated and where it is not."""
    rng = np.random.default_rng(6)
    mean = 4000 * np.exp(-AXIS / 40) + 20
    found = 0
    for _ in range(40):
        counts = rng.poisson(mean).astype(float)
        found += len(find_peaks(AXIS, counts, np.sqrt(np.maximum(counts, 1)), resolution_mev=5.0))
        found += len(find_peaks(AXIS, counts, resolution_mev=5.0))
    assert found <= 4


@pytest.mark.parametrize(("errors", "least"), [("stated", 0.96), ("not known", 0.93)])
def test_peaks_five_times_the_noise_are_found_and_nothing_else(errors, least):
    """Lines of four bins' width, whose height is five standard deviations of one bin, at 30 seeds.

    The search finds 98 % with errors and 96 % without, and so few besides that one in 30 spectra is many.
    """
    found, besides = 0, 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        centres = np.array([40, 95, 130, 200]) + rng.uniform(-1, 1, 4)
        curve = 2 + 0.01 * AXIS + 5 * sum(gaussian(AXIS, centre, 4 * STEP) for centre in centres)
        peaks = find_peaks(
            AXIS,
            curve + rng.normal(0, 1, len(AXIS)),
            np.ones(len(AXIS)) if errors == "stated" else None,
            resolution_mev=4 * STEP,
        )
        distance = np.abs(np.array([peak.energy for peak in peaks])[:, None] - centres)
        found += int((distance.min(axis=0) < 2).sum()) if len(peaks) else 0
        besides += int((distance.min(axis=1) > 4).sum()) if len(peaks) else 0
    assert found >= least * 120
    assert besides <= 1


@pytest.mark.parametrize("fwhm", [4.0, 10.0])
def test_standard_error_of_a_position_is_its_scatter(fwhm):
    pulls = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        centre = 100 + rng.uniform(-0.5, 0.5)
        error = rng.uniform(0.5, 1.5, len(AXIS))
        curve = 20 * gaussian(AXIS, centre, fwhm) + rng.normal(0, error)
        nearest = min(find_peaks(AXIS, curve, error, resolution_mev=4.0), key=lambda one: abs(one.energy - 100))
        pulls.append((nearest.energy - centre) / nearest.standard_error)
    # A standard deviation of 80 pulls is known to 8 %; 24 % is three times that
    assert np.std(pulls) == pytest.approx(1, abs=0.24)
    assert abs(np.mean(pulls)) < 3 / np.sqrt(len(pulls))


@pytest.mark.parametrize("known", [True, False])
def test_a_spectrum_as_tosca_measures_it(known):
    """Bins that grow with energy, an elastic line 60 times the highest peak, counting noise."""
    energy = tosca_axis()
    curve, centres = tosca_like(energy)
    counts = np.random.default_rng(1).poisson(1000 * curve)
    resolution = np.hypot(0.3, 0.015 * energy) if known else None
    found = find_peaks(energy, counts / 1000, np.sqrt(np.maximum(counts, 1)) / 1000, resolution_mev=resolution)
    positions = np.array([one.energy for one in found])
    # The pair at 145 and 149 is closer than its width at half height shows apart: one peak or two
    separate = centres[(centres != 145) & (centres != 149)]
    assert np.abs(positions[:, None] - separate).min(axis=0).max() < 0.6
    # and nothing else, not even on the elastic line
    assert np.abs(positions[:, None] - centres).min(axis=1).max() < 3
    assert 17 <= len(found) <= 19


def test_the_elastic_line_is_left_out_as_far_as_it_reaches():
    energy = np.arange(-20, 100, 0.5)
    curve = 100 * gaussian(energy, 0.4, 3.0) + 2 * gaussian(energy, 30.0, 3.0)
    assert [round(one.energy) for one in find_peaks(energy, curve, resolution_mev=3.0)] == [30]
    # A small peak is measured by the largest that counts, and not by the elastic line
    curve += 0.1 * gaussian(energy, 60.0, 3.0)
    assert [round(one.energy) for one in find_peaks(energy, curve, resolution_mev=3.0)] == [30, 60]
    assert [round(one.energy) for one in find_peaks(energy, curve, resolution_mev=3.0, elastic_mev=40.0)] == [60]


def test_small_peaks_count_as_far_as_they_are_asked_for():
    curve = 10 * gaussian(AXIS, 60, 4) + 0.1 * gaussian(AXIS, 120, 4)
    assert [round(one.energy) for one in find_peaks(AXIS, curve, resolution_mev=4)] == [60]
    assert [round(one.energy) for one in find_peaks(AXIS, curve, resolution_mev=4, prominence=0.005)] == [60, 120]


def test_a_gap_is_no_valley_and_its_rims_are_no_peaks():
    curve = 10 + 5 * gaussian(AXIS, 60, 10) + 5 * gaussian(AXIS, 180, 10) + 20 * gaussian(AXIS, 120, 30)
    kept = np.abs(AXIS - 120) > 20
    found = find_peaks(AXIS[kept], curve[kept], resolution_mev=4.0)
    assert [round(one.energy) for one in found] == [60, 180]


def test_errors_of_a_forecast_are_alike_within_the_resolution():
    """Noise that has gone through the resolution makes bumps as wide as peaks: stated errors then tell them apart."""
    rng = np.random.default_rng(7)
    axis = np.arange(10, 250, 0.25)
    kernel = gaussian(np.arange(-10, 10.1, 0.25), 0, 4.0)
    kernel /= np.linalg.norm(kernel)
    false, independent = 0, 0
    for _ in range(20):
        curve = 10 + np.convolve(rng.normal(0, 1, len(axis)), kernel, mode="same")
        curve += 30 * gaussian(axis, 100, 5)
        error = np.ones(len(axis))
        found = find_peaks(axis, curve, error, resolution_mev=4.0, correlated=True)
        assert any(abs(one.energy - 100) < 1 for one in found)
        false += len(found) - 1
        independent += len(find_peaks(axis, curve, error, resolution_mev=4.0)) - 1
    assert false <= 2
    assert independent > 20


def test_points_without_error_among_others_are_no_better_than_they():
    rng = np.random.default_rng(8)
    error = np.ones(len(AXIS))
    error[50:70] = np.nan
    assert find_peaks(AXIS, rng.normal(10, 1, len(AXIS)), error, resolution_mev=4.0) == ()


@pytest.mark.parametrize("values", [np.zeros(50), np.ones(50), np.arange(50.0), np.ones(3)])
def test_what_has_no_peak_has_none(values):
    assert find_peaks(np.arange(float(len(values))), values) == ()


def test_many_points_are_averaged_and_take_no_longer():
    energy = np.linspace(0, 200, 400_000)
    curve = gaussian(energy, 80, 5) + np.random.default_rng(9).normal(0, 0.5, len(energy))
    (found,) = find_peaks(energy, curve, np.full(len(energy), 0.5), resolution_mev=5.0)
    assert abs(found.energy - 80) < 4 * found.standard_error < 0.2


def test_noise_is_estimated_beside_peaks():
    """Of 10 000 points, over 101 each: to some 12 %, and no more than a little above it where there is structure."""
    rng = np.random.default_rng(10)
    axis = np.arange(10_000.0)
    curve = sum(30 * gaussian(axis, centre, 12) for centre in range(500, 10_000, 500))
    estimated = noise(curve + rng.normal(0, 1, len(axis)))
    assert np.median(estimated) == pytest.approx(1, abs=0.03)
    assert estimated.min() > 0.6
    assert estimated.max() < 1.6


def test_a_straight_line_passes_smoothing_unchanged_with_the_error_that_it_scatters_by():
    rng = np.random.default_rng(11)
    energy = np.sort(rng.uniform(0, 100, 300))
    width = np.full(300, 5.0)
    line = smooth(Curve(energy, 3 - 0.5 * energy, np.ones(300)), width)
    np.testing.assert_allclose(line.intensity, 3 - 0.5 * line.energy, atol=1e-4)
    runs = [smooth(Curve(energy, rng.normal(0, 1, 300), np.ones(300)), width).intensity for _ in range(400)]
    # Known to 3.5 % each
    np.testing.assert_allclose(np.std(runs, axis=0), line.deviation, rtol=0.17)


def test_the_papers_redshift_is_matched():
    """125 meV measured, 100 meV forecast; the rest where it should be."""
    found = match([peak(20), peak(60), peak(125)], [peak(20.5), peak(59), peak(100)])
    assert energies(found.pairs) == [(20, 20.5), (60, 59), (125, 100)]
    assert found.pairs[2].difference == pytest.approx(-25)
    assert found.only_measured == found.only_forecast == ()


def test_a_stretched_spectrum_is_matched_peak_by_peak():
    """All energies 10 % too low: above 60 meV each forecast peak is nearest to the wrong measured one."""
    measured = np.arange(20.0, 130.0, 7.0)
    found = match([peak(at) for at in measured], [peak(0.9 * at) for at in measured])
    assert energies(found.pairs) == [(at, pytest.approx(0.9 * at)) for at in measured]


def test_pairs_do_not_cross_and_each_peak_is_in_one():
    rng = np.random.default_rng(12)
    for _ in range(20):
        lists = [[peak(at, rng.uniform(0.1, 1)) for at in rng.uniform(5, 200, size)] for size in (12, 9)]
        found = match(*lists)
        measured, forecast = zip(*energies(found.pairs), strict=True)
        assert list(measured) == sorted(set(measured))
        assert list(forecast) == sorted(set(forecast))
        assert len(found.pairs) + len(found.only_measured) == 12
        assert len(found.pairs) + len(found.only_forecast) == 9


def test_similar_heights_are_preferred_to_the_nearest():
    found = match([peak(50, 1.0), peak(120, 1.0)], [peak(50, 1.0), peak(118, 0.02), peak(126, 0.9)])
    assert energies(found.pairs) == [(50, 50), (120, 126)]
    assert [one.energy for one in found.only_forecast] == [118]


def test_what_is_too_far_apart_is_no_pair():
    assert match([peak(100)], [peak(60)]).pairs == ()
    assert energies(match([peak(100)], [peak(60)], tolerance_mev=50).pairs) == [(100, 60)]
    assert match([peak(100)], [peak(90)], tolerance_mev=5).pairs == ()
    # Near the elastic line two widths count, and not a quarter of the energy
    assert energies(match([peak(4, fwhm=2)], [peak(6.5, fwhm=2)]).pairs) == [(4, 6.5)]


def test_the_tolerance_is_never_wider_than_peaks_are_apart():
    found = match([peak(at) for at in (400, 410, 425)], [peak(at) for at in (402, 412, 427)])
    assert found.tolerance_mev == 15
    assert energies(found.pairs) == [(400, 402), (410, 412), (425, 427)]


def test_pairs_of_peaks_give_the_stretch():
    found = match([peak(at) for at in (20, 50, 90, 130)], [peak(at / 1.04) for at in (20, 50, 90, 130)])
    assert stretch_of(found.pairs) == pytest.approx(1.04)
    assert stretch_of(found.pairs[:2]) is None


def test_nothing_to_match():
    found = match([], [peak(10)])
    assert (found.pairs, found.only_measured, len(found.only_forecast)) == ((), (), 1)


def test_shares_are_those_under_the_peak_and_sum_to_one():
    axis = np.arange(0, 200, 0.5)
    hydrogen, carbon = 9 * gaussian(axis, 100, 6), 1 * gaussian(axis, 100, 6) + 50 * gaussian(axis, 140, 6)
    orders = {1: 0.7 * hydrogen, 2: 0.2 * hydrogen, 3: 0.06 * hydrogen, 4: 0.04 * hydrogen}
    found = composition(100, 6, axis, {"H": hydrogen, "C": carbon}, orders)
    assert found.elements == pytest.approx({"H": 0.9, "C": 0.1}, abs=1e-6)
    assert found.orders == pytest.approx({"1": 0.7, "2": 0.2, "3+": 0.1})


def test_shares_of_what_is_negative_narrow_or_nothing():
    axis = np.arange(0, 200, 5.0)
    ones = np.ones(len(axis))
    assert composition(52, 1, axis, {"H": ones, "C": -0.1 * ones}, {}).elements == {"H": 1.0, "C": 0.0}
    empty = composition(52, 1, axis, {"H": 0 * ones}, {1: 0 * ones})
    assert (empty.elements, empty.orders) == ({}, None)
