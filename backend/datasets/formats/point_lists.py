"""Maps written as text: a list of |q|, energy and intensity, or a spectrum for each |q|, one below another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats import column_names as named
from backend.datasets.formats import units
from backend.datasets.formats.reading import MAX_POINTS, RawMap, RawSpectrum
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

SAME = 1e-6
"""Relative difference below which two printed values are the same."""
MIN_SPECTRUM = 2
"""Points of a spectrum along a trajectory."""
MIN_FILLED = 0.2
"""Smallest fraction of a grid that a list fills: a list of detectors' points fills far less."""
_Q_IN_WORDS = re.compile(
    r"(?:^|[\s,;])(\|?q\|?\s*(?:[(\[][^)\]]{1,20}[)\]])?)\s*[=:]\s*(\d*\.?\d+(?:e[+-]?\d+)?)\s*([^\s,;]{0,12}(?:\s*-\s*1)?)"
)


@dataclass(frozen=True)
class ListColumns:
    """Columns of a list of points; `factor` comes to Å⁻¹ or degrees."""

    kind: Literal["q", "angle"]
    across: int
    x: int
    factor: float


def list_columns(names: Sequence[str]) -> ListColumns | None:
    """Return the columns of |q| or of angles and of energies, if a table has one of each."""
    over = [(column, found) for column, name in enumerate(names) if (found := named.across(name))]
    axes = [column for column, name in enumerate(names) if units.is_axis(name) and not named.across(name)]
    if len(over) != 1 or len(axes) != 1:
        return None
    ((column, (kind, factor)),) = over
    return ListColumns(kind, column, axes[0], factor)


def on_grid(
    across: NDArray[np.float64], x: NDArray[np.float64], *columns: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.float64]]] | None:
    """Return the axes of a list of points and each column on their grid, NaN where no point is.

    None: all points have the same |q|, or each has an energy of its own, as those of an indirect spectrometer.

    Parameters
    ----------
    across, x, columns
        Shape (n,) each.

    Returns
    -------
    Shapes (n_q,), (n_x,), and (n_q, n_x) for each column.

    Raises
    ------
    Unreadable
        The points form no grid, or a point is there twice.
    """
    there = np.isfinite(across) & np.isfinite(x)
    rows, row = _distinct(across[there])
    energies, column = _distinct(x[there])
    if len(rows) < 2 or len(energies) == int(there.sum()) > MIN_SPECTRUM:
        return None
    size = len(rows) * len(energies)
    if len(energies) < 2 or int(there.sum()) < MIN_FILLED * size:
        raise Unreadable(Notice("list_without_grid", {"n_across": len(rows), "n_energies": len(energies)}))
    if size > MAX_POINTS:
        raise Unreadable(Notice("too_many_map_bins", {"n_bins": size, "max_bins": MAX_POINTS}))
    place = row * len(energies) + column
    if len(np.unique(place)) < len(place):
        raise Unreadable(Notice("list_repeats_points"))
    grids = []
    for values in columns:
        grid = np.full(size, np.nan)
        grid[place] = values[there]
        grids.append(grid.reshape(len(rows), len(energies)))
    return rows, energies, grids


def _distinct(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the different values in ascending order, and the place of each value among them."""
    order = np.argsort(values, kind="stable")
    ascending = values[order]
    scale = SAME * max(float(np.abs(ascending).max(initial=0.0)), 1e-30)
    new = np.append(True, np.diff(ascending) > scale)[: len(values)]
    place = np.empty(len(values), dtype=np.intp)
    place[order] = np.cumsum(new) - 1
    return ascending[new], place


def q_in_words(words: str) -> float | None:
    """Return |q| in Å⁻¹ that a heading states (“Q = 0.5 Å⁻¹”); None without one, or in another unit."""
    match = _Q_IN_WORDS.search(units.plain(words))
    if match is None:
        return None
    found = named.across(f"{match[1]} ({match[3]})" if match[3] else match[1])
    return float(match[2]) * found[1] if found and found[0] == "q" else None


def map_of_spectra(
    spectra: Sequence[RawSpectrum], across: Sequence[float], kind: Literal["q", "angle"], *notices: Notice
) -> RawMap | None:
    """Return the map of spectra at ascending or descending |q| or angles; None if their energies differ."""
    first = spectra[0]
    steps = np.diff(across)
    if len(spectra) < 2 or not ((steps > 0).all() or (steps < 0).all()):
        return None
    if any(one.x.shape != first.x.shape or not _same(one.x, first.x) for one in spectra):
        return None
    errors = [one.error for one in spectra if one.error is not None]
    return RawMap(
        kind=kind,
        across=np.asarray(across, dtype=float),
        width=None,
        x=first.x,
        y=np.array([one.y for one in spectra]),
        error=np.array(errors) if len(errors) == len(spectra) else None,
        x_unit=first.x_unit,
        recognised_by=first.recognised_by,
        y_unit=first.y_unit,
        stated=first.stated,
        notices=(*first.notices, *notices),
    )


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(
        np.allclose(one, other, rtol=0, atol=SAME * float(np.nanmax(np.abs(other), initial=1e-30)), equal_nan=True)
    )
