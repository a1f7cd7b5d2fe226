"""Features as an instrument counts them: signal and background under each, and the hours that they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from scattering.core.bins import bin_edges
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.planning.features import Feature
from scattering.planning.rates import Rates, Scale

N_POINTS, N_HALF_WIDTH = 41, 4
"""Recorded energies about a feature, an eighth of its width apart, and the number of them within half a width of it on
either side."""
PEAK_REACH: Final = 6
"""Recorded energies to either side, 0.75 widths, within which a peak is taken for the feature: detectors see other |q|
than the sample's average."""
SURROUNDINGS: Final = 2.0
"""Widths on either side of a feature in which its baseline is looked for."""
KERNEL_SIGMAS: Final = 6.0
MIN_PEAK_FRACTION: Final = 0.02
"""Smallest height of a visible peak above its baseline, as a fraction of the counts under it."""
MERGED_SIGMAS: Final = 1 / 3
"""Largest width of bins that count as one, over the standard deviation of the resolution."""
MAX_KERNEL_SIZE: Final = 2**17
"""Elements of the Gaussians that are computed at a time: 1 MB, which stays in a core's cache."""

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureCounts:
    """A feature within its width, as recorded.

    Attributes
    ----------
    width
        Over which counts are added up, meV: FWHM of resolution and sample together.
    signal
        Counts an hour: of the peak above its baseline, or all of the sample's.
    background
        Counts an hour: everything else in the same bins.
    ambient
        Of these, the ambient background's: no flux makes it more.
    """

    width: float
    signal: float
    background: float
    ambient: float


@dataclass(frozen=True, eq=False)
class Counts:
    """Features as recorded with several settings.

    Attributes
    ----------
    width
        Shape (n,), meV: over which counts are added up, FWHM of resolution and sample together.
    signal
        Shape (n,), counts an hour: of the peak above its baseline, or all of the sample's.
    scattered
        Shape (n,), counts an hour: of sample and container, that are not signal.
    ambient
        Shape (n,), counts an hour: of the ambient background.
    """

    width: _Array
    signal: _Array
    scattered: _Array
    ambient: _Array

    def of(self, setting: NDArray[np.integer], scales: Sequence[Scale]) -> list[FeatureCounts]:
        """Scale each count by that of its setting."""
        by_scattering = np.array([one.scattering for one in scales])[setting]
        ambient = self.ambient * np.array([one.ambient for one in scales])[setting]
        signal, background = self.signal * by_scattering, self.scattered * by_scattering + ambient
        return [
            FeatureCounts(*one)
            for one in zip(self.width.tolist(), signal.tolist(), background.tolist(), ambient.tolist(), strict=True)
        ]


def blur(energy: _Array, values: _Array, sigma: _Array, setting: NDArray[np.integer], at: _Array) -> _Array:
    """Return values at recorded energies: each true energy blurred by a Gaussian of its own width.

    Parameters
    ----------
    energy
        Shape (n,), meV: centres of bins.
    values
        Shape (n,): a density in them.
    sigma
        Shape (n_settings, n), meV: standard deviation of the resolution at each true energy.
    setting
        Shape (m,): index of the setting whose resolution applies.
    at
        Shape (m, p), meV, ascending: recorded energies.

    Returns
    -------
    Shape (m, p).
    """
    area, centre, variance, sigmas = _merge(energy, values, sigma)
    width = np.sqrt(sigmas**2 + variance)
    height = area / (np.sqrt(2 * np.pi) * width)
    reach = KERNEL_SIGMAS * sigma.max(axis=1)[setting]
    first = np.searchsorted(centre, at[:, 0] - reach)
    sizes = np.searchsorted(centre, at[:, -1] + reach) - first
    found = np.empty(at.shape)
    # Rows of like size together: they share one array
    order, begin = np.argsort(-sizes), 0
    while begin < len(at):
        size = max(int(sizes[order[begin]]), 1)
        rows = order[begin : begin + max(MAX_KERNEL_SIZE // (at.shape[1] * size), 1)]
        begin += len(rows)
        which, start = setting[rows], np.minimum(first[rows], len(centre) - size)
        outside = (first[rows] - start)[:, None]
        position = np.arange(size)
        inside = (position >= outside) & (position < outside + sizes[rows, None])
        centres = sliding_window_view(centre, size)[start]
        kernel = _gaussians(at[rows], centres, sliding_window_view(width, size, axis=1)[which, start])
        part = sliding_window_view(height, size, axis=1)[which, start] * inside
        found[rows] = np.matmul(kernel, part[:, :, None])[:, :, 0]
    return found


def _merge(energy: _Array, values: _Array, sigma: _Array) -> tuple[_Array, _Array, _Array, _Array]:
    """Merge bins that are much narrower than the resolution of any setting.

    What is in them keeps its area, its mean energy and its variance.

    Returns
    -------
    Areas, mean energies in meV and variances in meV² of n_merged bins, shape (n_merged,) each; standard deviation of
    the resolution, shape (n_settings, n_merged).
    """
    edges = bin_edges(energy)
    widths = np.diff(edges)
    passed = np.cumsum(widths / np.maximum(MERGED_SIGMAS * sigma.min(axis=0), widths))
    first = np.flatnonzero(np.diff(np.floor(passed - 1e-9), prepend=-1.0))
    middle = (edges[first] + np.append(edges[first[1:]], edges[-1])) / 2
    number = np.diff(np.append(first, len(energy)))
    away = energy - np.repeat(middle, number)

    def summed(one: _Array) -> _Array:
        return np.asarray(np.add.reduceat(one, first, axis=-1))

    # Noise below zero says nothing about where in a bin the intensity is
    weight = np.maximum(values, 0.0) * widths + np.finfo(float).tiny
    total = summed(weight)
    mean = summed(weight * away) / total
    variance = summed(weight * (away**2 + widths**2 / 12)) / total - mean**2
    return summed(values * widths), middle + mean, variance, summed(sigma) / number


def _gaussians(at: _Array, centre: _Array, width: _Array) -> _Array:
    """exp(−(x − c)²/2w²) for x of shape (m, p) and c and w of shape (m, n): shape (m, p, n).

    The exponent is a product of matrices, x² (−1/2w²) + x (c/w²) + 1 (−c²/2w²): a third of the time of one by elements.
    """
    middle = at.mean(axis=1, keepdims=True)  # from where small numbers are subtracted
    x, c, u = at - middle, centre - middle, -0.5 / width**2
    kernel = np.matmul(np.stack([x * x, x, np.ones_like(x)], axis=2), np.stack([u, -2 * c * u, c * c * u], axis=1))
    return np.asarray(np.exp(kernel, out=kernel))


def count(features: Sequence[Feature], rates: Rates, sigma: _Array, setting: NDArray[np.integer]) -> Counts:
    """Count features, each with one of several settings.

    Parameters
    ----------
    features
        n of them; the same one may come with several settings.
    sigma
        Shape (n_settings, n_energy), meV: of the resolution at `rates.energy`.
    setting
        Shape (n,): with which each feature is counted.
    """
    energies, own = (np.array([getattr(one, name) for one in features]) for name in ("energy", "fwhm"))
    peaks = np.array([one.measure == "peak" for one in features], dtype=bool)
    width = np.hypot(FWHM_PER_SIGMA * interpolate(energies, rates.energy, sigma, setting), own)
    half = (0.5 + SURROUNDINGS) * width
    at = np.linspace(energies - half, energies + half, N_POINTS, axis=1)
    sample = blur(rates.energy, rates.sample, sigma, setting, at)
    near = slice(N_POINTS // 2 - PEAK_REACH, N_POINTS // 2 + PEAK_REACH + 1)
    top = near.start + np.argmax(sample[:, near], axis=1)
    # On a slope, or in the valley between two others, there is no maximum within reach
    is_peak = peaks & (top > near.start) & (top < near.stop - 1)
    middle = np.where(is_peak, top, N_POINTS // 2)
    inside = middle[:, None] + np.arange(-N_HALF_WIDTH, N_HALF_WIDTH + 1)
    whole = _area(at, sample, inside)
    canned = np.zeros_like(whole)
    if rates.container.any():
        canned = _area(at, blur(rates.energy, rates.container, sigma, setting, at), inside)
    ambient = _area(at, np.interp(at, rates.energy, rates.ambient), inside)
    peak = np.zeros_like(whole)
    above = sample[is_peak] - _baseline(at[is_peak], sample[is_peak], top[is_peak])
    peak[is_peak] = _area(at[is_peak], above, inside[is_peak])
    peak[peak < MIN_PEAK_FRACTION * whole] = 0.0
    signal = np.where(peaks, peak, whole)
    return Counts(width, signal, whole - signal + canned, ambient)


def interpolate(at: _Array, energy: _Array, values: _Array, rows: NDArray[np.integer]) -> _Array:
    """Interpolate rows of `values`, shape (m, n_energy), each at one energy: shape (n,) of `at` and of `rows`."""
    right = np.clip(np.searchsorted(energy, at, side="right"), 1, len(energy) - 1)
    low, high = values[rows, right - 1], values[rows, right]
    inside = np.clip(at, energy[0], energy[-1])
    return np.asarray((high - low) / (energy[right] - energy[right - 1]) * (inside - energy[right - 1]) + low)


def _area(at: _Array, values: _Array, inside: NDArray[np.integer]) -> _Array:
    """Integral of each row over the given points of it, by trapezoids."""
    return np.asarray(
        np.trapezoid(np.take_along_axis(values, inside, axis=1), np.take_along_axis(at, inside, axis=1), axis=1)
    )


def _baseline(at: _Array, values: _Array, top: NDArray[np.integer]) -> _Array:
    """Baseline of each peak: the line through the lowest points on either side, as far as nothing is higher."""
    points, rows = np.arange(N_POINTS), np.arange(len(at))
    higher = values > values[rows, top][:, None]
    below, above = points < top[:, None], points > top[:, None]
    first = np.where(higher & below, points, -1).max(axis=1, initial=-1)[:, None]
    last = np.where(higher & above, points, N_POINTS).min(axis=1, initial=N_POINTS)[:, None]
    a = np.argmin(np.where(below & (points > first), values, np.inf), axis=1)
    b = np.argmin(np.where(above & (points < last), values, np.inf), axis=1)
    slope = (values[rows, b] - values[rows, a]) / (at[rows, b] - at[rows, a])
    return np.asarray(values[rows, a][:, None] + slope[:, None] * (at - at[rows, a][:, None]))


def hours_for(signal: float, background: float, signal_to_noise: float) -> float:
    """Return the hours until S t/√((S + B) t) is the signal-to-noise ratio asked for; infinite without signal.

    t = (S/N)² (S + B)/S², with the rates S and B. It goes as one over flux and mass where the background is the
    sample's own, or none.
    """
    # The square of a signal may be too small for a number
    return float("inf") if signal <= 0 else (signal_to_noise / signal) * signal_to_noise * (1 + background / signal)
