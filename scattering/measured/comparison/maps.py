"""Comparison of a forecast map with a measured one, in the measured bins: scale, difference, goodness of fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from scattering.core.bins import bin_edges, linear_integrals
from scattering.core.errors import InvalidComparison
from scattering.core.notices import Notice
from scattering.measured.comparison.fit import MIN_REPORTED_ROOT_CHI2
from scattering.measured.comparison.goodness import Goodness, failures, goodness
from scattering.measured.comparison.preparation import beside_elastic, chosen_range, default_range, raise_tiny_errors
from scattering.measured.comparison.uncertainty import correlations, covariance
from scattering.measured.data import MeasuredMap, MeasuredSpectrum, centres
from scattering.observe.spectrum import Map

MIN_COVERED_FRACTION: Final = 0.5
"""Fraction of a bin's extent along each axis that the forecast must cover."""
MIN_WINDOW_FRACTION: Final = 0.01
"""Fraction of a bin's area that must lie within the window. A bank on a line fills only little more of a bin."""


@dataclass(frozen=True, eq=False)
class MapComparison:
    """A forecast map scaled to a measured one, in the measured bins.

    Attributes
    ----------
    q, energy
        Shapes (n_q + 1,), Å⁻¹, and (n_energy + 1,), meV: edges of the measured bins.
    measured
        Shape (n_q, n_energy), in the unit of the data; NaN where nothing was measured.
    forecast
        Shape (n_q, n_energy): the forecast times `scale`, plus `background`, in the unit of the data; NaN beyond the
        forecast or the window.
    difference
        Shape (n_q, n_energy): measured − forecast, in the unit of the data; NaN if either is NaN.
    scale, background
        1 and 0 if they were not fitted. The background is in the unit of the data.
    standard_errors
        Of the fitted parameters among "scale" and "background"; NaN if the data do not determine them. Statistical,
        times √χ²ᵣ if χ²ᵣ exceeds 1.
    correlation
        Of scale and background; None unless both were fitted, NaN if they are not determined.
    range_mev
        The fitted range, cut at the ends of data and forecast.
    used
        Shape (n_q, n_energy): mask of the fitted bins.
    goodness
        In the fitted bins.
    everywhere
        In all bins that both maps have.
    notices
        Remarks for the reader.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    measured: NDArray[np.float64]
    forecast: NDArray[np.float64]
    difference: NDArray[np.float64]
    scale: float
    background: float
    standard_errors: Mapping[str, float]
    correlation: float | None
    range_mev: tuple[float, float]
    used: NDArray[np.bool_]
    goodness: Goodness
    everywhere: Goodness
    notices: tuple[Notice, ...]


def compare_maps(
    measured: MeasuredMap,
    forecast: Map,
    *,
    scale: bool = True,
    background: bool = False,
    range_mev: tuple[float, float] | None = None,
    resolution_mev: float | None = None,
) -> MapComparison:
    """Rebin a forecast map to the bins of a measured one, and scale it to the data by weighted least squares.

    Weights are 1/error²; without errors all bins have equal weight. An unknown error is replaced by that of the nearest
    bin.

    Parameters
    ----------
    forecast
        Equal bins of |q| and energy.
    scale, background
        Whether each is fitted: a factor, never below 0, and a constant in the unit of the data.
    range_mev
        Bins with centres in this range are fitted. None: all but the elastic line, as for spectra.
    resolution_mev
        FWHM of the elastic line, meV, which decides how far the line reaches. None: taken from the data's own line.

    Raises
    ------
    InvalidComparison
        Data and forecast have too few bins in common, or the forecast is zero there.
    """
    if range_mev is not None and not range_mev[0] < range_mev[1]:
        raise InvalidComparison.at("fit.range_mev", Notice("disordered_energies"))
    notices: list[Notice] = []
    raw = mean_over_bins(forecast, measured.q, measured.energy)
    both = np.isfinite(measured.intensity) & np.isfinite(raw)
    spectrum = _average_over_q(measured)
    low, high = _range(spectrum, forecast, range_mev, resolution_mev, notices)
    beside = beside_elastic(spectrum, (low, high), resolution_mev, notices)
    used = both & np.isin(centres(measured.energy), spectrum.energy[beside])
    if not used.any():
        ends = {"start_mev": float(low), "end_mev": float(high)}
        raise InvalidComparison.at("fit.range_mev", Notice("no_shared_bins", ends))
    error = _fill_error(measured, notices)
    of_used = None if error is None else error[used]
    fitted = _solve(measured.intensity[used], raw[used], of_used, scaled=scale, raised=background)
    model = fitted.scale * raw + fitted.background
    at_bound = {"scale": Notice("scale_is_zero")} if fitted.scale == 0 else {}
    notices += at_bound.values()
    if scale or background:
        notices += failures(model[used], np.full(used.sum(), fitted.background), measured.intensity[used], at_bound)
    if error is not None and fitted.excess > MIN_REPORTED_ROOT_CHI2:
        notices.append(Notice("residuals_exceed_errors", {"chi2_reduced": fitted.excess**2}))

    def agreement(bins: NDArray[np.bool_], n_parameters: int) -> Goodness:
        errors = None if error is None else error[bins]
        return goodness(measured.intensity[bins], model[bins], errors, n_parameters=n_parameters)

    return MapComparison(
        q=measured.q,
        energy=measured.energy,
        measured=measured.intensity,
        forecast=model,
        difference=measured.intensity - model,
        scale=fitted.scale,
        background=fitted.background,
        standard_errors=fitted.standard_errors,
        correlation=fitted.correlation,
        range_mev=(low, high),
        used=used,
        goodness=agreement(used, int(scale) + int(background)),
        everywhere=agreement(both, int(scale) + int(background)),
        notices=tuple(notices),
    )


def mean_over_bins(forecast: Map, q: NDArray[np.float64], energy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of a map over other bins, over the part of each that lies inside the window.

    The map is bilinear between its centres. If the other bins are wider, this averages over area; if they are
    narrower, it interpolates.

    Parameters
    ----------
    q, energy
        Shapes (n_q + 1,), Å⁻¹, and (n_energy + 1,), meV, ascending: edges of the bins.

    Returns
    -------
    Shape (n_q, n_energy); NaN if a bin is outside the window, or more than half beyond the axes of the map.
    """
    along, along_share, along_reached = _axis(forecast.q, q)
    across, across_share, across_reached = _axis(forecast.energy, energy)
    inside = forecast.inside.astype(float)
    weight = along @ inside @ across.T
    total = along @ np.where(forecast.inside, forecast.intensity, 0.0) @ across.T
    known = along_share @ inside @ across_share.T > MIN_WINDOW_FRACTION
    known &= (along_reached >= MIN_COVERED_FRACTION)[:, None] & (across_reached >= MIN_COVERED_FRACTION)
    return np.where(known, total / np.where(known, weight, 1.0), np.nan)


def _axis(
    centres: NDArray[np.float64], edges: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights that bring values at the centres of bins to bins of given edges.

    Returns
    -------
    Mean over each bin of the function that is 1 at one centre and falls to 0 at the next ones, and fraction of each bin
    in each of the others: shape (n_bins, n_centres); fraction of each bin that lies on the axis, shape (n_bins,).
    """
    own = bin_edges(centres)
    clipped = np.clip(edges, own[0], own[-1])
    widths = np.diff(clipped)
    some = widths > 0
    divisor = np.where(some, widths, 1.0)[:, None]
    means = linear_integrals(centres, np.eye(len(centres)), clipped).T / divisor
    shares = np.diff(np.clip(clipped[:, None], own[:-1], own[1:]), axis=0) / divisor
    return means, shares, widths / np.diff(edges)


def _average_over_q(measured: MeasuredMap) -> MeasuredSpectrum:
    """Return the average of a map over |q|, at the energies that have any measured bin."""
    some = np.isfinite(measured.intensity)
    there = np.flatnonzero(some.any(axis=0))
    if not len(there):
        raise InvalidComparison.at("dataset_id", Notice("no_measured_bins"))
    mean = np.where(some, measured.intensity, 0.0).sum(axis=0)[there] / some.sum(axis=0)[there]
    low, high = measured.energy[there], measured.energy[there + 1]
    return MeasuredSpectrum(centres(measured.energy)[there], mean, None, low, high)


def _range(
    spectrum: MeasuredSpectrum,
    forecast: Map,
    asked: tuple[float, float] | None,
    resolution_mev: float | None,
    notices: list[Notice],
) -> tuple[float, float]:
    """Return the range of energies to fit: that of the spectra that are the averages of the maps over |q|."""
    if asked is None:
        seen = np.where(forecast.inside, forecast.intensity, 0.0).sum(axis=0)
        return default_range(spectrum, forecast.energy, seen, resolution_mev=resolution_mev)
    half = (forecast.energy[-1] - forecast.energy[0]) / (len(forecast.energy) - 1) / 2
    return chosen_range(spectrum, (forecast.energy[0] - half, forecast.energy[-1] + half), asked, notices)


def _fill_error(measured: MeasuredMap, notices: list[Notice]) -> NDArray[np.float64] | None:
    """Return the errors of all measured bins, unknown ones from the nearest bin; None if most are unknown.

    Unknown errors are mostly those of bins without a count: leaving out only these would raise scale and background.
    """
    if measured.error is None:
        return None
    some = np.isfinite(measured.intensity)
    known = some & (measured.error > 0)
    n_missing = int(np.sum(some & ~known))
    error = raise_tiny_errors(measured.error, known, notices)
    if not n_missing:
        return error
    missing = {"n_unknown": n_missing, "n_bins": int(some.sum())}
    if n_missing > some.sum() / 2:
        notices.append(Notice("errors_ignored", missing))
        return None
    notices.append(Notice("errors_of_nearest_bins", missing))
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(error[tuple(nearest)])


@dataclass(frozen=True)
class _Solution:
    """Scale and background with their standard errors; `excess` is √χ²ᵣ."""

    scale: float
    background: float
    standard_errors: Mapping[str, float]
    correlation: float | None
    excess: float


def _solve(
    y: NDArray[np.float64], m: NDArray[np.float64], error: NDArray[np.float64] | None, *, scaled: bool, raised: bool
) -> _Solution:
    """Fit y = scale · m + background by least squares, shape (n,); an unfitted scale is 1, an unfitted background 0."""
    free = np.array([scaled, raised])
    n_free = int(free.sum())
    if len(y) <= n_free:
        counts = {"n_bins": len(y), "n_parameters": n_free}
        raise InvalidComparison.at("fit.range_mev", Notice("too_few_bins_to_fit", counts))
    if scaled and not m.any():
        raise InvalidComparison.at("fit.range_mev", Notice("forecast_zero_in_range"))
    weight = np.ones_like(y) if error is None else 1 / error
    columns = np.stack([m, np.ones_like(m)], axis=1)[:, free] * weight[:, None]
    values = np.array([1.0, 0.0])
    # The QR decomposition reduces millions of bins to two rows
    basis, triangle = np.linalg.qr(columns)
    values[free] = np.linalg.lstsq(triangle, basis.T @ ((y if scaled else y - m) * weight), rcond=None)[0]
    if values[0] < 0:
        values = np.array([0.0, np.average(y, weights=weight**2) if raised else 0.0])
    residual = (y - values[0] * m - values[1]) * weight
    excess = float(np.sqrt(residual @ residual / (len(y) - n_free)))
    height, of_forecast = float(np.sqrt(np.mean(y**2))), float(np.sqrt(np.mean(m**2)))
    units = np.array([height / (of_forecast or 1.0), height])[free]
    covariances = covariance(triangle, units, float(np.linalg.norm(y * weight)))
    if values[0] == 0:
        covariances[0, :] = covariances[:, 0] = np.nan
    # Without errors, or with too small errors, the residuals determine the standard errors
    widened = excess if error is None else max(excess, 1.0)
    deviations = widened * np.sqrt(np.diag(covariances))
    names = np.array(["scale", "background"])[free]
    return _Solution(
        scale=float(values[0]),
        background=float(values[1]),
        standard_errors={str(name): float(one) for name, one in zip(names, deviations, strict=True)},
        correlation=float(correlations(covariances)[0, 1]) if n_free == 2 else None,
        excess=excess,
    )
