"""Pairs of peaks of a forecast and measured data, and what they say about a fitted stretch."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.comparisons.forecasts import Forecast
from scattering.core.notices import Notice
from scattering.measured.comparison.fit import FitResult
from scattering.measured.comparison.forecast_grid import fwhm
from scattering.measured.comparison.peaks import Matches, Peak, find_peaks, match, stretch_of
from scattering.measured.data import MeasuredSpectrum

MAX_DISAGREEMENT: Final = 0.05
"""Relative difference of a fitted stretch from that of the peaks, above which it is doubted.

A fit that has put peaks on their neighbours is off by the distance of peaks.
"""


def pair_peaks(
    measured: MeasuredSpectrum,
    made: Forecast,
    range_mev: tuple[float, float],
    *,
    tolerance_mev: float | None = None,
    prominence: float | None = None,
) -> Matches:
    """Match all peaks of data and forecast, and keep the pairs whose measured peak lies in a range.

    Peaks outside the range are matched too; otherwise their partners inside could match a wrong peak.
    """
    energy, spectrum = measured.energy, made.spectrum

    def resolved(at: NDArray[np.float64]) -> NDArray[np.float64]:
        # Broadening by the instrument and by the bins of the data
        return np.asarray(np.hypot(fwhm(made.view, at), np.interp(at, energy, measured.high - measured.low)))

    def inside(peak: Peak) -> bool:
        return bool(range_mev[0] <= peak.energy <= range_mev[1])

    def is_measured(peak: Peak) -> bool:
        return inside(peak) and bool(((measured.low <= peak.energy) & (peak.energy <= measured.high)).any())

    matches = match(
        find_peaks(energy, measured.intensity, measured.error, prominence=prominence, resolution_mev=resolved(energy)),
        find_peaks(
            spectrum.energy,
            spectrum.intensity,
            spectrum.error,
            prominence=prominence,
            resolution_mev=spectrum.search_fwhm(resolved(spectrum.energy)),
            correlated=True,
        ),
        tolerance_mev=tolerance_mev,
    )
    return Matches(
        tuple(pair for pair in matches.pairs if inside(pair.measured)),
        tuple(filter(inside, matches.only_measured)),
        tuple(filter(is_measured, matches.only_forecast)),
        matches.tolerance_mev,
    )


def doubt_stretch(fitted: FitResult, measured: MeasuredSpectrum, made: Forecast) -> tuple[Notice, ...]:
    """Return a notice if a fitted stretch disagrees with the peaks, however small its standard error is."""
    if "stretch" not in fitted.names:
        return ()
    pairs = pair_peaks(measured, made, fitted.range_mev).pairs
    stretch, of_peaks = fitted.values["stretch"], stretch_of(pairs)
    if of_peaks is None:
        return ()
    # A fitted shift moves the peaks too
    middle = float(np.median([pair.forecast.energy for pair in pairs]))
    if abs((stretch + fitted.values["shift_mev"] / middle) / of_peaks - 1) <= MAX_DISAGREEMENT:
        return ()
    return (Notice("stretch_against_peaks", {"stretch": stretch, "of_peaks": of_peaks, "n_pairs": len(pairs)}),)
