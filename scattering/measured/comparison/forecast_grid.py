"""On which energies a forecast must be known, to be fitted in the bins of measured data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidComparison
from scattering.instruments import resolution
from scattering.measured.comparison.fit import LARGEST_SHIFT_MEV, STRETCHES
from scattering.observe.view import MAX_BINS, EnergyGrid, View, Viewed

STEP_SHARE = 0.25
"""Of the widest of the resolution's FWHM, the data's bins and the simulation's: finer is blurred anyway."""
ROUND_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
LEAST_BINS = 4
ROUNDING = 1e-9
"""Of an edge, in bins."""
WIDTH_NODES = 100
NOTICED_SHARE = 0.01
"""Of the data: less than that may go missing at an end without a word."""


@dataclass(frozen=True)
class ForecastGrid:
    """Energy bins for a forecast.

    Attributes
    ----------
    energy
        For `View.energy_mev`.
    warnings
        Which of the data it cannot reach, and why.
    """

    energy: EnergyGrid
    warnings: tuple[str, ...]


def forecast_grid(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    partials: Viewed,
    view: View,
    *,
    range_mev: tuple[float, float] | None = None,
    movable: bool = True,
    max_bins: int = MAX_BINS,
) -> ForecastGrid:
    """Choose equal bins that cover those of the data and what a fit may move there, as far as the forecast is known.

    It is known where the simulation has energies and, through an instrument, where that measures: beyond, its zeros
    would count as a forecast of nothing. The bins are a quarter of the resolution's FWHM where it is narrowest, or of
    the data's bins or the simulation's, if those are wider.

    Parameters
    ----------
    low, high
        Shape (n,), meV: edges of the data's bins.
    partials, view
        What is forecast; the view's own grid does not matter.
    range_mev
        That is to be fitted, whose resolution decides on the step. None: all of it.
    movable
        Whether a fit may shift and stretch the forecast. It is not asked which of it this one does, so that another
        choice of what is fitted needs no other forecast.
    max_bins
        The bins are wider, where there would be more.

    Raises
    ------
    InvalidComparison
        Data and forecast have no energies in common.
    UnknownInstrument, InvalidSettings
        The view's instrument or its settings are impossible.
    """
    first, last = float(low.min()), float(high.max())
    start, end, warnings = _known(partials, view, first, last)
    shared = max(first, start), min(last, end)
    if not shared[1] > shared[0]:
        raise _nothing_shared(
            f"The data cover {_span(first, last)} and the forecast {_span(start, end)}: nothing can be compared."
        )
    wanted = _before_the_fit(first, last) if movable else (first, last)
    fitted = _overlap(shared, range_mev)
    inside = (high > fitted[0]) & (low < fitted[1])
    bin_width = float(np.median((high - low)[inside])) if inside.any() else 0.0
    span = min(wanted[1], end) - max(wanted[0], start)
    step = _step(partials, view, fitted, bin_width, span / (max_bins - 2))
    # Whole bins: all of what is wanted lies within them, and they within what is known
    first_centre = step * max(math.floor(wanted[0] / step + 0.5 + ROUNDING), math.ceil(start / step + 0.5 - ROUNDING))
    last_centre = step * min(math.ceil(wanted[1] / step - 0.5 - ROUNDING), math.floor(end / step - 0.5 + ROUNDING))
    if last_centre < first_centre + (LEAST_BINS - 1.5) * step:
        raise _nothing_shared(f"Data and forecast have only {_span(*shared)} in common, too little to be compared.")
    # Round numbers stay round in JSON
    return ForecastGrid(EnergyGrid(round(first_centre, 9), round(last_centre, 9), step), warnings)


def narrowest_fwhm(view: View, low: float, high: float) -> float:
    """Return the smallest FWHM in meV of a view's resolution between two energies; 0 of a sample without any."""
    return float(fwhm(view, np.linspace(low, high, WIDTH_NODES)).min())


def fwhm(view: View, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the FWHM in meV of a view's resolution at given energies in meV."""
    if view.instrument is None:
        return np.full_like(energy, view.fwhm_mev)
    return FWHM_PER_SIGMA * resolution.sigma(instruments.get(view.instrument), view.settings, energy)


def _known(partials: Viewed, view: View, first: float, last: float) -> tuple[float, float, tuple[str, ...]]:
    """Where the forecast is known, and what it therefore lacks of the data between `first` and `last`."""
    simulated = (float(partials.energy[-1]) + partials.energy_step / 2) * view.energy_scale
    start, end, by = -simulated, simulated, "the simulation covers"
    if view.instrument is not None:
        instrument = instruments.get(view.instrument)
        measured = instrument.measured_range(instrument.validate(view.settings))
        if measured[0] > start or measured[1] < end:
            by = f"{instrument.name} with these settings and the simulation cover"
        start, end = max(start, measured[0]), min(end, measured[1])
    missing = [
        (one, other)
        for one, other in ((first, min(start, last)), (max(end, first), last))
        if other - one > NOTICED_SHARE * (last - first)
    ]
    if not missing:
        return start, end, ()
    parts = " and ".join(_span(*part) for part in missing)
    return start, end, (f"Data at {parts} are not compared: {by} {_span(start, end)}.",)


def _before_the_fit(first: float, last: float) -> tuple[float, float]:
    """Where what a fit moves to `first` and `last` may have been: (ω − shift)/stretch, of all that are allowed."""
    shift = min(LARGEST_SHIFT_MEV, (last - first) / 4)
    return min((first - shift) / stretch for stretch in STRETCHES), max(
        (last + shift) / stretch for stretch in STRETCHES
    )


def _overlap(shared: tuple[float, float], range_mev: tuple[float, float] | None) -> tuple[float, float]:
    """What of a range is shared; all that is shared, where that is nothing."""
    if range_mev is None:
        return shared
    low, high = max(shared[0], range_mev[0]), min(shared[1], range_mev[1])
    return (low, high) if high > low else shared


def _step(partials: Viewed, view: View, fitted: tuple[float, float], bin_width: float, least: float) -> float:
    """A round number of meV, so that another range is likely to be served by the same forecast."""
    simulated = partials.energy_step * view.energy_scale
    wanted = STEP_SHARE * max(narrowest_fwhm(view, *fitted), bin_width, simulated)
    decade = 10.0 ** math.floor(math.log10(max(wanted, least)))
    rounded = [decade * number for number in ROUND_STEPS]
    below = [step for step in rounded if least <= step <= wanted * (1 + 1e-9)]
    return round(below[-1] if below else next(step for step in rounded if step >= least), 12)


def _nothing_shared(msg: str) -> InvalidComparison:
    return InvalidComparison.at("dataset_id", msg)


def _span(low: float, high: float) -> str:
    return f"{low:.4g} to {high:.4g} meV"
