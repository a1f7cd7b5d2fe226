"""Cleaning of maps: from intensities over angles or |q| in a file to S(|q|, ω), with notices about each change."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.datasets.cleaning import (
    LARGEST_INTENSITY,
    MAX_ENERGY_MEV,
    SMALLEST_ERROR,
    edges_between,
    largest_intensity,
    tell_unknown_errors,
)
from backend.datasets.formats.reading import MAX_DETECTED, MAX_POINTS, RawMap, XUnit
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredMap
from scattering.measured.rebinning import CannotRebin, rebin_angles
from scattering.measured.units import FixedEnergyMissing, energy_from

MASK = 1e28
"""Smallest intensity that is read as a mask: programs mark masked pixels with ±1e30 or similar."""
MIN_VALUES = 3
NOWHERE = -1
"""Index of the column in the file for a bin in a gap, which has no column."""


def clean_map(
    raw: RawMap,
    x_unit: XUnit,
    *,
    fixed_energy_mev: float | None = None,
    geometry: Literal["direct", "indirect"] | None = None,
) -> tuple[MeasuredMap, list[Notice]]:
    """A measured map over (|q|, ω) and notices of what was done to come there.

    Values that are masked or no numbers, and errors that are not positive, are NaN. Axes of points get edges half-way
    between them; where a step is far wider than its neighbours stands a bin without values. Rows and columns at the
    borders without a value are cut off. Detectors at angles are averaged over the azimuth and brought to |q| by
    `scattering.measured.rebinning`.

    Parameters
    ----------
    raw
        As read.
    x_unit
        Of `raw.x`, as recognised or as the user says.
    fixed_energy_mev, geometry
        Of the spectrometer: for angles, or an axis of wavelengths. A geometry that is None is that of the file.

    Raises
    ------
    Unreadable
        Nothing is left, or axes and values cannot belong together.
    scattering.measured.units.FixedEnergyMissing
        Angles or wavelengths, without what turns them into |q| or energies.
    """
    _check_shapes(raw)
    geometry = geometry or raw.geometry
    notices: list[Notice] = []
    y, error = _values(raw, notices)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        axis = energy_from(raw.x, x_unit, fixed_energy_mev=fixed_energy_mev, geometry=geometry)
    energy, columns = _edges(axis, y.shape[1], "energy", notices)
    if max(abs(energy[0]), abs(energy[-1])) > MAX_ENERGY_MEV:
        raise Unreadable(Notice("energies_impossible", {"largest_mev": float(max(abs(energy[0]), abs(energy[-1])))}))
    y, error = _taken(y, columns, 1), None if error is None else _taken(error, columns, 1)
    if raw.kind == "angle":
        measured = _from_angles(raw, y, error, energy, fixed_energy_mev, geometry, notices)
    else:
        q, rows = _edges(raw.across, len(y), "q", notices)
        if q[-1] <= 0 or (q[1] <= 0 and q[0] < -1e-6):
            raise Unreadable(Notice("negative_q"))
        q[0] = max(q[0], 0.0)
        measured = MeasuredMap(q, energy, _taken(y, rows, 0), None if error is None else _taken(error, rows, 0))
    return _trimmed(measured, notices), notices


def _check_shapes(raw: RawMap) -> None:
    most = MAX_DETECTED if raw.kind == "angle" else MAX_POINTS
    if raw.y.ndim != 2 or raw.y.size > most:
        raise Unreadable(Notice("map_shape", {"max_values": most}))
    n, n_x = raw.y.shape
    across = {(n,)} if raw.kind == "angle" else {(n,), (n + 1,)}
    if raw.across.shape not in across or raw.x.shape not in {(n_x,), (n_x + 1,)}:
        raise Unreadable(Notice("axes_do_not_fit", {"axes": [raw.across.size, raw.x.size], "intensities": [n, n_x]}))
    if raw.error is not None and raw.error.shape != raw.y.shape:
        raise Unreadable(Notice("sizes_differ", {"arrays": ["errors", "intensities"]}))
    if raw.width is not None and raw.width.shape != (n,):
        raise Unreadable(Notice("sizes_differ", {"arrays": ["widths", "detectors"], "sizes": [raw.width.size, n]}))


def _values(raw: RawMap, notices: list[Notice]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Intensities and errors, NaN where there is none; errors None where none is known."""
    masked = np.isfinite(raw.y) & (np.abs(raw.y) > MASK)
    if count := int(masked.sum()):
        notices.append(Notice("values_masked", {"n_values": count}))
    infinite = int(np.isinf(raw.y).sum())
    if infinite:
        notices.append(Notice("values_not_finite", {"n_values": infinite}))
    good = np.isfinite(raw.y) & ~masked
    if int(good.sum()) < MIN_VALUES:
        raise Unreadable(Notice("map_without_intensities"))
    y = np.where(good, raw.y, np.nan)
    largest = largest_intensity(y)
    if raw.error is None:
        return y, None
    if not (raw.error[good] > 0).any():
        notices.append(Notice("no_usable_errors"))
        return y, None
    wrong = good & ~(np.isfinite(raw.error) & (raw.error >= 0))
    zero = good & (raw.error == 0)
    smallest = SMALLEST_ERROR * largest
    wrong |= good & ~zero & ((raw.error <= smallest) | (raw.error > LARGEST_INTENSITY))
    if raw.kind == "q":
        wrong |= zero
    # A pixel without a count has an error of 0, which says nothing of its neighbours that share a bin of |q|
    tell_unknown_errors(raw.error, wrong, smallest, notices)
    return y, np.where(good & ~wrong, raw.error, np.nan)


def _edges(
    axis: NDArray[np.float64], n: int, name: Literal["energy", "q"], notices: list[Notice]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Ascending edges of an axis, and of each bin between them the place in the file, or `NOWHERE`."""
    place = np.arange(n)
    if len(axis) == n + 1:
        if not np.isfinite(axis).all():
            raise Unreadable(Notice("edges_not_finite", {"axis": name}))
        if axis[0] > axis[-1]:
            axis, place = axis[::-1], place[::-1]
        if not (np.diff(axis) > 0).all():
            raise Unreadable(Notice("edges_not_monotonic", {"axis": name}))
        return axis.copy(), place
    known = np.isfinite(axis)
    if not known.all():
        notices.append(Notice("axis_values_not_finite", {"axis": name, "n_values": int((~known).sum())}))
    place = place[known][np.argsort(axis[known], kind="stable")]
    if len(place) < 2:
        raise Unreadable(Notice("single_bin", {"axis": name}))
    steps = np.diff(axis[known])
    if (steps < 0).any() and (steps > 0).any():
        notices.append(Notice("axis_sorted", {"axis": name}))
    points = axis[place]
    if not (np.diff(points) > 0).all():
        raise Unreadable(Notice("repeated_axis_values", {"axis": name}))
    low, high = edges_between(points)
    gap = np.flatnonzero(low[1:] > high[:-1]) + 1
    if len(gap):
        notices.append(Notice("gaps_left_open", {"axis": name, "n_gaps": len(gap)}))
    edges = np.append(np.insert(low, gap, high[gap - 1]), high[-1])
    return edges, np.insert(place, gap, NOWHERE)


def _taken(values: NDArray[np.float64], place: NDArray[np.intp], axis: int) -> NDArray[np.float64]:
    """Rows or columns in a new order, NaN where they come from nowhere."""
    taken = np.take(values, np.maximum(place, 0), axis=axis)
    missing = place == NOWHERE
    return np.where(missing if axis else missing[:, None], np.nan, taken)


def _from_angles(
    raw: RawMap,
    y: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    energy: NDArray[np.float64],
    fixed_energy: float | None,
    geometry: Literal["direct", "indirect"] | None,
    notices: list[Notice],
) -> MeasuredMap:
    if geometry is None or fixed_energy is None or not 0 < fixed_energy < np.inf:
        raise FixedEnergyMissing(
            "Angles become |q| with the spectrometer's geometry and its fixed energy (E_f of an indirect, E_i of a "
            "direct geometry spectrometer) in meV."
        )
    if fixed_energy > MAX_ENERGY_MEV:
        raise Unreadable(Notice("fixed_energy_impossible", {"fixed_energy_mev": float(fixed_energy)}))
    try:
        measured = rebin_angles(
            two_theta=raw.across,
            width=raw.width,
            energy=energy,
            intensity=y,
            error=error,
            geometry=geometry,
            fixed_energy=fixed_energy,
        )
    except CannotRebin as cannot:
        raise Unreadable(cannot.notice) from cannot
    counting = int(np.isfinite(y).any(axis=1).sum())
    bins = {"n_bins": len(measured.q) - 1, "bin_inv_angstrom": float(measured.q[1] - measured.q[0])}
    spectrometer = {"geometry": geometry, "fixed_energy_mev": float(fixed_energy)}
    notices.append(Notice("detectors_rebinned", {"n_detectors": counting, **bins, **spectrometer}))
    if raw.width is None:
        notices.append(Notice("detector_widths_unknown"))
    return measured


def _trimmed(measured: MeasuredMap, notices: list[Notice]) -> MeasuredMap:
    """Without the borders that hold no value; bins within stay, as NaN."""
    there = np.isfinite(measured.intensity)
    if int(there.sum()) < MIN_VALUES:
        raise Unreadable(Notice("map_without_intensities"))
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if columns[0] == columns[-1]:
        raise Unreadable(Notice("single_bin", {"axis": "energy"}))
    row, column = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    n_rows, n_columns = there.shape[0] - (row.stop - row.start), there.shape[1] - (column.stop - column.start)
    for count, axis in ((n_rows, "q"), (n_columns, "energy")):
        if count:
            notices.append(Notice("empty_borders_cut", {"axis": axis, "n_bins": count}))
    intensity = measured.intensity[row, column]
    error = None if measured.error is None else np.where(np.isfinite(intensity), measured.error[row, column], np.nan)
    return MeasuredMap(
        q=measured.q[row.start : row.stop + 1],
        energy=measured.energy[column.start : column.stop + 1],
        intensity=intensity,
        error=error if error is not None and np.isfinite(error).any() else None,
    )
