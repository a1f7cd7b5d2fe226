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


def default_range(
    measured: MeasuredSpectrum,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    *,
    resolution_mev: float | None = None,
) -> tuple[float, float]:
    """Return the default range of a comparison in meV: where data and forecast both have values, off the elastic line.

    Data usually have an elastic line, and forecasts do not. The line is taken to end three FWHM from ω = 0. The FWHM is
    that of the instrument's resolution if it is known, otherwise that of the line in the data, if there is one. The
    longer of the two sides is taken, nearly always that of energy loss.

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
    beside = ELASTIC_WIDTHS * (elastic_fwhm(measured) if resolution_mev is None else resolution_mev)
    loss, gain = (max(low, beside), high), (low, min(high, -beside))
    longer = loss if loss[1] - loss[0] >= gain[1] - gain[0] else gain
    return longer if longer[1] > longer[0] else (low, high)


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
    if known.all():
        return measured.error
    missing = {"n_unknown": int(np.sum(~known)), "n_bins": len(known)}
    if known.sum() < len(known) / 2:
        notices.append(Notice("errors_ignored", missing))
        return None
    notices.append(Notice("errors_interpolated", missing))
    return np.interp(measured.energy, measured.energy[known], measured.error[known])
