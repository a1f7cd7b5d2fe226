"""Roles of the columns of a table: which are energies, which are intensities over them, and which are errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats import column_names as named
from backend.datasets.formats import units
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

MIN_PAIRS = 2
MIN_OVERLAP = 0.5
"""Common part of the smaller of two ranges of energies that look like those of two curves."""
MIN_GRID = 3
"""Rows and columns of a list of points that make it one of a map."""


@dataclass(frozen=True)
class Curve:
    """Columns of one curve: energies, intensities, and their errors."""

    x: int
    y: int
    error: int | None


def curves_of(values: NDArray[np.float64], names: Sequence[str], notices: list[Notice]) -> list[Curve]:
    """Return the curves of a table; notices say what is left out or assumed.

    Parameters
    ----------
    values
        Shape (rows, columns).
    names
        Of the columns; empty without names.

    Raises
    ------
    Unreadable
        The table has no names, and its columns may be more than one thing.
    """
    if not names:
        _refuse_ambiguous(values)
        return list(_unnamed(values, notices))
    if pairs := _pairs(names):
        curves = [curve for start, end in pairs for curve in _curves_over(start, range(start + 1, end), names, notices)]
        if len({curve.x for curve in curves}) == len(pairs):
            return curves
        notices.clear()
    x = _x_column(names, notices)
    return list(_curves_over(x, range(x + 1, len(names)), names, notices))


def _pairs(names: Sequence[str]) -> list[tuple[int, int]]:
    """First and last column of each curve with energies of its own: X, Y, X, Y; empty of other tables."""
    axes = [column for column, name in enumerate(names) if named.is_axis(name) and named.are_same_axis(names[0], name)]
    ends = [*axes[1:], len(names)]
    if len(axes) < MIN_PAIRS or axes[0] != 0 or any(end - start < 2 for start, end in zip(axes, ends, strict=True)):
        return []
    return list(zip(axes, ends, strict=True))


def _x_column(names: Sequence[str], notices: list[Notice]) -> int:
    """Return the index of the column of energies."""
    if not names or not (named.is_index(names[0]) or named.across(names[0])):
        return 0
    later = next((column for column, name in enumerate(names) if column and units.is_axis(name)), None)
    if later is None:
        return 0
    notices.append(Notice("axis_column", {"column": names[later], "ignored": names[0]}))
    return later


def _curves_over(x: int, columns: range, names: Sequence[str], notices: list[Notice]) -> Iterator[Curve]:
    """Columns of intensities among some columns, each with that of its errors."""
    bare = [named.without_error(name) for name in names]
    errors: dict[int, int] = {}
    intensities: list[int] = []
    for column in columns:
        name = names[column]
        if named.is_energy_error(name):
            notices.append(Notice("energy_errors_ignored", {"column": name}))
        elif named.is_error(name):
            owner = _owner(bare[column], bare, intensities, errors)
            if owner is None:
                notices.append(Notice("error_column_ignored", {"column": name}))
            else:
                errors[owner] = column
        elif units.unit_of(name).unit and units.is_axis(name):
            notices.append(Notice("second_axis_ignored", {"column": name}))
        else:
            intensities.append(column)
    for owner, column in errors.items():
        by_place = bare[column] != bare[owner]
        if by_place and any(other < owner and other not in errors for other in intensities):
            notices.append(Notice("error_column_assumed", {"column": names[column], "intensity": names[owner]}))
    yield from (Curve(x, column, errors.get(column)) for column in intensities)


def _owner(name: str, bare: Sequence[str], intensities: Sequence[int], taken: dict[int, int]) -> int | None:
    """Whose errors a column are: of the column with the same name but for “error”, or else of the one before it."""
    for column in intensities:
        if name and bare[column] == name and column not in taken:
            return column
    last = intensities[-1] if intensities else None
    return None if last is None or last in taken else last


def _unnamed(values: NDArray[np.float64], notices: list[Notice]) -> Iterator[Curve]:
    width = values.shape[1]
    if width == 3 and not (values[:, 2] < 0).any():
        notices.append(Notice("unnamed_columns_with_error"))
        yield Curve(0, 1, 2)
        return
    if width > 2:
        notices.append(Notice("third_column_negative") if width == 3 else Notice("unnamed_columns"))
    yield from (Curve(0, column, None) for column in range(1, width))


def _refuse_ambiguous(values: NDArray[np.float64]) -> None:
    """Refuse columns without names that look like X, Y, X, Y, or like a list of the points of a map."""
    rows, width = values.shape
    if width >= 2 * MIN_PAIRS and width % 2 == 0:
        monotonic = [_is_monotonic(values[:, column]) for column in range(width)]
        alike = all(_cover_alike(values[:, 0], values[:, column]) for column in range(2, width, 2))
        if alike and all(monotonic[0::2]) and not any(monotonic[1::2]):
            raise Unreadable(Notice("unnamed_pairs", {"n_curves": width // 2}))
    if width >= 3 and rows >= MIN_GRID**2 and np.isfinite(values[:, :2]).all():
        sizes = [len(np.unique(values[:, column])) for column in (0, 1)]
        if min(sizes) >= MIN_GRID and sizes[0] * sizes[1] == rows == len(np.unique(values[:, :2], axis=0)):
            raise Unreadable(Notice("unnamed_list", {"n_points": sizes}))


def _is_monotonic(column: NDArray[np.float64]) -> bool:
    steps = np.diff(column[np.isfinite(column)])
    return bool(steps.size and ((steps > 0).all() or (steps < 0).all()))


def _cover_alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two columns run in the same direction over much the same values, as the energies of two curves do."""
    first, second = one[np.isfinite(one)], other[np.isfinite(other)]
    if len(first) < 2 or len(second) < 2 or (first[-1] - first[0]) * (second[-1] - second[0]) <= 0:
        return False
    overlap = min(first.max(), second.max()) - max(first.min(), second.min())
    return bool(overlap >= MIN_OVERLAP * min(np.ptp(first), np.ptp(second)))
