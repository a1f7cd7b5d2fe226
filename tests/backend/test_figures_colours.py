"""Colours of maps: equal steps look equal, and what is not measured is not mistaken for zero."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.figures.theme import THEMES, Theme

MAX_DEVIATION = 1.5
"""Of the lightness from a straight line; the eye notices steps of about 1."""
MIN_LIGHTNESS_STEP = 15.0
"""Between zero and what is not measured."""


def lab(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB colours from 0 to 1, shape (n, 3): IEC 61966-2-1 and CIE 15."""
    linear = np.where(colours > 0.04045, ((colours + 0.055) / 1.055) ** 2.4, colours / 12.92)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / [0.9505, 1.0, 1.089]
    cubic = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = cubic.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def rgb(text: str) -> NDArray[np.float64]:
    return np.array([int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)])


def scale(theme: Theme, n: int = 201) -> NDArray[np.float64]:
    """CIELAB along the scale, as Plotly interpolates it: linear in sRGB."""
    places, colours = [place for place, _ in theme.heat], np.array([rgb(colour) for _, colour in theme.heat])
    at = np.linspace(0, 1, n)
    return lab(np.stack([np.interp(at, places, channel) for channel in colours.T], axis=1))


def test_white_and_grey_have_the_lightness_that_is_known() -> None:
    assert lab(np.array([[1.0, 1.0, 1.0]]))[0, 0] == pytest.approx(100, abs=0.01)
    # CIE: L* of linear 18.42 % is 50
    assert lab(np.full((1, 3), 0.4663))[0, 0] == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize("name", THEMES)
def test_lightness_is_linear_in_the_intensity(name: str) -> None:
    lightness = scale(THEMES[name])[:, 0]
    straight = np.linspace(lightness[0], lightness[-1], len(lightness))
    assert np.abs(lightness - straight).max() < MAX_DEVIATION
    # From the background of the page to the other end
    assert abs(lightness[-1] - lightness[0]) > 80


@pytest.mark.parametrize("name", THEMES)
def test_hue_separates_more_steps_than_grey_would(name: str) -> None:
    colours = scale(THEMES[name])
    length = np.linalg.norm(np.diff(colours, axis=0), axis=1).sum()
    assert length > 1.5 * abs(colours[-1, 0] - colours[0, 0])


@pytest.mark.parametrize("name", THEMES)
def test_what_is_not_measured_differs_from_zero_and_all_intensities(name: str) -> None:
    theme = THEMES[name]
    ground = lab(rgb(theme.outside)[None])[0]
    colours = scale(theme)
    assert abs(ground[0] - colours[0, 0]) > MIN_LIGHTNESS_STEP
    # Just noticeable is 2.3
    assert np.linalg.norm(colours - ground, axis=1).min() > 5
    assert abs(lab(rgb(theme.hatch)[None])[0, 0] - ground[0]) > MIN_LIGHTNESS_STEP
