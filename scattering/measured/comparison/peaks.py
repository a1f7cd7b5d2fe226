"""Peaks of measured and forecast spectra: which belong together, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.measured.comparison.smoothing import (
    FEWEST_STEPS,
    POINTS_PER_WIDTH,
    Curve,
    Smoothed,
    averaged,
    local_parabola,
    noise,
    segments,
    smooth,
    typical_steps,
)

SMOOTHING: Final = 0.7
"""FWHM of the smoothing over that of the resolution: hardly less against noise than 1, and broadens by 22 % only."""
SMALLEST_SHARE: Final = 0.02
"""Prominence of the smallest peak over that of the largest, unless told otherwise."""
ELASTIC_WIDTHS: Final = 1.5
"""Of the resolution, FWHM: maxima as near to ω = 0 are the elastic line."""
MARGIN: Final = 1.5
"""Standard deviations that a peak must be more prominent than noise is expected to be."""
FITTED_WIDTHS: Final = 0.6
"""FWHM, in those of the peak, of the Gaussian under which its top is fitted."""
NEWTON_STEPS: Final = 8
"""To the maximum; the last ones change nothing."""
GUESSES: Final = (3.0, 6.0, 12.0, 24.0)
"""Resolutions, in bins, at which peaks are sought where it is not known, until some are found."""
FEWEST: Final = 5
"""Points of a curve, or between two gaps, that can hold a peak."""
MAX_POINTS: Final = 20_000
"""Of a curve: more are averaged."""
RELATIVE_TOLERANCE: Final = 0.25
"""Of a peak's energy: 31 meV at 125 meV, where the paper's forecasts are 25 meV too low."""
TOLERANCE_WIDTHS: Final = 2.0
"""Of the wider peak of a pair: no less than that is within tolerance."""
STRETCHES: Final = tuple(np.arange(80, 126) / 100)
"""What a forecast's energies may be off by as a whole when peaks are matched."""
LEAST_LIKENESS: Final = 0.1
"""Of a pair, between 0 and 1: peaks less alike are not the same."""
HEIGHT_RATIO: Final = 5.0
"""Relative prominences that differ by this factor make a pair half as good."""


@dataclass(frozen=True)
class Peak:
    """A maximum of a spectrum.

    Attributes
    ----------
    energy
        meV.
    height
        Intensity at the maximum, in the spectrum's unit.
    fwhm
        Full width at half of the prominence, meV, less what the search's own smoothing adds.
    prominence
        Height above the higher of the two saddles, or ends of the curve, that separate it from higher peaks.
    standard_error
        Of `energy`, meV; None where the errors of the intensities are not known.
    """

    energy: float
    height: float
    fwhm: float
    prominence: float
    standard_error: float | None


@dataclass(frozen=True)
class Pair:
    """The same peak, measured and forecast."""

    measured: Peak
    forecast: Peak

    @property
    def difference(self) -> float:
        """Forecast − measured energy, meV: below 0 where the forecast lies too low (redshift)."""
        return self.forecast.energy - self.measured.energy


@dataclass(frozen=True)
class Matches:
    """Peaks of both, each in at most one pair; all ascend in energy.

    Attributes
    ----------
    tolerance_mev
        The largest difference that was allowed anywhere.
    """

    pairs: tuple[Pair, ...]
    only_measured: tuple[Peak, ...]
    only_forecast: tuple[Peak, ...]
    tolerance_mev: float


@dataclass(frozen=True)
class Composition:
    """What a peak is made of: shares that sum to 1.

    Attributes
    ----------
    elements
        Element, or site → share; empty where nothing scatters.
    orders
        "1", "2", "3+" → share of so many phonons; None where they are not told apart.
    """

    elements: Mapping[str, float]
    orders: Mapping[str, float] | None


def find_peaks(
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    error: NDArray[np.float64] | None = None,
    *,
    prominence: float | None = None,
    resolution_mev: float | NDArray[np.float64] | None = None,
    elastic_mev: float | None = None,
    correlated: bool = False,
) -> tuple[Peak, ...]:
    """Find the peaks of a spectrum, measured or forecast, that are more than noise.

    The curve is smoothed by local straight lines under a Gaussian a little narrower than the resolution, each side of
    a gap by itself. Of its maxima those count whose prominence exceeds what noise alone would give the highest of M
    independent ones, 2√(2 ln M) standard deviations of the smoothed curve, by `MARGIN` of these, and that of the
    largest peak times `SMALLEST_SHARE`. A peak's position is where the parabola fitted to the data about it, under a
    Gaussian of 0.6 FWHM, has no slope.

    Parameters
    ----------
    energy
        Shape (n,), meV, ascending, steps as they come. A step of more than three of its neighbours' and wider than the
        resolution is a gap.
    intensity
        Shape (n,), finite.
    error
        Shape (n,): standard deviations, NaN where they are not known; or None. Unknown ones are estimated from fourth
        differences of the intensities, so that noise that was smoothed or interpolated is taken for structure.
    prominence
        Of the smallest peak, as a share of that of the largest; in place of both limits above.
    resolution_mev
        FWHM, one number or shape (n,). By default that of the narrowest quarter of the peaks that are found first.
    elastic_mev
        Maxima at |ω| no larger are the elastic line's; by default `ELASTIC_WIDTHS` of the resolution at ω = 0.
    correlated
        The errors are those of a curve whose noise has gone through the resolution, as a forecast's: neighbours within
        it err alike, and smoothing takes nothing off.

    Returns
    -------
    Peaks by ascending energy. The ends of the curve, or of a gap, are no peaks.
    """
    if len(energy) < FEWEST:
        return ()
    estimated = noise(intensity)
    known = None
    if error is not None and (error > 0).any():
        # A point without error among others that have one is no better than they
        known = np.where(error > 0, error, np.maximum(estimated, np.median(error[error > 0])))
    curve = averaged(Curve(energy, intensity, estimated if known is None else known), MAX_POINTS)
    if resolution_mev is None:
        resolution = _estimated_resolution(curve)
    else:
        resolution = np.interp(curve.energy, energy, np.broadcast_to(resolution_mev, len(energy)))
    if correlated:
        # As independent noise that the smoothing, a Gaussian of area 1, brings down to what is stated
        per_point = 2 * np.sqrt(np.pi) * SMOOTHING * resolution / FWHM_PER_SIGMA / typical_steps(curve.energy)
        curve = replace(curve, noise=curve.noise * np.sqrt(np.maximum(per_point, 1.0)))
    elastic = ELASTIC_WIDTHS * float(np.interp(0.0, curve.energy, resolution)) if elastic_mev is None else elastic_mev
    found = _significant(curve, resolution, elastic, prominence)
    peaks = [_fitted(curve, peak, errors_known=known is not None) for peak in found]
    return tuple(sorted(peaks, key=lambda peak: peak.energy))


@dataclass(frozen=True)
class _Maximum:
    """A maximum of the smoothed curve between the half heights `left` and `right`, meV."""

    energy: float
    height: float
    left: float
    right: float
    smoothing: float
    prominence: float
    noise: float
    """Standard deviation of the smoothed curve, root mean square of that at the maximum and those at its feet."""


def _significant(curve: Curve, resolution: NDArray[np.float64], elastic: float, share: float | None) -> list[_Maximum]:
    """Maxima of the smoothed curve that are more than noise, the elastic line left out."""
    found: list[_Maximum] = []
    n_independent = 0.0
    for part in segments(curve.energy, resolution):
        if part.stop - part.start < FEWEST:
            continue
        stretch = Curve(curve.energy[part], curve.intensity[part], curve.noise[part])
        smoothed = smooth(stretch, SMOOTHING * resolution[part])
        n_independent += len(smoothed.energy) / POINTS_PER_WIDTH
        found += [peak for peak in _maxima(smoothed) if abs(peak.energy) > elastic]
    largest = max((peak.prominence for peak in found), default=0.0)
    if share is not None:
        return [peak for peak in found if peak.prominence >= share * largest]
    least = 2 * np.sqrt(2 * np.log(max(n_independent, 2.0))) + MARGIN
    return [peak for peak in found if peak.prominence >= max(least * peak.noise, SMALLEST_SHARE * largest)]


def _maxima(smoothed: Smoothed) -> Iterator[_Maximum]:
    values = smoothed.intensity
    # Less is rounding
    index, found = signal.find_peaks(values, prominence=max(1e-9 * float(np.abs(values).max()), 1e-300))
    data = found["prominences"], found["left_bases"], found["right_bases"]
    _, _, left, right = signal.peak_widths(values, index, rel_height=0.5, prominence_data=data)
    grid = np.arange(len(values))
    for at, prominence, low, high in zip(index, found["prominences"], left, right, strict=True):
        # Not where the saddles are: they may lie far off, on the elastic line
        feet = np.interp([(3 * low - high) / 2, (3 * high - low) / 2], grid, smoothed.deviation)
        yield _Maximum(
            energy=float(smoothed.energy[at]),
            height=float(values[at]),
            left=float(np.interp(low, grid, smoothed.energy)),
            right=float(np.interp(high, grid, smoothed.energy)),
            smoothing=float(smoothed.fwhm[at]),
            prominence=float(prominence),
            noise=float(np.sqrt((smoothed.deviation[at] ** 2 + np.mean(feet**2)) / 2)),
        )


def _estimated_resolution(curve: Curve) -> NDArray[np.float64]:
    """Width of the narrowest quarter of the peaks that little smoothing shows, or more if that shows none."""
    steps = typical_steps(curve.energy)
    for guess in GUESSES:
        found = _significant(curve, guess * steps, 0.0, None)
        if found:
            narrow = float(np.quantile([_width(peak) for peak in found], 0.25))
            return np.maximum(narrow, GUESSES[0] * steps)
    return GUESSES[-1] * steps


def _width(peak: _Maximum) -> float:
    """FWHM less that of the smoothing, as of Gaussians, but no less than half of what is seen."""
    seen = peak.right - peak.left
    return float(np.sqrt(max(seen**2 - peak.smoothing**2, seen**2 / 4)))


def _fitted(curve: Curve, peak: _Maximum, *, errors_known: bool) -> Peak:
    """Position, with its error, and height by local parabolas through the data themselves."""
    width = _width(peak)
    step = float(np.interp(peak.energy, curve.energy, typical_steps(curve.energy)))
    sigma = max(FITTED_WIDTHS * width, FEWEST_STEPS * step) / FWHM_PER_SIGMA
    at = peak.energy
    for _ in range(NEWTON_STEPS):
        change = _change_of_slope(curve, at, sigma)
        if not change < 0:
            break
        at = float(np.clip(at - local_parabola(curve, at, sigma)[1] / change, peak.energy - sigma, peak.energy + sigma))
    height, slope, slope_error = local_parabola(curve, at, sigma)
    change = _change_of_slope(curve, at, sigma)
    if not (change < 0 and abs(slope) < 1e-3 * abs(change) * sigma):
        # A shoulder that only the search's own smoothing makes a maximum
        return Peak(peak.energy, peak.height, width, peak.prominence, None)
    error = slope_error / -change if errors_known else None
    prominence = max(peak.prominence + height - peak.height, peak.prominence / 2)
    return Peak(at, height, width, prominence, error)


def _change_of_slope(curve: Curve, at: float, sigma: float) -> float:
    """How the fitted slope changes with where it is fitted: what turns its error into one of the maximum's position."""
    step = 0.1 * sigma
    return (local_parabola(curve, at + step, sigma)[1] - local_parabola(curve, at - step, sigma)[1]) / (2 * step)


def match(measured: Sequence[Peak], forecast: Sequence[Peak], *, tolerance_mev: float | None = None) -> Matches:
    """Pair measured and forecast peaks, each at most once, so that the sum of their likeness is largest.

    With the difference d, the tolerance t and the ratio r of their prominences, each relative to the largest of its
    spectrum, two peaks are alike by (1 − d²/t²)/(1 + (ln r/ln 5)²); below `LEAST_LIKENESS` they are no pair. For
    d, the forecast's energies are multiplied by that one of `STRETCHES` which makes the pairs most alike: a potential
    that is too soft shifts all peaks, and each of a group may then lie nearest to its neighbour's partner.

    Pairs do not cross: what is wrong with a forecast's energies moves them by an amount that varies slowly with energy,
    which leaves neighbours in order. An assignment without that bond would save a little distance by exchanging
    neighbours, most often where it matters, in a shifted group of peaks. The best such pairing is found by dynamic
    programming, as for aligned sequences.

    Parameters
    ----------
    tolerance_mev
        Largest difference in energy. By default a quarter of the measured energy, or two widths of the narrower of both
        peaks where that is more.

    References
    ----------
    S. B. Needleman and C. D. Wunsch, J. Mol. Biol. 48 (1970) 443.
    """
    measured = sorted(measured, key=lambda peak: peak.energy)
    forecast = sorted(forecast, key=lambda peak: peak.energy)
    if not measured or not forecast:
        return Matches((), tuple(measured), tuple(forecast), tolerance_mev or 0.0)
    energies = [np.array([peak.energy for peak in peaks]) for peaks in (measured, forecast)]
    widths = [np.array([peak.fwhm for peak in peaks]) for peaks in (measured, forecast)]
    heights = [np.array([peak.prominence for peak in peaks]) for peaks in (measured, forecast)]
    if tolerance_mev is None:
        narrower = np.minimum(widths[0][:, None], widths[1])
        tolerance = np.maximum(RELATIVE_TOLERANCE * np.abs(energies[0])[:, None], TOLERANCE_WIDTHS * narrower)
    else:
        tolerance = np.full((len(measured), len(forecast)), tolerance_mev)
    ratio = np.log((heights[0] / heights[0].max())[:, None] / (heights[1] / heights[1].max()))
    similar = 1 / (1 + (ratio / np.log(HEIGHT_RATIO)) ** 2)
    allowed = np.abs(energies[0][:, None] - energies[1]) <= tolerance
    most, chosen = 0.0, list[tuple[int, int]]()
    for stretch in STRETCHES:
        likeness = (1 - ((energies[0][:, None] - stretch * energies[1]) / tolerance) ** 2) * similar
        total, pairs = _in_order(np.where(allowed & (likeness >= LEAST_LIKENESS), likeness, 0.0))
        # Of factors that do alike, the one nearer to 1
        total *= 1 - (stretch - 1) ** 2
        if total > most:
            most, chosen = total, pairs
    paired = [{pair[side] for pair in chosen} for side in (0, 1)]
    return Matches(
        pairs=tuple(Pair(measured[i], forecast[j]) for i, j in chosen),
        only_measured=tuple(peak for i, peak in enumerate(measured) if i not in paired[0]),
        only_forecast=tuple(peak for j, peak in enumerate(forecast) if j not in paired[1]),
        tolerance_mev=float(tolerance.max()),
    )


def _in_order(gain: NDArray[np.float64]) -> tuple[float, list[tuple[int, int]]]:
    """Return the largest sum of gains of pairs (row, column), both ascending, and the pairs; none is of no gain."""
    rows, columns = gain.shape
    best = np.zeros((rows + 1, columns + 1))
    for i in range(rows):
        for j in range(columns):
            best[i + 1, j + 1] = max(best[i, j] + gain[i, j], best[i, j + 1], best[i + 1, j])
    pairs = []
    i, j = rows, columns
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return float(best[-1, -1]), pairs[::-1]


def composition(
    energy: float,
    fwhm: float,
    axis: NDArray[np.float64],
    per_element: Mapping[str, NDArray[np.float64]],
    per_order: Mapping[int, NDArray[np.float64]],
) -> Composition:
    """Return what a forecast peak is made of: shares of the intensity within ± FWHM/2, background of the peak included.

    Parameters
    ----------
    energy, fwhm
        Of the peak, meV.
    axis
        Shape (n,), meV: the spectrum's bin centres.
    per_element, per_order
        As of `observe.Spectrum`, arrays of shape (n,). Where noise or interference makes a part negative on average it
        counts as nothing.
    """
    within = np.abs(axis - energy) <= fwhm / 2
    if not within.any():
        within[np.argmin(np.abs(axis - energy))] = True
    orders: dict[str, float] = {"1": 0.0, "2": 0.0, "3+": 0.0}
    for order, values in per_order.items():
        orders["3+" if order > 2 else str(order)] += float(values[within].mean())
    elements = {name: float(values[within].mean()) for name, values in per_element.items()}
    return Composition(_shares(elements), (_shares(orders) or None) if per_order else None)


def _shares(amounts: Mapping[str, float]) -> dict[str, float]:
    """Share of each amount in their sum, those below 0 being none; empty where there is nothing."""
    clipped = {name: max(amount, 0.0) for name, amount in amounts.items()}
    total = sum(clipped.values())
    return {name: amount / total for name, amount in clipped.items()} if total > 0 else {}
