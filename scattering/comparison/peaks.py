"""Peaks of measured and forecast spectra: where they are, which belong together, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from scattering.constants import FWHM_PER_SIGMA

SMOOTHING: Final = 0.7
"""FWHM of the smoothing over that of the resolution: hardly less against noise than 1, and broadens by 22 % only."""
POINTS_PER_WIDTH: Final = 8
"""Of the smoothed curve, for each FWHM of the smoothing."""
SMALLEST_SHARE: Final = 0.02
"""Prominence of the smallest peak over that of the largest, unless told otherwise."""
ELASTIC_WIDTHS: Final = 1.5
"""Of the resolution, FWHM: maxima as near to ω = 0 are the elastic line."""
MARGIN: Final = 1.5
"""Standard deviations that a peak must be more prominent than noise is expected to be."""
MAX_POINTS: Final = 20_000
"""Of a curve: more are averaged."""
RELATIVE_TOLERANCE: Final = 0.25
"""Of a peak's energy: 31 meV at 125 meV, where the paper's forecasts are 25 meV too low."""
TOLERANCE_WIDTHS: Final = 2.0
"""Of the wider peak of a pair: no less than that is within tolerance."""
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
) -> tuple[Peak, ...]:
    """Find the peaks of a spectrum, measured or forecast, that are more than noise."""
    raise NotImplementedError


def match(measured: Sequence[Peak], forecast: Sequence[Peak], *, tolerance_mev: float | None = None) -> Matches:
    """Pair measured and forecast peaks, each at most once, in order."""
    raise NotImplementedError


def composition(
    energy: float,
    fwhm: float,
    axis: NDArray[np.float64],
    per_element: Mapping[str, NDArray[np.float64]],
    per_order: Mapping[int, NDArray[np.float64]],
) -> Composition:
    """What a peak at an energy is made of: intensities within ± FWHM/2 on a spectrum's axis."""
    raise NotImplementedError
