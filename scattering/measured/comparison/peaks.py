"""Peaks of measured and forecast spectra: detection, matching, and contributing elements and phonon orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from scattering.core.constants import FWHM_PER_SIGMA
from scattering.measured.comparison.smoothing import (
    MIN_WIDTH_STEPS,
    POINTS_PER_WIDTH,
    Curve,
    Smoothed,
    average_neighbours,
    local_parabola,
    noise,
    segments,
    smooth,
    typical_steps,
)

SMOOTHING_WIDTHS: Final = 0.7
"""FWHM of the smoothing over that of the resolution. It suppresses noise nearly as well as 1, and broadens by only
22 %."""
MIN_RELATIVE_PROMINENCE: Final = 0.02
"""Default prominence of the smallest peak over that of the largest."""
ELASTIC_WIDTHS: Final = 1.5
"""Distance from ω = 0, in FWHM of the resolution, within which maxima belong to the elastic line."""
MARGIN_SIGMAS: Final = 1.5
"""Standard deviations by which the prominence of a peak must exceed the expected prominence of noise."""
FIT_WIDTHS: Final = 0.6
"""FWHM of the Gaussian under which the top of a peak is fitted, over that of the peak."""
NEWTON_STEPS: Final = 8
"""Steps to the maximum; the last ones change nothing."""
RESOLUTION_GUESSES_BINS: Final = (3.0, 6.0, 12.0, 24.0)
"""Resolutions that are tried in turn until peaks are found, if the resolution is unknown."""
MIN_POINTS: Final = 5
"""Points of a curve, or between two gaps, that can hold a peak."""
MAX_POINTS: Final = 20_000
"""Points of a curve; if there are more, neighbours are averaged."""
RELATIVE_TOLERANCE: Final = 0.25
"""Tolerance over the energy of a peak: 31 meV at 125 meV, where the paper's forecasts are 25 meV too low."""
TOLERANCE_WIDTHS: Final = 2.0
"""Smallest tolerance over the width of the narrower peak of a pair."""
STRETCHES: Final = tuple(np.arange(80, 126) / 100)
"""Factors on all energies of a forecast that are tried when peaks are matched."""
MIN_PAIRS: Final = 3
"""Pairs of peaks that say how far the energies of a forecast are off."""
MIN_SIMILARITY: Final = 0.1
"""Similarity of a pair, between 0 and 1, below which its peaks are not matched."""
HEIGHT_RATIO: Final = 5.0
"""Ratio of relative prominences that halves the similarity of a pair."""


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
        Full width at half of the prominence, meV, less the width of the smoothing.
    prominence
        Height above the higher of the two saddles, or ends of the curve, that separate it from higher peaks.
    standard_error
        Of `energy`, meV; None if the errors of the intensities are unknown.
    """

    energy: float
    height: float
    fwhm: float
    prominence: float
    standard_error: float | None


@dataclass(frozen=True)
class Pair:
    """A measured and a forecast peak that match."""

    measured: Peak
    forecast: Peak

    @property
    def difference(self) -> float:
        """Forecast − measured energy, meV: negative if the forecast is too low (redshift)."""
        return self.forecast.energy - self.measured.energy


@dataclass(frozen=True)
class Matches:
    """Peaks of both spectra, each in at most one pair; all ascend in energy.

    Attributes
    ----------
    tolerance_mev
        The largest peak-matching tolerance at any energy.
    """

    pairs: tuple[Pair, ...]
    only_measured: tuple[Peak, ...]
    only_forecast: tuple[Peak, ...]
    tolerance_mev: float


@dataclass(frozen=True)
class Composition:
    """Contributions to a peak, as fractions that sum to 1.

    Attributes
    ----------
    elements
        Element or site → fraction; empty where nothing scatters.
    orders
        Phonon order "1", "2", "3+" → fraction; None if the spectrum has no separate orders.
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
    """Find the peaks of a measured or forecast spectrum that exceed the noise.

    The curve is smoothed by local straight lines under a Gaussian a little narrower than the resolution, on each side
    of a gap separately. A maximum counts if its prominence exceeds two limits. The first is 2√(2 ln M) standard
    deviations of the smoothed curve, the highest of M independent maxima of noise, plus `MARGIN_SIGMAS`. The second is
    `MIN_RELATIVE_PROMINENCE` times the largest prominence. The position of a peak is where the parabola that is fitted
    to the unsmoothed data under a Gaussian of 0.6 FWHM has no slope.

    Parameters
    ----------
    energy
        Shape (n,), meV, ascending, with any steps. A step of more than three of its neighbours' and wider than the
        resolution is a gap.
    intensity
        Shape (n,), finite.
    error
        Shape (n,): standard deviations, NaN where unknown; or None. Unknown ones are estimated from fourth differences
        of the intensities; noise that was smoothed or interpolated then looks like structure.
    prominence
        Prominence of the smallest peak over that of the largest; replaces both limits above.
    resolution_mev
        FWHM, one number or shape (n,). Default: that of the narrowest quarter of the peaks of a first search.
    elastic_mev
        Maxima at no larger |ω| belong to the elastic line. Default: `ELASTIC_WIDTHS` of the resolution at ω = 0.
    correlated
        The noise has gone through the resolution, as that of a forecast has: the errors of neighbours within the
        resolution are the same, and smoothing does not reduce them.

    Returns
    -------
    Peaks by ascending energy. The ends of the curve, or of a gap, are not peaks.
    """
    if len(energy) < MIN_POINTS:
        return ()
    estimated = noise(intensity)
    known = None
    if error is not None and (error > 0).any():
        # A point without an error is no better than the points that have one
        known = np.where(error > 0, error, np.maximum(estimated, np.median(error[error > 0])))
    curve = average_neighbours(Curve(energy, intensity, estimated if known is None else known), MAX_POINTS)
    if resolution_mev is None:
        resolution = _estimated_resolution(curve)
    else:
        resolution = np.interp(curve.energy, energy, np.broadcast_to(resolution_mev, len(energy)))
    if correlated:
        # As independent noise that the smoothing, a Gaussian of area 1, reduces to the stated errors
        per_point = 2 * np.sqrt(np.pi) * SMOOTHING_WIDTHS * resolution / FWHM_PER_SIGMA / typical_steps(curve.energy)
        curve = replace(curve, noise=curve.noise * np.sqrt(np.maximum(per_point, 1.0)))
    elastic = ELASTIC_WIDTHS * float(np.interp(0.0, curve.energy, resolution)) if elastic_mev is None else elastic_mev
    maxima = _significant_maxima(curve, resolution, elastic, prominence)
    peaks = [_fit_top(curve, peak, errors_known=known is not None) for peak in maxima]
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


def _significant_maxima(
    curve: Curve, resolution: NDArray[np.float64], elastic: float, share: float | None
) -> list[_Maximum]:
    """Return the maxima of the smoothed curve that exceed the noise, without the elastic line."""
    found: list[_Maximum] = []
    n_independent = 0.0
    for part in segments(curve.energy, resolution):
        if part.stop - part.start < MIN_POINTS:
            continue
        stretch = Curve(curve.energy[part], curve.intensity[part], curve.noise[part])
        smoothed = smooth(stretch, SMOOTHING_WIDTHS * resolution[part])
        n_independent += len(smoothed.energy) / POINTS_PER_WIDTH
        found += [peak for peak in _maxima(smoothed) if abs(peak.energy) > elastic]
    largest = max((peak.prominence for peak in found), default=0.0)
    if share is not None:
        return [peak for peak in found if peak.prominence >= share * largest]
    least = 2 * np.sqrt(2 * np.log(max(n_independent, 2.0))) + MARGIN_SIGMAS
    return [peak for peak in found if peak.prominence >= max(least * peak.noise, MIN_RELATIVE_PROMINENCE * largest)]


def _maxima(smoothed: Smoothed) -> Iterator[_Maximum]:
    values = smoothed.intensity
    # A smaller prominence is rounding
    index, found = signal.find_peaks(values, prominence=max(1e-9 * float(np.abs(values).max()), 1e-300))
    data = found["prominences"], found["left_bases"], found["right_bases"]
    _, _, left, right = signal.peak_widths(values, index, rel_height=0.5, prominence_data=data)
    grid = np.arange(len(values))
    for at, prominence, low, high in zip(index, found["prominences"], left, right, strict=True):
        # Not at the saddles, which may lie far away, on the elastic line
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
    """Return the width of the narrowest quarter of the peaks, found with as little smoothing as shows any."""
    steps = typical_steps(curve.energy)
    for guess in RESOLUTION_GUESSES_BINS:
        maxima = _significant_maxima(curve, guess * steps, 0.0, None)
        if maxima:
            narrow = float(np.quantile([_width(peak) for peak in maxima], 0.25))
            return np.maximum(narrow, RESOLUTION_GUESSES_BINS[0] * steps)
    return RESOLUTION_GUESSES_BINS[-1] * steps


def _width(peak: _Maximum) -> float:
    """Return the FWHM less that of the smoothing, in quadrature, but at least half of the smoothed FWHM."""
    seen = peak.right - peak.left
    return float(np.sqrt(max(seen**2 - peak.smoothing**2, seen**2 / 4)))


def _fit_top(curve: Curve, peak: _Maximum, *, errors_known: bool) -> Peak:
    """Return position, its error and height from local parabolas through the unsmoothed data."""
    width = _width(peak)
    step = float(np.interp(peak.energy, curve.energy, typical_steps(curve.energy)))
    sigma = max(FIT_WIDTHS * width, MIN_WIDTH_STEPS * step) / FWHM_PER_SIGMA
    at = peak.energy
    for _ in range(NEWTON_STEPS):
        change = _change_of_slope(curve, at, sigma)
        if not change < 0:
            break
        at = float(np.clip(at - local_parabola(curve, at, sigma)[1] / change, peak.energy - sigma, peak.energy + sigma))
    height, slope, slope_error = local_parabola(curve, at, sigma)
    change = _change_of_slope(curve, at, sigma)
    if not (change < 0 and abs(slope) < 1e-3 * abs(change) * sigma):
        # A shoulder, which is a maximum of the smoothed curve only
        return Peak(peak.energy, peak.height, width, peak.prominence, None)
    error = slope_error / -change if errors_known else None
    prominence = max(peak.prominence + height - peak.height, peak.prominence / 2)
    return Peak(at, height, width, prominence, error)


def _change_of_slope(curve: Curve, at: float, sigma: float) -> float:
    """Return the derivative of the fitted slope by position; the error of the slope over it is that of the position."""
    step = 0.1 * sigma
    return (local_parabola(curve, at + step, sigma)[1] - local_parabola(curve, at - step, sigma)[1]) / (2 * step)


def match(measured: Sequence[Peak], forecast: Sequence[Peak], *, tolerance_mev: float | None = None) -> Matches:
    """Pair measured and forecast peaks, each at most once, so that the sum of similarities is largest.

    The similarity of two peaks is (1 − d²/t²)/(1 + (ln r/ln 5)²), with the difference d, the tolerance t and the ratio
    r of their prominences, each relative to the largest of its spectrum. Below `MIN_SIMILARITY` they are not matched.
    For d, the energies of the forecast are multiplied by the one of `STRETCHES` that gives the largest sum: a soft
    potential shifts all peaks, and each peak of a group may then lie nearest to the wrong one. Without this factor,
    peaks of a pair may differ by `RELATIVE_TOLERANCE` or two widths.

    Pairs do not cross: the errors of a forecast's energies vary slowly with energy and leave neighbours in order. An
    assignment without this rule would exchange neighbours in a shifted group of peaks. Dynamic programming finds the
    best pairing, as for aligned sequences.

    Parameters
    ----------
    tolerance_mev
        Peak-matching tolerance, the largest difference in energy. Default: a quarter of the measured energy, or two
        widths of the narrower peak if that is more; but no more than the distance to the next measured peak.

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
        farthest = np.maximum(RELATIVE_TOLERANCE * np.abs(energies[0])[:, None], TOLERANCE_WIDTHS * narrower)
        tolerance = np.minimum(farthest, _distance_to_next(energies[0])[:, None])
    else:
        farthest = tolerance = np.full((len(measured), len(forecast)), tolerance_mev)
    ratio = np.log((heights[0] / heights[0].max())[:, None] / (heights[1] / heights[1].max()))
    similar = 1 / (1 + (ratio / np.log(HEIGHT_RATIO)) ** 2)
    allowed = np.abs(energies[0][:, None] - energies[1]) <= farthest
    most, chosen = 0.0, list[tuple[int, int]]()
    for stretch in STRETCHES:
        likeness = (1 - ((energies[0][:, None] - stretch * energies[1]) / tolerance) ** 2) * similar
        total, pairs = _best_ordered_pairs(np.where(allowed & (likeness >= MIN_SIMILARITY), likeness, 0.0))
        # Between factors with nearly the same sum, prefer the one nearer to 1
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


def stretch_of(pairs: Sequence[Pair]) -> float | None:
    """Return the factor on the forecast's energies that pairs of peaks ask for; None for fewer than `MIN_PAIRS`.

    It is the median of the ratios of their energies, so that a wrong pair does not matter.
    """
    ratios = [pair.measured.energy / pair.forecast.energy for pair in pairs if pair.forecast.energy > 0]
    return float(np.median(ratios)) if len(ratios) >= MIN_PAIRS else None


def _distance_to_next(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of each energy, ascending, to the nearest other; infinite for one alone."""
    steps = np.concatenate([[np.inf], np.diff(energies), [np.inf]])
    return np.asarray(np.minimum(steps[:-1], steps[1:]))


def _best_ordered_pairs(gain: NDArray[np.float64]) -> tuple[float, list[tuple[int, int]]]:
    """Return the largest sum of gains over pairs (row, column), both ascending, and these pairs; all gains are > 0."""
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
    """Return the contributions to a forecast peak within ± FWHM/2, the background under the peak included.

    Parameters
    ----------
    energy, fwhm
        Of the peak, meV.
    axis
        Shape (n,), meV: the spectrum's bin centres.
    per_element, per_order
        Arrays of shape (n,), as in `observe.Spectrum`. A part that noise or interference makes negative counts as zero.
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
    """Return the fraction of each amount in their sum, negative amounts counting as zero; empty if the sum is zero."""
    clipped = {name: max(amount, 0.0) for name, amount in amounts.items()}
    total = sum(clipped.values())
    return {name: amount / total for name, amount in clipped.items()} if total > 0 else {}
