"""Numbers of the phonon website's file as text."""

from __future__ import annotations

import json

import numpy as np
import pytest

from backend.modes.phonon_website import DECIMALS, encode, fixed_point


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([-12.5, 3.0, -0.25, 100.0], " -12.500   3.000  -0.250 100.000"),
        ([0.0, -0.0, -0.0004, 0.0005001], " 0.000 0.000 0.000 0.001"),
        ([-0.0006, 9.9996], " -0.001 10.000"),
        ([-10.0], "-10.000"),
    ],
)
def test_numbers_have_one_width(values: list[float], text: str) -> None:
    assert fixed_point(np.array(values), 3).tobytes().decode() == text


@pytest.mark.parametrize("scale", [1e-7, 1e-3, 1.0, 30.0, 12345.0])
def test_json_has_the_numbers_back(scale: float) -> None:
    vectors = np.random.default_rng(1).normal(size=(3, 6, 2, 3, 2)) * scale
    read = json.loads(encode({"name": "two", "vectors": vectors}))
    assert read["name"] == "two"
    assert np.shape(read["vectors"]) == vectors.shape
    np.testing.assert_allclose(read["vectors"], vectors, rtol=1e-12, atol=0.5001 * 10.0**-DECIMALS)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e12])
def test_numbers_that_do_not_fit_are_refused(value: float) -> None:
    with pytest.raises(ValueError):
        fixed_point(np.array([1.0, value]), DECIMALS)
