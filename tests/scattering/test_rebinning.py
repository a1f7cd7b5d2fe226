"""From angles to |q|: what is measured of a known S(q, ω) comes back, and nothing is gained or lost."""

import time

import numpy as np
import pytest

from scattering.instruments.kinematics import momentum_transfer
from scattering.measured.rebinning import CannotRebin, rebin_angles

E_INIT = 100.0


def q_at(two_theta, energy, geometry="direct", fixed=E_INIT):
    e_i, e_f = (fixed, fixed - energy) if geometry == "direct" else (fixed + energy, fixed)
    return momentum_transfer(incident_energy=e_i, final_energy=e_f, two_theta=two_theta)


def fine_structure(q, energy):
    """Something that varies over both axes, on the scale of tenths of Å⁻¹ and some meV."""
    return 2 + np.cos(2 * q) + 0.5 * np.sin(energy / 5)


@pytest.fixture(scope="module")
def detectors():
    two_theta = np.arange(3.0, 135.0, 0.44)
    return two_theta, np.full(len(two_theta), 0.44)


@pytest.mark.parametrize(
    ("geometry", "fixed", "edges"),
    [("direct", 100.0, np.linspace(-50, 90, 141)), ("indirect", 4.5, np.linspace(-2.0, 60.0, 125))],
)
def test_a_known_structure_factor_comes_back_in_the_middle_of_each_bin(detectors, geometry, fixed, edges):
    """But for what S, of slope 2 at most, varies from the middle of a bin to the far end of a pixel that it shares."""
    two_theta, width = detectors
    centres = (edges[1:] + edges[:-1]) / 2
    intensity = fine_structure(q_at(two_theta[:, None], centres, geometry, fixed), centres)
    found = rebin_angles(
        two_theta=two_theta,
        width=width,
        energy=edges,
        intensity=intensity,
        error=None,
        geometry=geometry,
        fixed_energy=fixed,
    )
    q = (found.q[1:] + found.q[:-1]) / 2
    reached = np.isfinite(found.intensity)
    # Not the bins at the rim, of which only a part is measured
    rim = ~(np.roll(reached, 1, axis=0) & np.roll(reached, -1, axis=0))
    inner = reached & ~rim
    assert inner.sum() > 0.25 * reached.size
    step = np.diff(found.q)[0]
    expected = fine_structure(q[:, None], centres)
    corners = [q_at(angle[:, None], edges, geometry, fixed) for angle in (two_theta - 0.22, two_theta + 0.22)]
    extent = (
        np.maximum(corners[1][:, 1:], corners[1][:, :-1]) - np.minimum(corners[0][:, 1:], corners[0][:, :-1])
    ).max()
    assert np.abs(found.intensity - expected)[inner].max() < 2 * (step + extent) / 2
    assert np.sqrt(np.mean((found.intensity - expected)[inner] ** 2)) < 0.4 * step


def test_what_is_alike_everywhere_stays_so_and_bins_out_of_reach_are_not_measured(detectors):
    two_theta, width = detectors
    edges = np.linspace(-20, 120, 71)
    found = rebin_angles(
        two_theta=two_theta,
        width=width,
        energy=edges,
        intensity=np.full((len(two_theta), 70), 3.0),
        error=np.full((len(two_theta), 70), 0.1),
        geometry="direct",
        fixed_energy=E_INIT,
        q=np.linspace(0, 16, 161),
    )
    reached = np.isfinite(found.intensity)
    np.testing.assert_allclose(found.intensity[reached], 3.0, rtol=1e-12)
    centres = (edges[1:] + edges[:-1]) / 2
    assert not reached[:, centres > E_INIT].any()
    lowest, highest = q_at(two_theta[0] - 0.22, centres[:60]), q_at(two_theta[-1] + 0.22, centres[:60])
    q = found.q
    for column in range(60):
        rows = np.flatnonzero(reached[:, column])
        # A bin of energy reaches as far as the neighbours' middles at most
        around = slice(max(column - 1, 0), column + 2)
        assert q[rows[0] + 1] > lowest[around].min()
        assert q[rows[-1]] < highest[around].max()
        # and nothing within is missed: detectors touch
        assert len(rows) == rows[-1] - rows[0] + 1


def test_the_elastic_line_lies_at_twice_k_sin_theta():
    found = rebin_angles(
        two_theta=np.array([60.0]),
        width=np.array([0.2]),
        energy=np.array([-0.01, 0.01]),
        intensity=np.array([[5.0]]),
        error=None,
        geometry="direct",
        fixed_energy=E_INIT,
        q=np.linspace(0, 14, 1401),
    )
    k = float(q_at(180.0, 0.0)) / 2
    rows = np.flatnonzero(np.isfinite(found.intensity[:, 0]))
    assert found.q[rows[0]] == pytest.approx(2 * k * np.sin(np.radians(29.95)), abs=0.01)
    assert found.q[rows[-1] + 1] == pytest.approx(2 * k * np.sin(np.radians(30.05)), abs=0.01)


def test_direct_and_indirect_agree_where_they_are_the_same_measurement():
    """At ω = 0 with E_i = E_f, and at any ω with the roles of the two energies exchanged."""
    two_theta, width = np.arange(5.0, 130.0, 1.0), np.full(125, 1.0)
    intensity = np.random.default_rng(1).uniform(1, 2, (125, 20))
    edges = np.linspace(-10, 10, 21)
    common = {"two_theta": two_theta, "width": width, "error": None, "fixed_energy": 50.0, "q": np.linspace(0, 10, 101)}
    direct = rebin_angles(energy=edges, intensity=intensity, geometry="direct", **common)
    indirect = rebin_angles(energy=-edges[::-1], intensity=intensity[:, ::-1], geometry="indirect", **common)
    np.testing.assert_allclose(direct.intensity, indirect.intensity[:, ::-1], rtol=1e-12)
    elastic = [
        rebin_angles(energy=np.array([-1e-6, 1e-6]), intensity=intensity[:, :1], geometry=geometry, **common)
        for geometry in ("direct", "indirect")
    ]
    np.testing.assert_allclose(elastic[0].intensity, elastic[1].intensity, rtol=1e-5)


@pytest.mark.parametrize(
    ("geometry", "fixed", "energy", "largest"),
    [("direct", 100.0, (80, 96), 9.0), ("indirect", 4.0, (-2, 2), 3.0)],
)
def test_as_brute_force_does_it(geometry, fixed, energy, largest):
    """Points drawn evenly over each pixel, each carrying its intensity into the bin that it falls into.

    Where pixels slant most: at the end of a direct spectrometer's range, and of an indirect one's.
    """
    rng = np.random.default_rng(2)
    two_theta, width = np.array([20.0, 50.0, 52.5, 110.0]), np.array([1.0, 3.0, 3.0, 2.0])
    edges = np.linspace(*energy, 9)
    intensity = rng.uniform(1, 3, (4, 8))
    error = rng.uniform(0.1, 0.3, (4, 8))
    q = np.linspace(0, largest, 91)
    found = rebin_angles(
        two_theta=two_theta,
        width=width,
        energy=edges,
        intensity=intensity,
        error=error,
        geometry=geometry,
        fixed_energy=fixed,
        q=q,
    )
    n = 200_000
    for column in range(8):
        area, total, squares = np.zeros((3, 90))
        for detector in range(4):
            at = rng.uniform(edges[column], edges[column + 1], n)
            low, high = (
                q_at(two_theta[detector] + side * width[detector] / 2, at, geometry, fixed) for side in (-1, 1)
            )
            points = rng.uniform(low, high)
            # Evenly over the area: each ω counts by the extent that the pixel has there
            share = np.histogram(points, q, weights=(high - low) / n)[0]
            area += share
            total += share * intensity[detector, column]
            squares += (share * error[detector, column]) ** 2
        # Of bins that more than a hundredth of a pixel falls into
        well = area > 1e-2 * np.ptp(q_at(two_theta[:1] + np.array([-0.5, 0.5]), edges[column], geometry, fixed))
        assert well.sum() > 8
        values, deviations = total[well] / area[well], np.sqrt(squares[well]) / area[well]
        # The straight parallelogram for the curved pixel: a few hundredths of its extent where two pixels share a bin
        np.testing.assert_allclose(found.intensity[well, column], values, rtol=0.03)
        np.testing.assert_allclose(found.error[well, column], deviations, rtol=0.06)


def test_masked_pixels_do_not_count():
    two_theta, width = np.array([40.0, 40.0, 60.0]), np.full(3, 1.0)
    intensity = np.array([[1.0, 1.0], [np.nan, 3.0], [np.nan, np.nan]])
    found = rebin_angles(
        two_theta=two_theta,
        width=width,
        energy=np.array([0.0, 1.0, 2.0]),
        intensity=intensity,
        error=np.where(np.isnan(intensity), np.nan, 0.2),
        geometry="direct",
        fixed_energy=E_INIT,
        q=np.array([0.0, 14.0]),
    )
    np.testing.assert_allclose(found.intensity, [[1.0, 2.0]])
    np.testing.assert_allclose(found.error, [[0.2, 0.2 / np.sqrt(2)]])


def test_errors_are_those_that_repeated_measurements_scatter_by(detectors):
    two_theta, width = detectors
    rng = np.random.default_rng(3)
    edges = np.linspace(0, 50, 6)
    error = rng.uniform(0.5, 1.5, (len(two_theta), 5))
    common = {"two_theta": two_theta, "width": width, "energy": edges, "geometry": "direct", "fixed_energy": E_INIT}
    runs = [rebin_angles(intensity=rng.normal(10, error), error=error, **common) for _ in range(200)]
    scatter = np.std([run.intensity for run in runs], axis=0, ddof=1)
    reached = np.isfinite(scatter)
    # A standard deviation of 200 runs is known to 5 %: the largest of some thousand lies within 5 of these
    np.testing.assert_allclose(scatter[reached] / runs[0].error[reached], 1, atol=0.25)
    assert np.mean(scatter[reached] / runs[0].error[reached]) == pytest.approx(1, abs=0.01)


def test_an_error_that_is_not_known_stays_so():
    found = rebin_angles(
        two_theta=np.array([40.0, 60.0, 80.0]),
        width=np.full(3, 1.0),
        energy=np.array([0.0, 1.0]),
        intensity=np.ones((3, 1)),
        error=np.array([[0.1], [np.nan], [0.0]]),
        geometry="direct",
        fixed_energy=E_INIT,
        q=np.array([4.0, 5.5, 8.0, 10.0]),
    )
    np.testing.assert_allclose(found.error[:, 0], [0.1, np.nan, np.nan])


def test_default_bins_are_as_fine_as_the_detectors_and_leave_no_holes(detectors):
    two_theta, _ = detectors
    edges = np.linspace(-20, 80, 101)
    found = rebin_angles(
        two_theta=two_theta,
        width=None,
        energy=edges,
        intensity=np.ones((len(two_theta), 100)),
        error=None,
        geometry="direct",
        fixed_energy=E_INIT,
    )
    apart = np.diff(q_at(two_theta, 0.0))
    step = np.diff(found.q)
    np.testing.assert_allclose(step, step[0], rtol=1e-9)
    assert np.median(apart) * 0.8 <= step[0] <= 2.5 * np.median(apart)
    for column in np.isfinite(found.intensity).T:
        rows = np.flatnonzero(column)
        assert len(rows) == rows[-1] - rows[0] + 1


def test_two_banks_far_apart_remain_two_lines():
    """As TOSCA's, of unknown width: the bins between them are not measured."""
    edges = np.linspace(2, 100, 50)
    found = rebin_angles(
        two_theta=np.array([45.0, 135.0]),
        width=None,
        energy=edges,
        intensity=np.array([[1.0], [2.0]]) * np.ones(49),
        error=None,
        geometry="indirect",
        fixed_energy=3.9,
    )
    middle = (edges[1:] + edges[:-1]) / 2
    for line, value in ((45.0, 1.0), (135.0, 2.0)):
        row = np.searchsorted(found.q, q_at(line, middle, "indirect", 3.9)) - 1
        np.testing.assert_allclose(found.intensity[row[:20], np.arange(20)], value)
    assert np.isnan(found.intensity).mean() > 0.5


def test_a_position_sensitive_detector_takes_seconds():
    """40 000 pixels; the same average as without grouping, of 4000 of them."""
    rng = np.random.default_rng(4)
    two_theta = rng.uniform(3, 60, 40_000)
    width = np.full(40_000, 0.3)
    edges = np.linspace(-50, 475, 301)
    centres = (edges[1:] + edges[:-1]) / 2
    intensity = fine_structure(q_at(two_theta[:, None], centres, fixed=500.0), centres)
    before = time.process_time()
    found = rebin_angles(
        two_theta=two_theta,
        width=width,
        energy=edges,
        intensity=intensity,
        error=np.ones_like(intensity),
        geometry="direct",
        fixed_energy=500.0,
    )
    assert time.process_time() - before < 10
    q = (found.q[1:] + found.q[:-1]) / 2
    reached = np.isfinite(found.intensity)
    inner = reached & np.roll(reached, 1, axis=0) & np.roll(reached, -1, axis=0)
    assert inner.sum() > 10_000
    np.testing.assert_allclose(found.intensity[inner], fine_structure(q[:, None], centres)[inner], atol=0.12)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fixed_energy": 0.0}, "fixed_energy_not_positive"),
        ({"fixed_energy": float("nan")}, "fixed_energy_not_positive"),
        ({"energy": np.array([1.0, 0.0])}, "edges_not_monotonic"),
        ({"q": np.array([1.0, 1.0])}, "edges_not_monotonic"),
        ({"two_theta": np.array([200.0])}, "no_usable_detector"),
        ({"two_theta": np.array([np.nan])}, "no_usable_detector"),
        ({"width": np.array([0.0])}, "no_usable_detector"),
        ({"intensity": np.array([[np.nan]])}, "no_usable_detector"),
        ({"energy": np.array([200.0, 210.0])}, "no_reachable_energy"),
    ],
)
def test_what_cannot_be_is_refused(change, code):
    good = {
        "two_theta": np.array([40.0]),
        "width": np.array([1.0]),
        "energy": np.array([0.0, 1.0]),
        "intensity": np.array([[1.0]]),
        "error": None,
        "geometry": "direct",
        "fixed_energy": E_INIT,
    }
    with pytest.raises(CannotRebin, match=code):
        rebin_angles(**(good | change))


def test_either_side_of_the_beam_is_the_same():
    common = {
        "width": np.full(2, 1.0),
        "energy": np.array([0.0, 1.0]),
        "intensity": np.array([[1.0], [2.0]]),
        "error": None,
        "geometry": "direct",
        "fixed_energy": E_INIT,
    }
    signed = rebin_angles(two_theta=np.array([-40.0, 60.0]), **common)
    np.testing.assert_array_equal(signed.intensity, rebin_angles(two_theta=np.array([40.0, 60.0]), **common).intensity)
