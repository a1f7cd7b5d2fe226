"""Preparation of a comparison: its range of energies, and the error of each bin."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredSpectrum

ELASTIC_WIDTHS: Final = 3.0
"""Distance of a comparison from ω = 0, in FWHM of the elastic line: a Gaussian has vanished there."""
MIN_BINS: Final = 8
"""Bins of a side of the spectrum that make a comparison."""
USUAL_ERROR_QUANTILE: Final = 0.1
MIN_ERROR_FRACTION: Final = 0.1
"""Fraction of the usual smallest error, a quantile of all, below which an error is replaced by the median.

Errors of counts do not differ by so much; those of empty or masked bins do, and would decide a fit alone.
"""


def default_range(
    measured: MeasuredSpectrum,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    *,
    resolution_mev: float | None = None,
) -> tuple[float, float]:
    """Return the default range of a comparison in meV: where data and forecast both have values, off the elastic line.

    Data usually have an elastic line, and forecasts do not: `elastic_reach` leaves it out. The side of energy loss is
    taken if the data have `MIN_BINS` there, however far they reach on the other side, where detailed balance leaves
    little.

    Parameters
    ----------
    energy, intensity
        Shape (m,): the forecast, as in `fit`.
    resolution_mev
        FWHM at the elastic line, meV.

    Raises
    ------
    InvalidComparison
        Data and forecast have no energy in common.
    """
    half_bin = (energy[-1] - energy[0]) / (len(energy) - 1) / 2
    low, high = overlap(measured, (float(energy[0] - half_bin), float(energy[-1] + half_bin)))
    beside = elastic_reach(measured, resolution_mev)
    for start, end in ((max(low, beside), high), (low, min(high, -beside))):
        if np.sum((measured.energy >= start) & (measured.energy <= end)) >= MIN_BINS:
            return start, end
    return low, high


def elastic_reach(measured: MeasuredSpectrum, resolution_mev: float | None) -> float:
    """Return the distance from ω = 0, meV, at which the elastic line has ended; 0 if none is known.

    It is three FWHM: those of the instrument, or of the line in the data if that is wider, for example because of
    multiple scattering.
    """
    return ELASTIC_WIDTHS * max(elastic_fwhm(measured), resolution_mev or 0.0)


def beside_elastic(
    measured: MeasuredSpectrum, range_mev: tuple[float, float], resolution_mev: float | None, notices: list[Notice]
) -> NDArray[np.bool_]:
    """Return the mask, shape (n_data,), of the bins of a range without the elastic line between its two sides."""
    inside = (measured.energy >= range_mev[0]) & (measured.energy <= range_mev[1])
    reach = elastic_reach(measured, resolution_mev)
    elastic = np.abs(measured.energy) < reach
    beyond = inside & ~elastic
    if not (inside & elastic).any() or not beyond.any():
        return inside
    notices.append(Notice("elastic_line_left_out", {"reach_mev": reach, "n_bins": int(np.sum(inside & elastic))}))
    return beyond


def chosen_range(
    measured: MeasuredSpectrum, reach: tuple[float, float], asked: tuple[float, float], notices: list[Notice]
) -> tuple[float, float]:
    """Return the requested range, cut at the ends of data and forecast; a notice says where it was cut.

    Raises
    ------
    InvalidComparison
        Nothing is left.
    """
    common = overlap(measured, reach)
    low, high = max(asked[0], common[0]), min(asked[1], common[1])
    if low >= high:
        shared = {"start_mev": common[0], "end_mev": common[1]}
        raise InvalidComparison.at("fit.range_mev", Notice("range_outside_shared_energies", shared))
    inside = (measured.energy >= asked[0]) & (measured.energy <= asked[1])
    missed = int(np.sum(inside & ((measured.low < reach[0]) | (measured.high > reach[1]))))
    if missed:
        ends = {"start_mev": float(reach[0]), "end_mev": float(reach[1])}
        notices.append(Notice("range_beyond_forecast", {"n_bins": missed, **ends}))
    return low, high


def overlap(measured: MeasuredSpectrum, reach: tuple[float, float]) -> tuple[float, float]:
    """Return the range of energies that data and forecast share, in meV.

    Raises
    ------
    InvalidComparison
        They share none.
    """
    low, high = max(float(measured.low[0]), reach[0]), min(float(measured.high[-1]), reach[1])
    if low >= high:
        ranges = {
            "data_mev": [float(measured.low[0]), float(measured.high[-1])],
            "forecast_mev": [float(reach[0]), float(reach[1])],
        }
        raise InvalidComparison.at("fit.range_mev", Notice("no_shared_energies", ranges))
    return low, high


def elastic_fwhm(measured: MeasuredSpectrum) -> float:
    """Return the FWHM in meV of the elastic line in the data, from its loss side; 0 if there is none.

    A maximum is the elastic line if it is within a tenth of the data's energies from 0 and above three times the median
    intensity.
    """
    farthest = max(abs(measured.low[0]), abs(measured.high[-1]))
    near = np.flatnonzero(np.abs(measured.energy) <= farthest / 10)
    if not (len(near) and measured.low[0] <= 0 <= measured.high[-1]):
        return 0.0
    top = near[np.argmax(measured.intensity[near])]
    height = measured.intensity[top]
    fallen = np.flatnonzero(measured.intensity[top:] < height / 2)
    if not (height > 3 * np.median(np.abs(measured.intensity)) and len(fallen)):
        return 0.0
    return 2 * float(measured.energy[top + fallen[0]] - measured.energy[top])


def fill_error(measured: MeasuredSpectrum, notices: list[Notice]) -> NDArray[np.float64] | None:
    """Return the errors of all bins, shape (n_data,), or None if most are unknown.

    A few unknown errors, mostly of bins without a count, are interpolated between the others: an error varies slowly,
    and leaving out only the empty bins would raise the background.
    """
    if measured.error is None:
        return None
    known = np.isfinite(measured.error)
    error = raise_tiny_errors(measured.error, known, notices)
    if known.all():
        return error
    missing = {"n_unknown": int(np.sum(~known)), "n_bins": len(known)}
    if known.sum() < len(known) / 2:
        notices.append(Notice("errors_ignored", missing))
        return None
    notices.append(Notice("errors_interpolated", missing))
    return np.interp(measured.energy, measured.energy[known], error[known])


def raise_tiny_errors(
    error: NDArray[np.float64], known: NDArray[np.bool_], notices: list[Notice]
) -> NDArray[np.float64]:
    """Return errors none of which is far below the usual ones, so that a few bins do not decide a fit; any shape."""
    if not known.any():
        return error
    least = MIN_ERROR_FRACTION * float(np.quantile(error[known], USUAL_ERROR_QUANTILE))
    tiny = known & (error < least)
    if not tiny.any():
        return error
    usual = float(np.median(error[known]))
    notices.append(Notice("tiny_errors_raised", {"n_bins": int(tiny.sum()), "usual": usual}))
    return np.where(tiny, usual, error)
