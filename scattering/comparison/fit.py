"""A forecast fitted to a measured spectrum, in the data's own bins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scattering.comparison.goodness import Goodness
from scattering.measured import MeasuredSpectrum

Background = Literal["none", "constant", "linear"]

PARAMETERS: Final = (
    "scale",
    "shift_mev",
    "stretch",
    "background",
    "background_slope_per_mev",
    "extra_fwhm_mev",
)
"""All that can be fitted, in the order of `Fitted.names`."""


@dataclass(frozen=True)
class FitOptions:
    """What is fitted; everything else keeps its neutral value.

    Attributes
    ----------
    scale
        A factor on the forecast's intensity.
    shift
        meV added to the forecast's energies.
    stretch
        A factor on the forecast's energies, before the shift; areas stay.
    background
        Added to the forecast: nothing, a constant, or a straight line.
    extra_width
        A Gaussian that broadens the forecast further.
    range_mev
        Bins whose energy lies within are fitted. None: `default_range`.
    """

    scale: bool = True
    shift: bool = False
    stretch: bool = False
    background: Background = "none"
    extra_width: bool = False
    range_mev: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Fitted:
    """A forecast fitted to data.

    Attributes
    ----------
    values
        Every one of `PARAMETERS`, those that were not fitted at their neutral value (1, 0, 1, 0, 0, 0).
        `background` is that in the middle of `range_mev`.
    standard_errors
        Of the fitted parameters; NaN where the data do not determine them. Statistical, times √χ²ᵣ where that is
        above 1.
    names
        The n parameters that were fitted.
    correlations
        Shape (n, n), in the order of `names`; NaN where a parameter is not determined.
    range_mev
        Where the fit was made, no further than data and forecast.
    used
        Shape (n_data,): bins that were fitted.
    energy
        Shape (n_data,), meV: the data's.
    model
        Shape (n_data,): the forecast in the data's bins and unit, background included; NaN where the forecast does
        not reach.
    background
        Shape (n_data,).
    residual
        Shape (n_data,): (data − model) in standard deviations; without errors in units of its scatter in the fit.
        NaN where there is no model.
    goodness
        In the bins that were fitted.
    everywhere
        In all bins that have a model.
    warnings
        What the reader should know.
    """

    values: Mapping[str, float]
    standard_errors: Mapping[str, float]
    names: tuple[str, ...]
    correlations: NDArray[np.float64]
    range_mev: tuple[float, float]
    used: NDArray[np.bool_]
    energy: NDArray[np.float64]
    model: NDArray[np.float64]
    background: NDArray[np.float64]
    residual: NDArray[np.float64]
    goodness: Goodness
    everywhere: Goodness
    warnings: tuple[str, ...]


def default_range(
    measured: MeasuredSpectrum,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    *,
    resolution_mev: float | None = None,
) -> tuple[float, float]:
    """Where to compare unless told otherwise, in meV."""
    raise NotImplementedError


def fit(
    measured: MeasuredSpectrum,
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    options: FitOptions,
    *,
    forecast_error: NDArray[np.float64] | None = None,
) -> Fitted:
    """Fit a forecast to data."""
    raise NotImplementedError
