"""Smoothing of curves with noise, uneven bins and gaps, and estimates of their noise."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d

from scattering.core.constants import FWHM_PER_SIGMA

POINTS_PER_WIDTH: Final = 8
"""Points of a smoothed curve for each FWHM of the smoothing."""
MIN_WIDTH_STEPS: Final = 2.0
"""Smallest FWHM of the smoothing, in bins of the data."""
REACH_SIGMAS: Final = 3.0
"""Reach of the smoothing: points beyond do not count."""
NOISE_WINDOW: Final = 101
"""Points over which the noise is taken as constant; its size is then known to about 12 %."""
MIN_NOISE_FRACTION: Final = 0.2
"""Smallest noise over its median along the curve: a stretch of zeros from a detector or a program is not free of
noise."""
MAD_PER_SIGMA: Final = 0.6745
"""Median of the absolute value of a normal variable over its standard deviation."""
GAP_STEPS: Final = 3.0
"""Width of a gap in the data over the neighbouring steps."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a curve, shape (n,): energies, meV, ascending; intensities; standard deviations of their noise."""

    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    noise: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A curve smoothed between two gaps.

    Attributes
    ----------
    energy
        Shape (n,), meV, denser than the data.
    intensity, deviation
        Shape (n,): the smoothed curve and its standard deviation from the noise of the data.
    fwhm
        Shape (n,), meV: of the smoothing.
    """

    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    deviation: NDArray[np.float64]
    fwhm: NDArray[np.float64]


def average_neighbours(curve: Curve, most: int) -> Curve:
    """Average neighbouring points if there are more than `most`."""
    size = -(-len(curve.energy) // most)
    if size == 1:
        return curve
    starts = np.arange(0, len(curve.energy), size)
    number = np.diff(np.append(starts, len(curve.energy)))

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.add.reduceat(values, starts))

    return Curve(
        summed(curve.energy) / number, summed(curve.intensity) / number, np.sqrt(summed(curve.noise**2)) / number
    )


def typical_steps(energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median step around each point, shape of `energy` (n ≥ 2); gaps do not affect it."""
    return np.asarray(median_filter(np.gradient(energy), size=min(9, len(energy)), mode="nearest"))


def noise(intensity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the noise of each point from the fourth differences of its neighbours.

    Fourth differences of a curve that is smooth over some five points vanish. Those of independent noise σ have the
    standard deviation √70 σ. They are averaged over the neighbours. The largest, which peaks and spikes cause, are
    clipped at three times the value from their median.

    Parameters
    ----------
    intensity
        Shape (n,).

    Returns
    -------
    Shape (n,): standard deviations.
    """
    if len(intensity) < 6:
        return np.zeros(len(intensity))
    size = np.abs(np.diff(intensity, n=4)) / np.sqrt(70)
    window = min(NOISE_WINDOW, len(size))
    local = np.maximum(median_filter(size, size=window), MIN_NOISE_FRACTION * np.median(size)) / MAD_PER_SIGMA
    mean_square = uniform_filter1d(np.minimum(size, 3 * local) ** 2, window)
    # The filter's running sum leaves rounding below zero
    return np.asarray(np.pad(np.sqrt(np.maximum(mean_square, 0.0)), 2, mode="edge"))


def segments(energy: NDArray[np.float64], resolution: NDArray[np.float64]) -> list[slice]:
    """Return the segments between gaps: steps of more than three times their neighbours, and above the resolution."""
    steps, typical = np.diff(energy), typical_steps(energy)
    gaps = np.flatnonzero(
        (steps > GAP_STEPS * np.maximum(typical[1:], typical[:-1]))
        & (steps > np.minimum(resolution[1:], resolution[:-1]))
    )
    ends = [0, *(gaps + 1), len(energy)]
    return [slice(int(start), int(stop)) for start, stop in pairwise(ends)]


def smooth(curve: Curve, fwhm: NDArray[np.float64]) -> Smoothed:
    """Smooth a curve without gaps by local straight lines, weighted by a Gaussian.

    Parameters
    ----------
    curve
        n points with independent noise.
    fwhm
        Shape (n,), meV, of the Gaussian; at least `MIN_WIDTH_STEPS` bins are used.

    References
    ----------
    J. Fan and I. Gijbels, Local Polynomial Modelling and Its Applications (1996), Ch. 3.
    """
    energy = curve.energy
    width = np.maximum(fwhm, MIN_WIDTH_STEPS * typical_steps(energy))
    passed = np.append(0.0, np.cumsum(np.diff(energy) * (1 / width[1:] + 1 / width[:-1]) / 2)) * POINTS_PER_WIDTH
    at = np.interp(np.arange(np.floor(passed[-1]) + 1), passed, energy)
    sigma = np.interp(at, energy, width) / FWHM_PER_SIGMA
    first = np.searchsorted(energy, at - REACH_SIGMAS * sigma)
    number = np.searchsorted(energy, at + REACH_SIGMAS * sigma, side="right") - first
    # All pairs (row, point) in reach, in one array: rows have different lengths
    row = np.repeat(np.arange(len(at)), number)
    point = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number) + np.repeat(first, number)
    x = (energy[point] - at[row]) / sigma[row]
    kernel = np.exp(-(x**2) / 2)

    def summed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(row, values, len(at)))

    s0, s1, s2 = summed(kernel), summed(kernel * x), summed(kernel * x**2)
    # The small term keeps the line flat if only one point is in reach
    weight = kernel * (s2[row] - x * s1[row] + 1e-6 * s0[row]) / (s0 * s2 - s1**2 + 1e-6 * s0**2)[row]
    return Smoothed(
        energy=at,
        intensity=summed(weight * curve.intensity[point]),
        deviation=np.sqrt(summed((weight * curve.noise[point]) ** 2)),
        fwhm=sigma * FWHM_PER_SIGMA,
    )


def local_parabola(curve: Curve, at: float, sigma: float) -> tuple[float, float, float]:
    """Return value, slope and standard deviation of the slope of the parabola that is fitted at an energy.

    The points are weighted by a Gaussian of standard deviation `sigma`, meV.
    """
    reach = np.array([at - REACH_SIGMAS * sigma, at + REACH_SIGMAS * sigma])
    near = slice(*np.searchsorted(curve.energy, reach))
    x = (curve.energy[near] - at) / sigma
    root = np.exp(-(x**2) / 4)
    terms = np.stack([np.ones_like(x), x, x**2], axis=1)
    weights = np.linalg.pinv(terms * root[:, None])[:2] * root
    value, slope = weights @ curve.intensity[near]
    return float(value), float(slope) / sigma, float(np.linalg.norm(weights[1] * curve.noise[near])) / sigma
