"""Energies of a forecast that is to be fitted in the bins of measured data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering import instruments
from scattering.core.bins import bin_edges
from scattering.core.constants import FWHM_PER_SIGMA
from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.instruments import resolution
from scattering.measured.comparison.fit import MAX_SHIFT_MEV, STRETCH_BOUNDS
from scattering.observe.view import EDGE_SIGMAS, MAX_BINS, EnergyGrid, View, Viewed

STEP_FRACTION = 0.25
"""Step over the widest of the FWHM of the resolution, the data's bins and the simulation's bins."""
ROUND_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
MIN_BINS = 4
EDGE_ROUNDING_BINS = 1e-9
WIDTH_NODES = 100
"""Energies at which the resolution is evaluated."""
MIN_REPORTED_FRACTION = 0.01
"""Fraction of the data's range from which on missing data are reported."""


@dataclass(frozen=True)
class ForecastGrid:
    """Energy bins for a forecast.

    Attributes
    ----------
    energy
        For `View.energy_mev`.
    notices
        The data that the forecast does not reach, and why.
    """

    energy: EnergyGrid
    notices: tuple[Notice, ...]


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
    """Choose equal bins that cover the data, and the energies that a fit may move there, as far as the forecast goes.

    The forecast goes as far as the simulation and, with an instrument, its measured range: zeros beyond would count as
    a forecast of no intensity. A bin is a quarter of the smallest FWHM of the resolution, or of the data's or the
    simulation's bins if they are wider.

    Parameters
    ----------
    low, high
        Shape (n,), meV: edges of the data's bins.
    partials, view
        The forecast; the view's own grid is ignored.
    range_mev
        The fitted range, whose resolution decides on the step. None: all data.
    movable
        Whether a fit may shift or stretch the forecast. Both are allowed for, so that another choice of parameters
        needs no other forecast.
    max_bins
        If there would be more bins, they are made wider.

    Raises
    ------
    InvalidComparison
        Data and forecast have no energies in common.
    UnknownInstrument, InvalidSettings
        The view's instrument or its settings are impossible.
    """
    first, last = float(low.min()), float(high.max())
    start, end, notices = _known_range(partials, view, first, last)
    shared = max(first, start), min(last, end)
    if not shared[1] > shared[0]:
        ranges = {"data_mev": [first, last], "forecast_mev": [float(start), float(end)]}
        raise InvalidComparison.at("dataset_id", Notice("no_shared_energies", ranges))
    wanted = _movable_range(first, last) if movable else (first, last)
    fitted = _overlap(shared, range_mev)
    inside = (high > fitted[0]) & (low < fitted[1])
    bin_width = float(np.median((high - low)[inside])) if inside.any() else 0.0
    span = min(wanted[1], end) - max(wanted[0], start)
    step = _step(partials, view, fitted, bin_width, span / (max_bins - 2))
    # Whole bins, which cover the wanted range and stay within the known one
    rounding = EDGE_ROUNDING_BINS
    first_centre = step * max(math.floor(wanted[0] / step + 0.5 + rounding), math.ceil(start / step + 0.5 - rounding))
    last_centre = step * min(math.ceil(wanted[1] / step - 0.5 - rounding), math.floor(end / step - 0.5 + rounding))
    if last_centre < first_centre + (MIN_BINS - 1.5) * step:
        ends = {"start_mev": float(shared[0]), "end_mev": float(shared[1])}
        raise InvalidComparison.at("dataset_id", Notice("few_shared_energies", ends))
    # Round numbers stay round in JSON
    return ForecastGrid(EnergyGrid(round(first_centre, 9), round(last_centre, 9), step), notices)


def narrowest_fwhm(view: View, low: float, high: float) -> float:
    """Return the smallest FWHM in meV of a view's resolution between two energies; 0 without a resolution."""
    return float(fwhm(view, np.linspace(low, high, WIDTH_NODES)).min())


def fwhm(view: View, energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the FWHM in meV of a view's resolution at given energies in meV."""
    if view.instrument is None:
        return view.ideal_fwhm(energy)
    return FWHM_PER_SIGMA * resolution.sigma(instruments.get(view.instrument), view.settings, energy)


def _known_range(partials: Viewed, view: View, first: float, last: float) -> tuple[float, float, tuple[Notice, ...]]:
    """Return the ends of the forecast, and notices about the data between `first` and `last` beyond them."""
    simulated = float(bin_edges(partials.energy)[-1]) * view.energy_scale
    # Nearer to its end the resolution would bring in what was not simulated, if something scatters there
    complete = simulated - EDGE_SIGMAS / FWHM_PER_SIGMA * float(fwhm(view, np.array([simulated]))[0])
    if partials.extent * view.energy_scale > complete:
        simulated = complete
    start, end, limited_by = -simulated, simulated, None
    if view.instrument is not None:
        instrument = instruments.get(view.instrument)
        measured = instrument.measured_range(instrument.validate(view.settings))
        if measured[0] > start or measured[1] < end:
            limited_by = instrument.name
        start, end = max(start, measured[0]), min(end, measured[1])
    missing = [
        [one, other]
        for one, other in ((first, min(start, last)), (max(end, first), last))
        if other - one > MIN_REPORTED_FRACTION * (last - first)
    ]
    if not missing:
        return start, end, ()
    reach = {"start_mev": start, "end_mev": end, "instrument": limited_by}
    return start, end, (Notice("data_beyond_forecast", {"ranges_mev": missing, **reach}),)


def _movable_range(first: float, last: float) -> tuple[float, float]:
    """Return the energies that an allowed fit may move into the range: (ω − shift)/stretch of its ends."""
    shift = min(MAX_SHIFT_MEV, (last - first) / 4)
    return min((first - shift) / stretch for stretch in STRETCH_BOUNDS), max(
        (last + shift) / stretch for stretch in STRETCH_BOUNDS
    )


def _overlap(shared: tuple[float, float], range_mev: tuple[float, float] | None) -> tuple[float, float]:
    """Return the part of a range that is shared; the whole shared range if there is none."""
    if range_mev is None:
        return shared
    low, high = max(shared[0], range_mev[0]), min(shared[1], range_mev[1])
    return (low, high) if high > low else shared


def _step(partials: Viewed, view: View, fitted: tuple[float, float], bin_width: float, least: float) -> float:
    """Return a round step in meV, so that the same forecast probably serves another range too."""
    energy, widths = (view.energy_scale * one for one in (partials.energy, partials.energy_widths))
    inside = (energy >= fitted[0]) & (energy <= fitted[1])
    simulated = float(widths[inside].min()) if inside.any() else 0.0
    wanted = STEP_FRACTION * max(narrowest_fwhm(view, *fitted), bin_width, simulated)
    decade = 10.0 ** math.floor(math.log10(max(wanted, least)))
    rounded = [decade * number for number in ROUND_STEPS]
    below = [step for step in rounded if least <= step <= wanted * (1 + 1e-9)]
    return round(below[-1] if below else next(step for step in rounded if step >= least), 12)
