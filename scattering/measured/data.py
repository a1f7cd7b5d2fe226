"""Measured data: intensity against energy transfer in meV, or over (|q|, ω)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MeasuredSpectrum:
    """A clean measured spectrum: energies ascend, and every number except `error` is finite.

    Attributes
    ----------
    energy
        Shape (n,), meV, ascending; positive where the neutron loses energy.
    intensity
        Shape (n,), in any unit.
    error
        Shape (n,): standard deviation of `intensity`; NaN where it is unknown, > 0 elsewhere. None: unknown everywhere.
    low, high
        Shape (n,), meV: edges of each bin. Neighbours touch, except at a gap in the data.
    """

    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeasuredMap:
    """A measured S(|q|, ω).

    Attributes
    ----------
    q
        Shape (n_q + 1,), Å⁻¹, ascending: edges of the bins.
    energy
        Shape (n_energy + 1,), meV, ascending: edges of the bins.
    intensity
        Shape (n_q, n_energy), in any unit; NaN where nothing was measured.
    error
        Shape (n_q, n_energy): standard deviations, NaN where unknown; or None.
    """

    q: NDArray[np.float64]
    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None


def centres(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the centre of each bin, shape (n,), from the edges, shape (n + 1,)."""
    return (edges[:-1] + edges[1:]) / 2


def extremes(y: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Return the indices of the points to draw of a long curve, at most about `most`.

    If the curve has more points, the lowest and the highest point of each stretch are kept, and every gap (NaN).
    """
    n = len(y)
    if n <= most:
        return np.arange(n)
    gaps = np.isnan(y)
    width = -(-n // (most // 2))
    starts = np.arange(0, n, width)
    rows = np.pad(np.where(gaps, np.inf, y), (0, len(starts) * width - n), mode="edge").reshape(-1, width)
    picked = starts + np.stack([np.argmin(rows, axis=1), np.argmax(np.where(np.isinf(rows), -np.inf, rows), axis=1)])
    picked = np.minimum(picked, n - 1)
    return np.union1d(picked, np.flatnonzero(gaps))
