"""From intensities over angles or |q| as a file has them to a map of S(|q|, ω); whatever is done is told."""

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
)
from backend.datasets.formats.reading import MAX_DETECTED, MAX_POINTS, RawMap, XUnit
from backend.kit.files.unreadable import Unreadable
from scattering.measured.data import MeasuredMap
from scattering.measured.rebinning import CannotRebin, rebin_angles
from scattering.measured.units import FixedEnergyMissing, energy_from

MASK = 1e28
"""Nothing is counted that is as large: programs mark masked pixels with ±1e30 and the like."""
MIN_VALUES = 3
NOWHERE = -1
"""The column of the file that a bin within a gap comes from."""


def clean_map(
    raw: RawMap,
    x_unit: XUnit,
    *,
    fixed_energy_mev: float | None = None,
    geometry: Literal["direct", "indirect"] | None = None,
) -> tuple[MeasuredMap, list[str]]:
    """A measured map over (|q|, ω) and, in a sentence each, what was done to come there.

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
    told: list[str] = []
    y, error = _values(raw, told)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        axis = energy_from(raw.x, x_unit, fixed_energy_mev=fixed_energy_mev, geometry=geometry)
    energy, columns = _edges(axis, y.shape[1], "energies", told)
    if max(abs(energy[0]), abs(energy[-1])) > MAX_ENERGY_MEV:
        raise Unreadable(
            f"Energies reach {max(abs(energy[0]), abs(energy[-1])):.4g} meV, which no neutron spectrometer measures: "
            "the unit is probably another."
        )
    y, error = _taken(y, columns, 1), None if error is None else _taken(error, columns, 1)
    if raw.kind == "angle":
        measured = _from_angles(raw, y, error, energy, fixed_energy_mev, geometry, told)
    else:
        q, rows = _edges(raw.across, len(y), "|q|", told)
        if q[-1] <= 0 or (q[1] <= 0 and q[0] < -1e-6):
            raise Unreadable("Some |q| are below 0.")
        q[0] = max(q[0], 0.0)
        measured = MeasuredMap(q, energy, _taken(y, rows, 0), None if error is None else _taken(error, rows, 0))
    return _trimmed(measured, told), told


def _check_shapes(raw: RawMap) -> None:
    most = MAX_DETECTED if raw.kind == "angle" else MAX_POINTS
    if raw.y.ndim != 2 or raw.y.size > most:
        raise Unreadable(f"The map must have two axes and at most {most:,} values.")
    n, n_x = raw.y.shape
    across = {(n,)} if raw.kind == "angle" else {(n,), (n + 1,)}
    if raw.across.shape not in across or raw.x.shape not in {(n_x,), (n_x + 1,)}:
        raise Unreadable(f"{raw.across.size} and {raw.x.size} positions do not go with {n} × {n_x} intensities.")
    if raw.error is not None and raw.error.shape != raw.y.shape:
        raise Unreadable("The errors do not go with the intensities in number.")
    if raw.width is not None and raw.width.shape != (n,):
        raise Unreadable(f"{raw.width.size} widths do not go with {n} detectors.")


def _values(raw: RawMap, told: list[str]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Intensities and errors, NaN where there is none; errors None where none is known."""
    masked = np.isfinite(raw.y) & (np.abs(raw.y) > MASK)
    if count := int(masked.sum()):
        told.append(f"{count} masked value{'s' if count > 1 else ''} left out.")
    infinite = int(np.isinf(raw.y).sum())
    if infinite:
        told.append(f"{infinite} infinite value{'s' if infinite > 1 else ''} left out.")
    good = np.isfinite(raw.y) & ~masked
    if int(good.sum()) < MIN_VALUES:
        raise Unreadable("The map holds no intensities: all are masked or no numbers.")
    y = np.where(good, raw.y, np.nan)
    largest = largest_intensity(y)
    if raw.error is None:
        return y, None
    if not (raw.error[good] > 0).any():
        told.append("The errors are all 0 or missing: the data are taken to have none.")
        return y, None
    wrong = good & ~(np.isfinite(raw.error) & (raw.error >= 0))
    zero = good & (raw.error == 0)
    if wrong.any():
        told.append(f"{_errors(int(wrong.sum()), 'negative, missing or infinite')} as not known.")
    by_size = good & ~wrong & ~zero & ((raw.error <= SMALLEST_ERROR * largest) | (raw.error > LARGEST_INTENSITY))
    if by_size.any():
        told.append(f"{_errors(int(by_size.sum()), 'next to 0 or far too large')} as not known.")
        wrong |= by_size
    if raw.kind == "angle":
        # A pixel without a count has an error of 0, which says nothing of its neighbours that share a bin.
        return y, np.where(good & ~wrong, raw.error, np.nan)
    if zero.any():
        told.append(f"{_errors(int(zero.sum()), '0')} as not known.")
    return y, np.where(good & ~wrong & ~zero, raw.error, np.nan)


def _errors(count: int, what: str) -> str:
    return f"1 error is {what} and counts" if count == 1 else f"{count} errors are {what} and count"


def _edges(
    axis: NDArray[np.float64], n: int, what: str, told: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Ascending edges of an axis, and of each bin between them the place in the file, or `NOWHERE`."""
    place = np.arange(n)
    if len(axis) == n + 1:
        if not np.isfinite(axis).all():
            raise Unreadable(f"The edges of the {what} are not all numbers.")
        if axis[0] > axis[-1]:
            axis, place = axis[::-1], place[::-1]
        if not (np.diff(axis) > 0).all():
            raise Unreadable(f"The edges of the {what} neither ascend nor descend.")
        return axis.copy(), place
    known = np.isfinite(axis)
    if not known.all():
        told.append(f"{int((~known).sum())} of the {what} are no numbers and are left out.")
    place = place[known][np.argsort(axis[known], kind="stable")]
    if len(place) < 2:
        raise Unreadable(f"The {what} are fewer than two: this is no map.")
    steps = np.diff(axis[known])
    if (steps < 0).any() and (steps > 0).any():
        told.append(f"The {what} were in no order and have been sorted.")
    points = axis[place]
    if not (np.diff(points) > 0).all():
        raise Unreadable(f"Some of the {what} stand there more than once.")
    low, high = edges_between(points)
    gap = np.flatnonzero(low[1:] > high[:-1]) + 1
    if len(gap):
        told.append(f"{len(gap)} gap{'s' if len(gap) > 1 else ''} in the {what} left open.")
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
    told: list[str],
) -> MeasuredMap:
    if geometry is None or fixed_energy is None or not 0 < fixed_energy < np.inf:
        raise FixedEnergyMissing(
            "Angles become |q| with the spectrometer's geometry and its fixed energy (E_f of an indirect, E_i of a "
            "direct geometry spectrometer) in meV."
        )
    if fixed_energy > MAX_ENERGY_MEV:
        raise Unreadable(f"A fixed energy of {fixed_energy:.4g} meV is not one of a neutron spectrometer.")
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
        raise Unreadable(str(cannot)) from cannot
    counting = int(np.isfinite(y).any(axis=1).sum())
    told.append(
        f"{counting} detectors were averaged over the azimuth and brought to {len(measured.q) - 1} bins of |q|, "
        f"{measured.q[1] - measured.q[0]:.3g} Å⁻¹ wide, with {'E_i' if geometry == 'direct' else 'E_f'} = "
        f"{fixed_energy:.5g} meV."
    )
    if raw.width is None:
        told.append("The detectors' widths are not known: each was taken to reach to its neighbours.")
    return measured


def _trimmed(measured: MeasuredMap, told: list[str]) -> MeasuredMap:
    """Without the borders that hold no value; bins within stay, as NaN."""
    there = np.isfinite(measured.intensity)
    if int(there.sum()) < MIN_VALUES:
        raise Unreadable("Nothing of the map is left.")
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if columns[0] == columns[-1]:
        raise Unreadable("Only one bin of energy holds values: this is no map.")
    row, column = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    n_rows, n_columns = there.shape[0] - (row.stop - row.start), there.shape[1] - (column.stop - column.start)
    for count, what in ((n_rows, "|q|"), (n_columns, "energy")):
        if count:
            told.append(f"{count} bin{'s' if count > 1 else ''} of {what} at the borders without a value cut off.")
    intensity = measured.intensity[row, column]
    error = None if measured.error is None else np.where(np.isfinite(intensity), measured.error[row, column], np.nan)
    return MeasuredMap(
        q=measured.q[row.start : row.stop + 1],
        energy=measured.energy[column.start : column.stop + 1],
        intensity=intensity,
        error=error if error is not None and np.isfinite(error).any() else None,
    )
