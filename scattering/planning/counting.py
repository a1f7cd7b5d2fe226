"""Features as an instrument counts them: signal and background under each, and the hours that they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.planning.features import Feature
from scattering.planning.rates import Rates

POINTS, HALF = 41, 4
"""Recorded energies about a feature, and how many of them lie within half a width of it."""
NEAR: Final = 0.75
"""Widths within which a peak is taken for the feature: detectors see other |q| than the sample's average."""
SURROUNDINGS: Final = 2.0
"""Widths to either side of a feature in which the ground that it stands on is looked for."""
KERNEL_SIGMAS: Final = 6.0
FINE: Final = 4.0
"""Bins to a standard deviation that are as good as any: a Gaussian by rectangles is off by less than 1e-6 then."""
LEAST_SHARE: Final = 0.02
"""Of the counts under a peak that must stand above the ground: a smaller rise is not a peak that anybody would see."""


@dataclass(frozen=True)
class Counted:
    """A feature within its width, as recorded.

    Attributes
    ----------
    width
        Over which counts are added up, meV: FWHM of resolution and sample together.
    signal
        Counts an hour: of the peak above its ground, or all of the sample's.
    background
        Counts an hour: everything else in the same bins.
    room
        Of these, what the room counts: no flux makes it more.
    """

    width: float
    signal: float
    background: float
    room: float


def blurred(
    energy: NDArray[np.float64], values: NDArray[np.float64], sigma: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values at recorded energies: each true energy blurred by a Gaussian of its own width.

    Parameters
    ----------
    energy, values, sigma
        Shape (n,): equal bins in meV, a density in them, and the standard deviation of the resolution there.
    at
        Shape (m,), meV, ascending.
    """
    near = slice(*np.searchsorted(energy, [at[0] - KERNEL_SIGMAS * sigma.max(), at[-1] + KERNEL_SIGMAS * sigma.max()]))
    step = energy[1] - energy[0]
    # Narrower than a bin, a line would fall between two points
    width = np.maximum(sigma[near], step / 2)
    # Much wider than a bin, several bins are as one
    several = max(int(width.min(initial=step) / (FINE * step)), 1)
    whole = len(width) // several * several
    centre, width, density = (
        part[:whole].reshape(-1, several).mean(axis=1) for part in (energy[near], width, values[near])
    )
    kernel = np.exp(-((at[:, None] - centre) ** 2) / (2 * width**2)) / (np.sqrt(2 * np.pi) * width)
    return np.asarray(kernel @ density * (several * step))


def count(feature: Feature, rates: Rates, sigma: NDArray[np.float64]) -> Counted:
    """Count a feature at a resolution.

    Parameters
    ----------
    sigma
        Shape (n,), meV: of the resolution at `rates.energy`.
    """
    resolution = FWHM_PER_SIGMA * float(np.interp(feature.energy, rates.energy, sigma))
    width = float(np.hypot(resolution, feature.fwhm))
    half = (0.5 + SURROUNDINGS) * width
    at = np.linspace(feature.energy - half, feature.energy + half, POINTS)
    sample = blurred(rates.energy, rates.sample, sigma, at)
    around = np.interp(at, rates.energy, rates.room)
    can = blurred(rates.energy, rates.container, sigma, at) if rates.container.any() else np.zeros_like(at)
    middle, top = POINTS // 2, POINTS // 2
    if feature.measure == "peak":
        reach = np.flatnonzero(np.abs(at - feature.energy) <= NEAR * width)
        top = int(reach[np.argmax(sample[reach])])
        # On a slope, or in the valley between two others, there is no maximum within reach
        is_peak = top not in (reach[0], reach[-1])
        middle = top if is_peak else middle
    inside = slice(middle - HALF, middle + HALF + 1)
    whole, canned, room = (float(np.trapezoid(density[inside], at[inside])) for density in (sample, can, around))
    if feature.measure == "intensity":
        return Counted(width, whole, canned + room, room)
    peak = float(np.trapezoid((sample - _ground(at, sample, top))[inside], at[inside])) if is_peak else 0.0
    if peak < LEAST_SHARE * whole:
        peak = 0.0
    return Counted(width, peak, whole - peak + canned + room, room)


def _ground(at: NDArray[np.float64], values: NDArray[np.float64], top: int) -> NDArray[np.float64]:
    """The line that a peak stands on: through the lowest points on either side, as far as nothing is higher."""
    higher = np.flatnonzero(values > values[top])
    first = int(higher[higher < top].max(initial=-1)) + 1
    last = int(higher[higher > top].min(initial=len(values))) - 1
    a = first + int(np.argmin(values[first:top]))
    b = top + 1 + int(np.argmin(values[top + 1 : last + 1]))
    slope = (values[b] - values[a]) / (at[b] - at[a])
    return np.asarray(values[a] + slope * (at - at[a]))


def hours_for(signal: float, background: float, signal_to_noise: float) -> float:
    """Hours until S t/√((S + B) t) is the signal to noise asked for; infinite without signal.

    t = (S/N)² (S + B)/S², with the rates S and B. It goes as one over flux and mass where the background is the
    sample's own, or none.
    """
    # The square of a signal may be too small for a number
    return float("inf") if signal <= 0 else (signal_to_noise / signal) * signal_to_noise * (1 + background / signal)
