"""From raw columns to a clean spectrum in meV, and what is told on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend import wording
from backend.datasets.cleaning import clean_spectrum, edges_between
from backend.datasets.formats.reading import RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.constants import HBAR_MEV_FS
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredSpectrum
from scattering.measured.units import FixedEnergyMissing

NAN, INF = np.nan, np.inf


def raw(x: Any, y: Any, error: Any = None) -> RawSpectrum:
    arrays = [None if values is None else np.array(values, dtype=float) for values in (x, y, error)]
    return RawSpectrum(*arrays, None)  # type: ignore[arg-type]


def check(found: MeasuredSpectrum) -> None:
    """What `MeasuredSpectrum` promises."""
    assert (np.diff(found.energy) > 0).all()
    assert (found.low < found.energy).all()
    assert (found.energy < found.high).all()
    assert (found.low[1:] >= found.high[:-1]).all()
    assert np.isfinite(found.intensity).all()
    if found.error is not None:
        assert np.isfinite(found.error).any()
        assert ((found.error > 0) | np.isnan(found.error)).all()


def test_clean_data_stay_as_they_are_and_nothing_is_told() -> None:
    found, notices = clean_spectrum(raw([1, 2, 3, 5], [4, 5, 6, 7], [0.1, 0.2, 0.3, 0.4]), "meV")
    assert notices == []
    assert found.energy.tolist() == [1, 2, 3, 5]
    assert found.low.tolist() == [0.5, 1.5, 2.5, 4]
    assert found.high.tolist() == [1.5, 2.5, 4, 6]
    assert found.error is not None
    assert found.error.tolist() == [0.1, 0.2, 0.3, 0.4]


def test_units_become_mev() -> None:
    found, _ = clean_spectrum(raw([100, 200, 300], [1, 2, 3]), "ps-1")
    assert found.energy == pytest.approx(np.array([100, 200, 300]) * HBAR_MEV_FS * 1e-3)


def test_descending_energies_turn_round_without_a_word() -> None:
    found, notices = clean_spectrum(raw([3, 2, 1], [30, 20, 10], [3, 2, 1]), "meV")
    assert notices == []
    assert found.intensity.tolist() == [10, 20, 30]
    assert found.error is not None
    assert found.error.tolist() == [1, 2, 3]


def test_energies_in_no_order_are_sorted_and_told() -> None:
    found, notices = clean_spectrum(raw([3, 1, 2, 4], [30, 10, 20, 40]), "meV")
    assert found.intensity.tolist() == [10, 20, 30, 40]
    assert notices == [Notice("axis_sorted", {"axis": "energy"})]


def test_duplicates_are_averaged_by_weight() -> None:
    found, notices = clean_spectrum(raw([1, 2, 2, 2, 3], [1, 10, 20, 40, 3], [1, 1, 0.5, 1, 1]), "meV")
    assert found.energy.tolist() == [1, 2, 3]
    # weights 1, 4, 1
    assert found.intensity[1] == pytest.approx((10 + 4 * 20 + 40) / 6)
    assert found.error is not None
    assert found.error[1] == pytest.approx(1 / np.sqrt(6))
    assert notices == [Notice("repeated_energies_averaged", {"n_energies": 1, "n_points": 3})]


def test_duplicates_without_all_errors_are_averaged_plainly() -> None:
    found, _ = clean_spectrum(raw([1, 2, 2, 3], [1, 10, 20, 3], [1, 1, 0, 1]), "meV")
    assert found.intensity[1] == 15
    assert found.error is not None
    assert np.isnan(found.error).tolist() == [False, True, False]
    plain, _ = clean_spectrum(raw([3, 2, 2, 1], [1, 10, 20, 3]), "meV")
    assert plain.intensity.tolist() == [3, 15, 1]


def test_what_is_no_number_is_left_out_and_told() -> None:
    found, notices = clean_spectrum(raw([1, NAN, 3, 4, 5, INF, 7], [1, 2, NAN, 4, INF, 6, 7]), "meV")
    assert found.energy.tolist() == [1, 4, 7]
    assert notices == [Notice("values_not_finite", {"n_values": 4})]


def test_errors_that_cannot_be_are_not_known() -> None:
    found, notices = clean_spectrum(raw(range(6), [1] * 6, [0.1, 0, -1, NAN, INF, 0.2]), "meV")
    assert found.error is not None
    assert np.isnan(found.error).tolist() == [False, True, True, True, True, False]
    assert notices == [Notice("errors_unknown", {"zero": 1, "negative": 1, "missing": 2})]


@pytest.mark.parametrize("error", [[0] * 4, [NAN] * 4, [-1] * 4])
def test_no_errors_at_all(error: list[float]) -> None:
    found, notices = clean_spectrum(raw(range(4), [1] * 4, error), "meV")
    assert found.error is None
    assert notices == [Notice("no_usable_errors")]


def test_a_gap_stays_open() -> None:
    x = [*np.arange(0, 10, 0.5), *np.arange(30, 40, 0.5)]
    found, notices = clean_spectrum(raw(x, np.ones(40)), "meV")
    check(found)
    assert found.high[19] == 9.75
    assert found.low[20] == 29.75
    assert np.array_equal(np.flatnonzero(found.low[1:] > found.high[:-1]), [19])
    assert notices == [Notice("gaps_left_open", {"axis": "energy", "n_gaps": 1})]


def test_points_that_are_dropped_leave_a_gap_where_they_are_many() -> None:
    y = np.ones(60)
    y[20:40] = NAN
    found, notices = clean_spectrum(raw(np.arange(60), y), "meV")
    assert found.high[19] == 19.5
    assert found.low[20] == 39.5
    assert notices[1] == Notice("gaps_left_open", {"axis": "energy", "n_gaps": 1})


def test_a_point_alone_between_two_gaps_is_as_wide_as_the_others() -> None:
    low, high = edges_between(np.array([0.0, 1, 2, 3, 50, 100, 101, 102, 103]))
    assert high[4] - low[4] == pytest.approx(1.0)


def test_a_coarser_step_at_higher_energies_is_no_gap() -> None:
    energy = np.concatenate([np.arange(0, 10, 0.1), np.arange(10, 100, 1.0), np.geomspace(100, 500, 50)])
    low, high = edges_between(np.unique(energy))
    assert np.array_equal(low[1:], high[:-1])


def test_edges_convert_as_they_are() -> None:
    found, notices = clean_spectrum(raw([0, 1, 3, 7], [1, 2, 3], [1, 1, 1]), "THz")
    assert notices == []
    assert np.array_equal(found.low[1:], found.high[:-1])
    assert found.high - found.low == pytest.approx(np.array([1, 2, 4]) * 4.135667, rel=1e-6)
    assert found.energy == pytest.approx((found.low + found.high) / 2)


def test_bins_turn_round_and_lose_those_without_a_number() -> None:
    found, notices = clean_spectrum(raw([10, 8, 6, 4, 2, 0], [1, NAN, 3, 4, 5], [1, 2, 3, 4, 5]), "meV")
    check(found)
    assert found.intensity.tolist() == [5, 4, 3, 1]
    assert found.low.tolist() == [0, 2, 4, 8]
    assert notices == [Notice("values_not_finite", {"n_values": 1})]
    with pytest.raises(Unreadable, match="edges_not_monotonic"):
        clean_spectrum(raw([0, 2, 1, 3, 4], [1, 2, 3, 4]), "meV")


def test_wavelengths_of_both_geometries() -> None:
    wavelength = raw([1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4])
    indirect, _ = clean_spectrum(wavelength, "angstrom", fixed_energy_mev=4.0, geometry="indirect")
    direct, _ = clean_spectrum(wavelength, "angstrom", fixed_energy_mev=90.0, geometry="direct")
    for found in (indirect, direct):
        check(found)
    # E(λ) = 81.8 meV Å²/λ²; a long incident wave is little energy lost, a long final wave much.
    assert indirect.energy == pytest.approx(81.804 / np.array([4, 3, 2, 1]) ** 2 - 4, rel=1e-4)
    assert indirect.intensity.tolist() == [4, 3, 2, 1]
    assert direct.energy == pytest.approx(90 - 81.804 / np.array([1, 2, 3, 4]) ** 2, rel=1e-4)
    edges, _ = clean_spectrum(raw([1, 2, 3, 4], [1, 2, 3]), "angstrom", fixed_energy_mev=4.0, geometry="indirect")
    check(edges)
    with pytest.raises(FixedEnergyMissing):
        clean_spectrum(wavelength, "angstrom")


def test_a_unit_that_is_probably_wrong_is_told_or_refused() -> None:
    spectrum = raw(np.linspace(16, 4000, 50), np.ones(50))
    _, notices = clean_spectrum(spectrum, "meV")
    high = {"largest_mev": 4000.0, "unit": "meV", "start": 16.0, "end": 4000.0}
    assert notices == [Notice("energies_unusually_high", high)]
    assert clean_spectrum(spectrum, "cm-1")[1] == []
    with pytest.raises(Unreadable, match=r"energies_impossible .*'largest_mev': 165\d\d"):
        clean_spectrum(spectrum, "THz")
    _, notices = clean_spectrum(raw([1e-5, 2e-5, 3e-5], [1, 2, 3]), "meV")
    low = {"largest_mev": 3e-5, "unit": "meV", "start": 1e-5, "end": 3e-5}
    assert notices == [Notice("energies_unusually_low", low)]


def test_zeros_everywhere_are_told() -> None:
    assert clean_spectrum(raw([1, 2, 3], [0, 0, 0]), "meV")[1] == [Notice("all_intensities_zero")]


@pytest.mark.parametrize(
    ("spectrum", "code"),
    [
        (raw([1, 2], [1, 2]), "too_few_usable_points .*'n_points': 2"),
        (raw([], []), "too_few_usable_points .*'n_points': 0"),
        (raw([1, 2, 3], [1, NAN, 3]), "too_few_usable_points .*'n_points': 2"),
        (raw([1, 1, 1, 2], [1, 2, 3, 4]), "too_few_usable_points .*'n_points': 2"),
        (raw([0, 1, 2], [1, 2]), "too_few_usable_points .*'n_points': 2"),
        (raw([1, 2, 3], [1, 2, 3, 4, 5]), "numbers_differ .*'energy'"),
        (raw([1, 2, 3], [1, 2, 3], [1, 2]), "numbers_differ .*'error'"),
        (raw([NAN] * 4, [1, 2, 3, 4]), "too_few_usable_points .*'n_points': 0"),
    ],
)
def test_too_little_is_refused(spectrum: RawSpectrum, code: str) -> None:
    with pytest.raises(Unreadable, match=code):
        clean_spectrum(spectrum, "meV")


def test_whatever_comes_the_promise_holds() -> None:
    random = np.random.default_rng(8)
    odd = [NAN, INF, -INF, 0.0]
    for trial in range(400):
        n = int(random.integers(3, 40))
        x = np.cumsum(random.exponential(10.0 ** random.uniform(-3, 1.5), n)) - 20
        if trial % 3 == 0:
            x = random.permutation(np.round(x))
        y, error = random.normal(size=n), random.normal(1, 1, n)
        for values in (x, y, error):
            values[random.random(n) < 0.1] = random.choice(odd)
        try:
            found, notices = clean_spectrum(raw(x, y, error if trial % 2 else None), "meV")
        except Unreadable:
            continue
        check(found)
        assert all(notice.code in wording.all_words() for notice in notices)


@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e40, 1e300])
def test_intensities_of_an_impossible_size_are_refused(size: float) -> None:
    # Their squares, of which a fit is made, or a picture's 32-bit numbers would be 0 or infinite
    with pytest.raises(Unreadable, match="intensity_impossible"):
        clean_spectrum(raw([1, 2, 3], [size, 2 * size, 0]), "meV")


def test_errors_of_an_impossible_size_are_not_known() -> None:
    found, notices = clean_spectrum(raw([1, 2, 3, 4], [4, 5, 6, 7], [0.1, 1e-300, 1e300, 0]), "meV")
    assert found.error is not None
    np.testing.assert_array_equal(found.error, [0.1, NAN, NAN, NAN])
    assert notices == [Notice("errors_unknown", {"zero": 1, "close_to_zero": 1, "too_large": 1})]
