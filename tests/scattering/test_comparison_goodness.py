"""Numbers that say how well a model describes data."""

import numpy as np
import pytest

from scattering.measured.comparison.goodness import goodness

DATA = np.array([1.0, 2.0, 4.0, 3.0])
MODEL = np.array([1.5, 2.0, 3.0, 3.0])
ERROR = np.array([0.5, 1.0, 0.5, 2.0])


def test_by_hand() -> None:
    found = goodness(DATA, MODEL, ERROR, n_parameters=2)
    assert found.chi2_reduced == pytest.approx((1 + 4) / 2)
    assert found.r_factor == pytest.approx(1.5 / 10)
    assert found.r_weighted == pytest.approx(np.sqrt(5 / (4 + 4 + 64 + 2.25)))
    assert found.correlation == pytest.approx(np.corrcoef(DATA, MODEL)[0, 1])
    assert (found.n_points, found.n_parameters) == (4, 2)


def test_without_errors_there_is_nothing_weighted() -> None:
    found = goodness(DATA, MODEL, None, n_parameters=1)
    assert found.chi2_reduced is None
    assert found.r_weighted is None
    assert found.r_factor == pytest.approx(0.15)


def test_the_right_model_has_a_reduced_chi_square_of_one() -> None:
    random = np.random.default_rng(1)
    exact, error = random.uniform(1, 9, 20000), random.uniform(0.1, 1, 20000)
    found = goodness(exact + error * random.standard_normal(20000), exact, error, n_parameters=0)
    assert found.chi2_reduced == pytest.approx(1, abs=0.03)  # three times √(2/20000)


def test_what_is_not_defined_is_none() -> None:
    zero = np.zeros(4)
    nothing = goodness(zero, MODEL, ERROR, n_parameters=0)
    assert (nothing.r_factor, nothing.r_weighted, nothing.correlation) == (None, None, None)
    assert goodness(DATA, np.full(4, 0.1), ERROR, n_parameters=0).correlation is None
    assert goodness(DATA, MODEL, ERROR, n_parameters=4).chi2_reduced is None
    assert goodness(DATA[:1], MODEL[:1], None, n_parameters=0).correlation is None


def test_the_correlation_is_blind_to_scale_and_background() -> None:
    found = goodness(DATA, 7 + 0.01 * DATA, ERROR, n_parameters=0)
    assert found.correlation == pytest.approx(1)
    assert goodness(DATA, -DATA, None, n_parameters=0).correlation == pytest.approx(-1)
