"""Energy resolution as a matrix that conserves area, kept as the bands near its diagonal that are not 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

REACH_SIGMAS: Final = 8.5
"""Distance from the centre beyond which a Gaussian is below 1e-16 of its maximum."""
BAND_COLUMNS: Final = 48
"""Recorded bins that are computed together: few enough that most source bins reach most of them."""
MIN_RELATIVE_WIDTH: Final = 1e-6
"""Standard deviation in widths of a source bin that stands for none at all."""


@dataclass(frozen=True, eq=False)
class Band:
    """Elements of neighbouring columns, in the rows where any of them is not 0."""

    rows: slice
    columns: slice
    matrix: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Broadening:
    """Matrix of shape (n_source, n_recorded) that turns densities in source bins into densities in recorded bins."""

    shape: tuple[int, int]
    bands: tuple[Band, ...]

    @property
    def end(self) -> int:
        """Number of source bins after the last of which none contributes."""
        return max((band.rows.stop for band in self.bands), default=0)

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """Broaden the last axis: (..., n_source), or (..., `end`) and more, → (..., n_recorded)."""
        flat = values.reshape(-1, values.shape[-1])
        kinds = [band.matrix.dtype for band in self.bands]
        found = np.zeros((len(flat), self.shape[1]), dtype=np.result_type(values, *kinds))
        for band in self.bands:
            found[:, band.columns] = flat[:, band.rows] @ band.matrix
        return found.reshape(*values.shape[:-1], -1)

    def scaled(self, factor: NDArray[np.float64]) -> Broadening:
        """Multiply each row by a factor of the source, shape (n_source,); in single precision, for maps."""
        return Broadening(
            self.shape,
            tuple(
                Band(band.rows, band.columns, (factor[band.rows, None] * band.matrix).astype(np.float32))
                for band in self.bands
            ),
        )

    def folded(self, n_gain: int) -> Broadening:
        """Add the rows of energy gain to those of the opposite loss, for sources that are alike on both sides of 0.

        Parameters
        ----------
        n_gain
            Rows before that of energy 0. Afterwards the row of 0 is the first.
        """
        bands = []
        for band in self.bands:
            first, last = band.rows.start - n_gain, band.rows.stop - n_gain
            loss, gain = slice(max(first, 0), max(last, 0)), slice(1 - min(last, 0), 1 - min(first, 0))
            parts = [part for part in (loss, gain) if part.stop > part.start]
            low, high = min(part.start for part in parts), max(part.stop for part in parts)
            matrix = np.zeros((high - low, band.matrix.shape[1]), dtype=band.matrix.dtype)
            matrix[loss.start - low : loss.stop - low] += band.matrix[len(band.matrix) - (loss.stop - loss.start) :]
            matrix[gain.start - low : gain.stop - low] += band.matrix[: gain.stop - gain.start][::-1]
            bands.append(Band(slice(low, high), band.columns, matrix))
        return Broadening((self.shape[0] - n_gain, self.shape[1]), tuple(bands))

    def dense(self) -> NDArray[np.float64]:
        """Return the whole matrix, shape (n_source, n_recorded)."""
        found = np.zeros(self.shape)
        for band in self.bands:
            found[band.rows, band.columns] = band.matrix
        return found


def broadening(source: NDArray[np.float64], sigma: NDArray[np.float64], recorded: NDArray[np.float64]) -> Broadening:
    """Return the matrix that turns S on a fine energy axis into the intensity in recorded bins.

    Element (j, i) is the probability that an event of true energy anywhere in source bin j, uniformly, is recorded in
    bin i, times the ratio of the widths of the bins: a density becomes a density. The integrals over both bins are in
    closed form: a row times the recorded widths sums to the source width wherever the recorded bins reach some six σ
    past the source bin.

    Parameters
    ----------
    source
        Shape (n_source + 1,), meV, ascending: edges of the source bins.
    sigma
        Shape (n_source,), meV: resolution at each source energy; 0 only rebins.
    recorded
        Shape (n_recorded + 1,), meV, ascending: edges of the recorded bins.
    """
    widths = np.diff(source)
    spread = np.maximum(sigma, MIN_RELATIVE_WIDTH * widths)
    lowest = source[:-1] - REACH_SIGMAS * spread
    highest = source[1:] + REACH_SIGMAS * spread
    bands = []
    n_recorded = len(recorded) - 1
    for start in range(0, n_recorded, BAND_COLUMNS):
        stop = min(start + BAND_COLUMNS, n_recorded)
        near = np.flatnonzero((highest > recorded[start]) & (lowest < recorded[stop]))
        if len(near):
            rows = slice(int(near[0]), int(near[-1]) + 1)
            matrix = _elements(source[rows.start : rows.stop + 1], spread[rows], recorded[start : stop + 1])
            bands.append(Band(rows, slice(start, stop), matrix))
    return Broadening((len(widths), n_recorded), tuple(bands))


def _elements(
    source: NDArray[np.float64], spread: NDArray[np.float64], recorded: NDArray[np.float64]
) -> NDArray[np.float64]:
    width = np.diff(source)[:, None]
    # Probability to be recorded below each edge, averaged over the source bin
    upper = (recorded - source[:-1, None]) / spread[:, None]
    lower = (recorded - source[1:, None]) / spread[:, None]
    below = spread[:, None] / width * (_integrated_cdf(upper) - _integrated_cdf(lower))
    return np.asarray(np.diff(below, axis=1) * width / np.diff(recorded))


def _integrated_cdf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ∫ Φ from −∞ to x = x Φ(x) + φ(x), with the standard normal's distribution Φ and density φ."""
    integral = np.maximum(x, 0.0)  # right to 1e-17 beyond 8.5
    near = np.abs(x) < REACH_SIGMAS
    middle = x[near]
    integral[near] = middle * ndtr(middle) + np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    return integral
