"""Ranking forecasts: the right one comes first, and no more is claimed than the data tell."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import ndtr

from scattering.core.errors import InvalidComparison
from scattering.measured.comparison.distinction import Loss, block_bins, probability_worse
from scattering.measured.comparison.fit import FitOptions
from scattering.measured.comparison.ranking import RESOLVED_PROBABILITY, Candidate, Ranking, rank
from scattering.measured.data import MeasuredSpectrum

ENERGY = np.arange(0.0, 260.1, 0.25)
EDGES = np.linspace(5.0, 200.0, 601)
CENTRES = (EDGES[:-1] + EDGES[1:]) / 2
PHASE = np.array([15.0, 31.0, 48.0, 62.0, 80.0, 95.0, 118.0, 133.0, 150.0, 171.0])


def codes(found: Ranking) -> list[str]:
    return [notice.code for notice in found.cautions]


def spectrum(energy: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lines of about a meV and a half, over a little of everything."""
    sigma, height = 1 + 0.01 * PHASE, 1 + 0.5 * np.cos(PHASE)
    return np.asarray((height * np.exp(-(((energy[:, None] - centre) / sigma) ** 2) / 2)).sum(axis=1)) + 0.02


def measured(*, seed: int = 0, noise: float = 0.1, errors: bool = True) -> MeasuredSpectrum:
    exact = 3 * spectrum(CENTRES, PHASE)
    error = noise * np.sqrt(exact)
    drawn = exact + error * np.random.default_rng(seed).standard_normal(len(exact))
    return MeasuredSpectrum(CENTRES, drawn, error if errors else None, EDGES[:-1], EDGES[1:])


def candidate(name: str, away: NDArray[np.float64] | float = 0.0) -> Candidate:
    """The phase that was measured, with its lines moved."""
    return Candidate(name, ENERGY, spectrum(ENERGY, PHASE + away))


def moved(size: float, *, seed: int) -> NDArray[np.float64]:
    return size * np.random.default_rng(1000 + seed).standard_normal(len(PHASE))


@pytest.mark.parametrize("errors", [True, False])
def test_the_right_phase_comes_first(errors: bool) -> None:
    """As hexagonal or cubic: the wrong one has its lines elsewhere, and so have a worse and a hopeless one."""
    wrong, worse = candidate("cubic", moved(2.0, seed=1)), candidate("amorphous", moved(5.0, seed=2))
    for seed in range(10):
        found = rank(measured(seed=seed, errors=errors), [wrong, worse, candidate("hexagonal")], FitOptions())
        assert [place.name for place in found.ranked] == ["hexagonal", "cubic", "amorphous"]
        assert [place.index for place in found.ranked] == [2, 0, 1]
        assert found.ranked[0].worse_by == 0
        assert found.ranked[0].probability_worse is None
        assert 0 < found.ranked[1].worse_by < found.ranked[2].worse_by
        assert all((place.probability_worse or 0) > RESOLVED_PROBABILITY for place in found.ranked[1:])
        assert not found.cautions
        assert found.measure == ("chi2" if errors else "variance")


def test_the_measure_is_the_difference_of_chi_square() -> None:
    found = rank(measured(), [candidate("one"), candidate("other", 0.3)], FitOptions(background="constant"))
    chi2 = [(place.fitted.goodness.chi2_reduced or 0) * (place.fitted.goodness.n_points - 2) for place in found.ranked]
    assert found.ranked[1].worse_by == pytest.approx(chi2[1] - chi2[0])
    bare = rank(measured(errors=False), [candidate("one"), candidate("other", 0.3)], FitOptions())
    squares = [np.sum((measured().intensity - place.fitted.model) ** 2) for place in bare.ranked]
    assert bare.ranked[1].worse_by == pytest.approx(squares[1] / squares[0] - 1)


def test_forecasts_that_differ_by_less_than_the_noise_are_not_told_apart() -> None:
    """Whichever comes first by chance: its probability, which is uniform from ½ to 1, is 0.975 in one of twenty."""
    probabilities, first = [], []
    for seed in range(60):
        pair = [candidate("one", moved(0.02, seed=seed)), candidate("other", moved(0.02, seed=seed + 500))]
        found = rank(measured(seed=seed, noise=0.5), pair, FitOptions())
        probabilities.append(found.ranked[1].probability_worse or 0.0)
        first.append(found.ranked[0].index)
        if probabilities[-1] < RESOLVED_PROBABILITY:
            not_resolved = found.cautions[0]
            assert not_resolved.code == "forecasts_not_resolved"
            assert {not_resolved.params["best"], not_resolved.params["others"][0]["name"]} == {"one", "other"}
    assert 0.25 < np.mean(first) < 0.75  # of 60, four standard deviations
    assert 0.65 < np.mean(probabilities) < 0.85  # uniform: 0.75, known to 0.02
    assert np.mean(np.array(probabilities) > RESOLVED_PROBABILITY) <= 0.15


def test_equally_wrong_forecasts_are_seldom_told_apart() -> None:
    """Both miss the data by far more than noise, each line by chance: by Δχ² alone the order would be certain."""
    certain, chi2 = [], []
    for seed in range(60):
        pair = [candidate("one", moved(1.0, seed=seed)), candidate("other", moved(1.0, seed=seed + 500))]
        found = rank(measured(seed=seed), pair, FitOptions(), resolution_mev=2.0)
        certain.append((found.ranked[1].probability_worse or 0.0) > RESOLVED_PROBABILITY)
        chi2.append(found.ranked[1].worse_by)
    assert np.median(chi2) > 100
    # Ten lines are few: a Student's test of them is not exact. One in twenty is aimed at
    assert np.mean(certain) <= 0.2


def test_the_one_with_its_lines_nearer_is_told_from_the_other() -> None:
    certain = []
    for seed in range(20):
        pair = [candidate("far", moved(3.0, seed=seed)), candidate("near", moved(0.3, seed=seed + 500))]
        found = rank(measured(seed=seed), pair, FitOptions(), resolution_mev=2.0)
        assert found.ranked[0].name == "near"
        certain.append((found.ranked[1].probability_worse or 0.0) > RESOLVED_PROBABILITY)
    assert np.mean(certain) > 0.8


def test_one_and_the_same_curve_is_as_likely_worse_as_better() -> None:
    found = rank(measured(), [candidate("one"), candidate("again")], FitOptions())
    assert found.ranked[1].probability_worse == 0.5
    assert found.ranked[1].worse_by == 0
    assert "fitted_curves_equal" in codes(found)


def test_longer_counting_is_advised_where_it_would_help() -> None:
    pair = [candidate("one"), candidate("other", 0.1)]
    noisy = rank(measured(noise=0.9, seed=1), pair, FitOptions())
    assert "longer_counting_resolves" in codes(noisy)
    wrong = [candidate("one", moved(1.5, seed=3)), candidate("other", moved(1.5, seed=3)[::-1])]
    found = rank(measured(), wrong, FitOptions(), resolution_mev=2.0)
    assert "longer_counting_insufficient" in codes(found)


def test_a_word_when_none_is_any_good() -> None:
    found = rank(measured(), [candidate("one", 8.0), candidate("other", -7.0)], FitOptions())
    assert found.cautions[-1].code == "data_not_described"
    assert found.cautions[-1].params["n_forecasts"] == 2


def test_all_are_compared_in_the_bins_that_all_reach() -> None:
    short = Candidate("short", ENERGY[ENERGY < 120], spectrum(ENERGY[ENERGY < 120], PHASE))
    found = rank(measured(), [short, candidate("long", 0.5)], FitOptions(shift=True, range_mev=(5, 180)))
    used = [place.fitted.used for place in found.ranked]
    assert np.array_equal(*used)
    assert used[0].sum() < 360
    assert [notice.code for notice in found.notices] == ["bins_not_compared"]
    # Without a range that is the range, and nothing to tell
    assert rank(measured(), [short, candidate("long", 0.5)], FitOptions()).notices == ()


def test_a_noisy_forecast_is_not_worse_for_its_noise() -> None:
    """The right one's own statistical error is taken off; without, the quiet, slightly wrong one would win."""
    noise = 0.015
    wins = {True: 0, False: 0}
    for seed in range(20):
        # As that of a run is: alike within the resolution, of 0.8 meV, so that the mean over a bin is as noisy
        white = np.random.default_rng(seed).standard_normal(len(ENERGY))
        alike = gaussian_filter1d(white, 3.2)
        noisy = spectrum(ENERGY, PHASE) + noise * alike / alike.std()
        quiet = candidate("quiet", 0.12)
        for told in wins:
            error = np.full(len(ENERGY), noise) if told else None
            found = rank(measured(seed=seed), [Candidate("noisy", ENERGY, noisy, error), quiet], FitOptions())
            wins[told] += found.ranked[0].name == "noisy"
            if told and found.ranked[0].name == "quiet":
                assert (found.ranked[1].probability_worse or 0) < RESOLVED_PROBABILITY
    assert wins[True] >= 15
    assert wins[False] <= 5


def test_the_same_is_found_again() -> None:
    pair = [candidate("one", 0.3), candidate("other", -0.3)]
    first, second = (rank(measured(), pair, FitOptions(shift=True)) for _ in range(2))
    assert first.ranked[1].probability_worse == second.ranked[1].probability_worse


def test_one_alone_has_its_fit_and_no_comparison() -> None:
    found = rank(measured(), [candidate("one")], FitOptions())
    assert len(found.ranked) == 1
    assert not found.cautions


def test_what_cannot_be_ranked_is_refused_by_name() -> None:
    with pytest.raises(InvalidComparison, match="no_forecasts_to_rank"):
        rank(measured(), [], FitOptions())
    with pytest.raises(InvalidComparison, match="of_candidate") as raised:
        rank(measured(), [candidate("one"), Candidate("beyond", ENERGY + 900, ENERGY)], FitOptions())
    assert raised.value.errors[0]["loc"] == "fit.range_mev"


def test_certainty_of_independent_residuals_is_that_of_a_normal_difference() -> None:
    """D has the standard deviation 2 √ΣΔ² if the best's residuals are white noise, in closed form."""
    random = np.random.default_rng(0)
    delta = 0.03 * np.cos(np.arange(4000) / 50)
    for _ in range(20):
        best = Loss(random.standard_normal(4000))
        other = Loss(best.residual + delta)
        certainty = ndtr((other.misfit - best.misfit) / (2 * np.linalg.norm(delta)))
        # 250 blocks know the standard deviation to 5 %, their degrees of freedom take a little more off
        assert probability_worse(other, best, 16) == pytest.approx(certainty, abs=0.03)


def test_certainty_falls_with_the_models_own_error() -> None:
    random = np.random.default_rng(0)
    residual = random.standard_normal(400)
    best, other = Loss(residual), Loss(residual + 0.2)
    sure = probability_worse(other, best, 10)
    unsure = probability_worse(Loss(other.residual, np.full(400, 0.01)), best, 10)
    doubtful = probability_worse(Loss(other.residual, np.full(400, 0.1)), best, 10)
    assert sure > unsure > doubtful > 0.5


def test_blocks_are_as_long_as_residuals_are_alike() -> None:
    random = np.random.default_rng(0)
    white = random.standard_normal(4096)
    assert block_bins(white, 1.0) == 16  # the cube root
    assert block_bins(white, 20.0) == 40
    alike = np.convolve(white, np.ones(30), mode="same")
    # Three times 30, or up to twice as far: where neighbours are alike, so is what chance leaves beyond
    assert 80 <= block_bins(alike, 1.0) <= 200
    assert block_bins(np.cumsum(white), 1.0) == 512  # an eighth
    assert block_bins(np.zeros(100), 0.0) == 5
