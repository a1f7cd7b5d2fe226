"""Maps that are cleaned: axes, masks, errors, and angles that become |q|."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.datasets.cleaning_map import clean_map
from backend.datasets.formats import mantid_nexus, nxspe
from backend.datasets.formats.reading import RawMap
from backend.kit.files.unreadable import Unreadable
from scattering.core.constants import INVERSE_CM_MEV
from scattering.core.notices import Notice
from scattering.instruments.kinematics import momentum_transfer
from scattering.measured.units import FixedEnergyMissing

from . import datasets_hdf5 as files

Q = np.linspace(0.0, 5.0, 6)
ENERGY = np.array([0.0, 10.0, 20.0, 30.0, 50.0])


def over_q(**changes: object) -> RawMap:
    y = np.arange(1.0, 21.0).reshape(5, 4)
    raw = RawMap(kind="q", across=Q, width=None, x=ENERGY, y=y, error=0.1 * y, x_unit="meV")
    return replace(raw, **changes)  # type: ignore[arg-type]


def test_a_clean_map_is_left_as_it_is() -> None:
    measured, notices = clean_map(over_q(), "meV")
    np.testing.assert_array_equal(measured.q, Q)
    np.testing.assert_array_equal(measured.energy, ENERGY)
    np.testing.assert_array_equal(measured.intensity, over_q().y)
    np.testing.assert_array_equal(measured.error, over_q().error)
    assert notices == []


def test_units() -> None:
    measured, _ = clean_map(over_q(), "cm-1")
    np.testing.assert_allclose(measured.energy, ENERGY * INVERSE_CM_MEV, rtol=1e-12)


def test_descending_energies_are_turned_with_their_columns() -> None:
    raw = over_q()
    turned = replace(raw, x=ENERGY[::-1], y=raw.y[:, ::-1], error=raw.error[:, ::-1])  # type: ignore[index]
    measured, _ = clean_map(turned, "meV")
    np.testing.assert_array_equal(measured.intensity, raw.y)
    np.testing.assert_array_equal(measured.energy, ENERGY)


def test_points_get_edges_in_any_order() -> None:
    raw, order = over_q(), np.array([2, 0, 3, 1])
    points = np.array([0.0, 10.0, 20.0, 30.0])
    mixed = replace(raw, across=np.array([0.5, 1.5, 2.5, 3.5, 4.5]), x=points[order], y=raw.y[:, order], error=None)
    measured, notices = clean_map(mixed, "meV")
    np.testing.assert_allclose(measured.energy, [-5, 5, 15, 25, 35])
    np.testing.assert_allclose(measured.q, Q, atol=1e-12)
    np.testing.assert_array_equal(measured.intensity, raw.y)
    assert notices[0].code == "axis_sorted"


def test_a_gap_between_points_holds_nothing() -> None:
    points = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 60.0, 61.0, 62.0, 63.0, 64.0])
    y = np.ones((5, 10))
    measured, notices = clean_map(over_q(x=points, y=y, error=None), "meV")
    middle = (measured.energy[1:] + measured.energy[:-1]) / 2
    empty = np.isnan(measured.intensity).all(axis=0)
    np.testing.assert_allclose(middle[empty], [32.0])
    np.testing.assert_allclose(middle[~empty], points)
    assert notices == [Notice("gaps_left_open", {"axis": "energy", "n_gaps": 1})]


def test_no_point_below_zero_momentum() -> None:
    measured, _ = clean_map(over_q(across=np.array([0.0, 0.2, 0.4, 0.6, 0.8])), "meV")
    assert measured.q[0] == 0.0
    with pytest.raises(Unreadable, match="negative_q"):
        clean_map(over_q(across=np.array([-0.4, -0.2, 0.0, 0.2, 0.4])), "meV")


def test_values_and_errors_that_are_none() -> None:
    raw = over_q()
    y, error = raw.y.copy(), 0.1 * raw.y
    y[1, 1], y[2, 2], y[3, 1] = -1e30, np.inf, np.nan
    error[0, 1], error[0, 2], error[0, 3] = -1.0, 0.0, np.inf
    measured, notices = clean_map(replace(raw, y=y, error=error), "meV")
    assert measured.error is not None
    missing = np.isnan(measured.intensity)
    assert missing.sum() == 3
    assert missing[[1, 2, 3], [1, 2, 1]].all()
    assert np.isnan(measured.error[0, 1:]).all()
    assert np.isnan(measured.error[missing]).all()
    assert (measured.error[np.isfinite(measured.error)] > 0).all()
    assert notices == [
        Notice("values_masked", {"n_values": 1}),
        Notice("values_not_finite", {"n_values": 1}),
        Notice("errors_unknown", {"zero": 1, "negative": 1, "missing": 1}),
    ]


def test_errors_of_nothing_are_none() -> None:
    measured, notices = clean_map(over_q(error=np.zeros((5, 4))), "meV")
    assert measured.error is None
    assert notices == [Notice("no_usable_errors")]


def test_empty_borders_are_cut_and_empty_insides_stay() -> None:
    y = over_q().y.copy()
    y[0], y[2], y[:, -1] = np.nan, np.nan, np.nan
    measured, notices = clean_map(over_q(y=y, error=None), "meV")
    np.testing.assert_array_equal(measured.q, Q[1:])
    np.testing.assert_array_equal(measured.energy, ENERGY[:-1])
    assert np.isnan(measured.intensity[1]).all()
    assert notices == [Notice("empty_borders_cut", {"axis": axis, "n_bins": 1}) for axis in ("q", "energy")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"y": np.full((5, 4), np.nan)}, "map_without_intensities"),
        ({"x": ENERGY[:2], "y": np.ones((5, 1)), "error": None}, "single_bin"),
        ({"x": np.array([0.0, 10.0, 5.0, 30.0, 50.0])}, "edges_not_monotonic"),
        ({"x": np.array([0.0, np.nan, 5.0, 30.0, 50.0])}, "edges_not_finite"),
        ({"x": np.array([0.0, 10.0, 10.0, 30.0])}, "repeated_axis_values"),
        ({"x": 1e6 * ENERGY}, "energies_impossible"),
        ({"x": ENERGY[:3]}, "axes_do_not_fit"),
        ({"error": np.ones((2, 2))}, "sizes_differ .*'errors'"),
        ({"across": np.ones(5), "kind": "angle", "width": np.ones(3)}, "sizes_differ .*'widths'"),
    ],
)
def test_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        clean_map(over_q(**changes), "meV", fixed_energy_mev=100.0, geometry="direct")


def test_angles_need_the_spectrometer() -> None:
    angles = over_q(kind="angle", across=np.linspace(10.0, 50.0, 5))
    with pytest.raises(FixedEnergyMissing):
        clean_map(angles, "meV", geometry="direct")
    with pytest.raises(FixedEnergyMissing):
        clean_map(angles, "meV", fixed_energy_mev=60.0)
    with pytest.raises(Unreadable, match="fixed_energy_impossible"):
        clean_map(angles, "meV", fixed_energy_mev=1e9, geometry="indirect")
    with pytest.raises(Unreadable, match="no_reachable_energy"):
        # Every bin is a loss of more than E_i
        clean_map(replace(angles, x=ENERGY + 60), "meV", fixed_energy_mev=50.0, geometry="direct")


@pytest.mark.parametrize(
    ("geometry", "instrument", "fixed_energy", "energy"),
    [
        ("direct", "MARI", 100.0, np.linspace(-20.0, 90.0, 56)),
        ("indirect", "SOMEBODY", 4.0, np.linspace(-2.0, 110.0, 57)),
    ],
)
def test_a_known_structure_factor_comes_back_from_nxspe(
    geometry: str, instrument: str, fixed_energy: float, energy: np.ndarray
) -> None:
    """Within what it varies over the pixels and bins that share an area, and four standard errors of the noise."""
    rng = np.random.default_rng(11)
    two_theta = rng.permutation(np.repeat(np.arange(4.0, 134.0, 0.5), 2))
    truth = files.counted(two_theta, energy, fixed_energy=fixed_energy, geometry=geometry)
    sigma = 0.02 * np.nanmean(truth)
    noisy = truth + rng.normal(0.0, sigma, truth.shape)
    noisy[:3] = np.nan
    (raw,) = nxspe.read(
        files.nxspe(
            two_theta,
            energy,
            np.nan_to_num(noisy, nan=-1e30),
            np.full(truth.shape, sigma),
            fixed_energy=fixed_energy,
            instrument=instrument,
            fermi=geometry == "direct",
            width=0.5,
            stored={"compression": "gzip", "chunks": (8, len(energy) - 1)},
        )
    )
    assert isinstance(raw, RawMap)
    assert raw.geometry == geometry
    measured, notices = clean_map(raw, "meV", fixed_energy_mev=raw.stated.fixed_energy_mev)
    assert measured.error is not None
    np.testing.assert_array_equal(measured.energy, energy)
    assert (notices[-1].code, notices[-1].params["n_bins"]) == ("detectors_rebinned", len(measured.q) - 1)

    q, middle = (measured.q[1:] + measured.q[:-1]) / 2, (energy[1:] + energy[:-1]) / 2
    reached = np.isfinite(measured.intensity)
    inner = reached & np.roll(reached, 1, axis=0) & np.roll(reached, -1, axis=0)
    assert inner.sum() > 0.3 * reached.size
    # A bin averages pixels whose middles lie within a bin's and a pixel's reach of its own
    varying = fixed_energy - energy if geometry == "direct" else fixed_energy + energy
    edges = momentum_transfer(
        incident_energy=fixed_energy, final_energy=np.maximum(varying, 0.0), two_theta=np.array([[40.0], [90.0]])
    )
    reach = np.diff(measured.q)[0] + np.abs(np.diff(edges, axis=1)).max()
    grid = q[:, None]
    expected = files.known_s(grid, middle)
    variation = np.maximum(
        np.abs(files.known_s(grid + reach, middle) - expected), np.abs(files.known_s(grid - reach, middle) - expected)
    )
    off = np.abs(measured.intensity - expected)
    assert (off < variation + 4 * measured.error + 1e-3)[inner].all()
    # The mean is not off at all, to the curvature of S over a bin
    assert abs(np.mean((measured.intensity - expected)[inner])) < 0.02 * expected[inner].mean()


def test_spectra_of_mantid_come_to_q_by_the_angles_of_their_detectors() -> None:
    energy, two_theta = np.linspace(-10.0, 45.0, 56), np.linspace(5.0, 130.0, 126)
    values = files.counted(two_theta, energy, fixed_energy=50.0, geometry="direct")
    content = files.mantid(
        values,
        0.01 * values,
        energy,
        np.arange(126),
        two_theta=two_theta,
        instrument="LET",
        logs={"Ei": (50.0, "meV")},
    )
    raw = mantid_nexus.read(content)[0]
    assert isinstance(raw, RawMap)
    measured, notices = clean_map(raw, "meV", fixed_energy_mev=raw.stated.fixed_energy_mev)
    assert Notice("detector_widths_unknown") in notices
    q, middle = (measured.q[1:] + measured.q[:-1]) / 2, (energy[1:] + energy[:-1]) / 2
    inner = (q > 1.0) & (q < 6.0)
    found, expected = measured.intensity[inner], files.known_s(q[inner, None], middle)
    there = np.isfinite(found)
    # Pixels of a degree and more, as the detectors stand
    assert np.abs(found / expected - 1)[there].mean() < 0.03


def test_numbers_of_an_impossible_size() -> None:
    with pytest.raises(Unreadable, match="intensity_impossible"):
        clean_map(over_q(y=1e-300 * over_q().y), "meV")
    error = 0.1 * over_q().y
    error[0, 0], error[1, 1] = 1e-300, 1e300
    measured, notices = clean_map(over_q(error=error), "meV")
    assert measured.error is not None
    assert np.argwhere(np.isnan(measured.error)).tolist() == [[0, 0], [1, 1]]
    assert notices == [Notice("errors_unknown", {"close_to_zero": 1, "too_large": 1})]
