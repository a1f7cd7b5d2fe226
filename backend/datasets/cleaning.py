"""Cleaning of spectra: from the columns of a file to comparable data, with notices about each change."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.reading import MAX_POINTS, RawSpectrum, XUnit
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice
from scattering.measured.data import MeasuredSpectrum
from scattering.measured.units import energy_from

MAX_ENERGY_MEV = 5000.0
"""No thermal or epithermal spectrometer reaches further."""
UNUSUAL_ENERGY_MEV = 1000.0
"""Beyond it a wrong unit is likelier than the measurement: O–H stretches lie below 500 meV."""
GAP = 5.0
"""A spacing this many times that of its neighbours is a gap in the data."""
MIN_POINTS = 3
SMALLEST_INTENSITY, LARGEST_INTENSITY = 1e-35, 1e35
"""Limits of the largest intensity of a spectrum, so that 32-bit numbers can hold it, and 64-bit numbers its square."""
SMALLEST_ERROR = 1e-12
"""Smallest error, as a fraction of the largest intensity. Smaller errors are rounding, and would dominate every fit."""


def clean_spectrum(
    raw: RawSpectrum,
    x_unit: XUnit,
    *,
    fixed_energy_mev: float | None = None,
    geometry: Literal["direct", "indirect"] | None = None,
) -> tuple[MeasuredSpectrum, list[Notice]]:
    """A measured spectrum in meV and notices of what was done to come there.

    Points and bins that are not finite are dropped and leave a gap. Errors that are not positive, or no errors by their
    size, are not known. Points in no order are sorted, those at one energy averaged, by their weights where all have
    errors. Edges of bins stand half-way between points, but do not reach over gaps.

    Parameters
    ----------
    raw
        As read.
    x_unit
        Of `raw.x`, as recognised or as the user says.
    fixed_energy_mev, geometry
        Of the spectrometer, for an axis of wavelengths.

    Raises
    ------
    Unreadable
        Fewer than three points are left, or energies or intensities cannot be right.
    scattering.measured.units.FixedEnergyMissing
        The axis are wavelengths, without what turns them into energies.
    """
    n = len(raw.y)
    if raw.y.ndim != 1 or n > MAX_POINTS or raw.x.shape not in {(n,), (n + 1,)}:
        raise Unreadable(Notice("numbers_differ", {"axis": "energy", "n_values": len(raw.x), "n_intensities": n}))
    if raw.error is not None and raw.error.shape != (n,):
        raise Unreadable(Notice("numbers_differ", {"axis": "error", "n_values": len(raw.error), "n_intensities": n}))
    notices: list[Notice] = []
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        axis = energy_from(raw.x, x_unit, fixed_energy_mev=fixed_energy_mev, geometry=geometry)
    _check_range(axis, raw.x, x_unit, notices)
    largest = largest_intensity(raw.y)
    error = _known_errors(raw, SMALLEST_ERROR * largest, notices)
    edges = len(axis) == n + 1
    spectrum = _of_bins(axis, raw.y, error, notices) if edges else _of_points(axis, raw.y, error, notices)
    if not spectrum.intensity.any():
        notices.append(Notice("all_intensities_zero"))
    return spectrum, notices


def _check_range(axis: NDArray[np.float64], x: NDArray[np.float64], unit: str, notices: list[Notice]) -> None:
    finite = np.isfinite(axis)
    if not finite.any():
        return
    largest = float(np.abs(axis[finite]).max())
    if largest > MAX_ENERGY_MEV:
        raise Unreadable(Notice("energies_impossible", {"largest_mev": largest, "unit": unit, **_ends(x[finite])}))
    if largest > UNUSUAL_ENERGY_MEV:
        notices.append(Notice("energies_unusually_high", {"largest_mev": largest, "unit": unit, **_ends(x)}))
    elif largest < 1e-3:
        notices.append(Notice("energies_unusually_low", {"largest_mev": largest, "unit": unit, **_ends(x)}))


def _ends(x: NDArray[np.float64]) -> dict[str, float]:
    finite = x[np.isfinite(x)]
    return {"start": float(finite.min(initial=np.inf)), "end": float(finite.max())} if finite.size else {}


def largest_intensity(y: NDArray[np.float64]) -> float:
    """The largest |intensity|; 0 where there is none but zeros.

    Raises
    ------
    Unreadable
        Its square, or a picture's 32-bit numbers, would not hold it.
    """
    largest = float(np.abs(y[np.isfinite(y)]).max(initial=0.0))
    if largest and not SMALLEST_INTENSITY <= largest <= LARGEST_INTENSITY:
        raise Unreadable(Notice("intensity_impossible", {"largest": largest}))
    return largest


def _known_errors(raw: RawSpectrum, smallest: float, notices: list[Notice]) -> NDArray[np.float64] | None:
    """Errors, NaN where not known; None where none is."""
    if raw.error is None:
        return None
    known = np.isfinite(raw.error) & (raw.error > smallest) & (raw.error <= LARGEST_INTENSITY)
    finite_rows = np.isfinite(raw.y)
    if not (known & finite_rows).any():
        notices.append(Notice("no_usable_errors"))
        return None
    tell_unknown_errors(raw.error, finite_rows, smallest, notices)
    return np.where(known, raw.error, np.nan)


def tell_unknown_errors(
    error: NDArray[np.float64], counted: NDArray[np.bool_], smallest: float, notices: list[Notice]
) -> None:
    """Add a notice of the errors that cannot be used, of whichever kind, among those that are counted."""
    kinds = {
        "zero": error == 0,
        "negative": error < 0,
        "close_to_zero": (error > 0) & (error <= smallest),
        "too_large": np.isfinite(error) & (error > LARGEST_INTENSITY),
        "missing": ~np.isfinite(error) & ~(error < 0),
    }
    counts = {kind: int((counted & those).sum()) for kind, those in kinds.items()}
    if any(counts.values()):
        notices.append(Notice("errors_unknown", {kind: count for kind, count in counts.items() if count}))


def _of_bins(
    edges: NDArray[np.float64], y: NDArray[np.float64], error: NDArray[np.float64] | None, notices: list[Notice]
) -> MeasuredSpectrum:
    finite_edges = edges[np.isfinite(edges)]
    if len(finite_edges) > 1 and finite_edges[0] > finite_edges[-1]:
        edges, y = edges[::-1], y[::-1]
        error = None if error is None else error[::-1]
        finite_edges = finite_edges[::-1]
    if not (np.diff(finite_edges) > 0).all():
        raise Unreadable(Notice("edges_not_monotonic", {"axis": "energy"}))
    good = np.isfinite(y) & np.isfinite(edges[:-1]) & np.isfinite(edges[1:])
    _tell_dropped(int((~good).sum()), notices)
    _enough(int(good.sum()))
    low, high = edges[:-1][good], edges[1:][good]
    return MeasuredSpectrum((low + high) / 2, y[good], None if error is None else _or_none(error[good]), low, high)


def _of_points(
    energy: NDArray[np.float64], y: NDArray[np.float64], error: NDArray[np.float64] | None, notices: list[Notice]
) -> MeasuredSpectrum:
    good = np.isfinite(energy) & np.isfinite(y)
    _tell_dropped(int((~good).sum()), notices)
    energy, y = energy[good], y[good]
    error = None if error is None else error[good]
    _enough(len(energy))
    steps = np.diff(energy)
    if (steps < 0).all():
        energy, y = energy[::-1], y[::-1]
        error = None if error is None else error[::-1]
    elif not (steps > 0).all():
        if (steps < 0).any() and (steps > 0).any():
            notices.append(Notice("axis_sorted", {"axis": "energy"}))
        order = np.argsort(energy, kind="stable")
        energy, y = energy[order], y[order]
        error = None if error is None else error[order]
        energy, y, error = _merged(energy, y, error, notices)
        _enough(len(energy))
    low, high = edges_between(energy)
    if gaps := int((low[1:] > high[:-1]).sum()):
        notices.append(Notice("gaps_left_open", {"axis": "energy", "n_gaps": gaps}))
    return MeasuredSpectrum(energy, y, None if error is None else _or_none(error), low, high)


def edges_between(energy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper edges of bins around points, half-way between them but for gaps.

    A spacing is a gap where it is more than `GAP` times the median of the four spacings about it: a step that changes
    once, as where bins are merged at high energies, opens none.

    Parameters
    ----------
    energy
        Shape (n,), ascending; n ≥ 2.

    Returns
    -------
    Shapes (n,) each.
    """
    spacing = np.diff(energy)
    around = np.full((len(spacing), 4), np.nan)
    for column, offset in enumerate((-2, -1, 1, 2)):
        from_, to = max(0, -offset), len(spacing) - max(0, offset)
        if to > from_:
            around[from_:to, column] = spacing[from_ + offset : to + offset]
    ordered = np.sort(around, axis=1)  # NaN last
    there = np.isfinite(ordered).sum(axis=1)
    rows = np.arange(len(spacing))
    local = np.where(
        there > 0,
        (ordered[rows, np.maximum((there - 1) // 2, 0)] + ordered[rows, np.maximum(there // 2, 0)]) / 2,
        spacing,
    )
    gap = spacing > GAP * local
    # A point beside a gap is as wide as on its other side; between two gaps, as points thereabouts.
    left, right = np.append(np.nan, np.where(gap, np.nan, spacing)), np.append(np.where(gap, np.nan, spacing), np.nan)
    nearby = np.minimum(np.append(np.inf, local), np.append(local, np.inf))
    below = np.where(np.isfinite(left), left, np.where(np.isfinite(right), right, nearby)) / 2
    above = np.where(np.isfinite(right), right, np.where(np.isfinite(left), left, nearby)) / 2
    # Where the steps are irregular even that may be further than half-way.
    below[1:] = np.minimum(below[1:], spacing / 2)
    above[:-1] = np.minimum(above[:-1], spacing / 2)
    low, high = energy - below, energy + above
    touching = ~gap
    middle = (energy[:-1] + energy[1:]) / 2
    low[1:][touching] = middle[touching]
    high[:-1][touching] = middle[touching]
    return low, high


def _merged(
    energy: NDArray[np.float64], y: NDArray[np.float64], error: NDArray[np.float64] | None, notices: list[Notice]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """One point at each energy: the mean weighted by 1/error² where all there have errors, else the plain mean."""
    # Printed twice, or converted with rounding; no spectrometer resolves a part in 10⁹.
    new = np.append(True, np.diff(energy) > 1e-9 * np.maximum(1e-3, np.abs(energy[1:])))
    if new.all():
        return energy, y, error
    group = np.cumsum(new) - 1
    count = np.bincount(group)
    repeated = {"n_energies": int((count > 1).sum()), "n_points": int(count[count > 1].sum())}
    notices.append(Notice("repeated_energies_averaged", repeated))
    plain = np.bincount(group, weights=y) / count
    energy = energy[new]
    if error is None:
        return energy, plain, None
    weight = 1 / error**2
    total = np.bincount(group, weights=weight)  # NaN where one has no error
    with np.errstate(invalid="ignore"):
        weighted = np.bincount(group, weights=weight * y) / total
    return energy, np.where(np.isfinite(total), weighted, plain), 1 / np.sqrt(total)


def _or_none(error: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return error if np.isfinite(error).any() else None


def _tell_dropped(count: int, notices: list[Notice]) -> None:
    if count:
        notices.append(Notice("values_not_finite", {"n_values": count}))


def _enough(count: int) -> None:
    if count < MIN_POINTS:
        raise Unreadable(Notice("too_few_usable_points", {"n_points": count, "min_points": MIN_POINTS}))
