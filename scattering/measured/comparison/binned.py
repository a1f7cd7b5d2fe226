"""Means of a shifted, stretched and broadened forecast over the bins of a measured spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, idct


class BinnedForecast:
    """Means of a forecast over given bins, with their derivatives.

    m_i = 1/(b − a) ∫_a^b (1/s) (S ⊗ G)((ω − δ)/s) dω = (C((b − δ)/s) − C((a − δ)/s))/(b − a), for a bin from a to b,
    shift δ, stretch s, a Gaussian G, and C the cumulative integral of S ⊗ G. Within each of its own bins the forecast
    is the parabola that has the mean of the bin and, at its edges, values of fourth order: C is exact at all edges.
    Beyond its ends the forecast counts as constant, and as its mirror image for the broadening; `in_reach` says which
    bins lie within its ends.

    Parameters
    ----------
    energy, intensity
        Shape (m,), m ≥ 4: centres of equal bins, meV, ascending, and the means over them.
    low, high
        Shape (n,): edges of the bins to average over, meV.

    References
    ----------
    P. Colella and P. R. Woodward, J. Comput. Phys. 54 (1984) 174, Eqs. 1.5 to 1.9 (parabolas of given means).

    Attributes
    ----------
    low, high, width
        Shape (n,): edges and widths of the bins, meV.
    step
        Width of the bins of the forecast, meV.
    """

    def __init__(
        self,
        energy: NDArray[np.float64],
        intensity: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
    ) -> None:
        self.step = float(energy[-1] - energy[0]) / (len(energy) - 1)
        self._knots = energy[0] + self.step * (np.arange(len(energy) + 1) - 0.5)
        self._intensity = np.asarray(intensity, dtype=float)
        self._pieces = self._parabolas(self._intensity)
        self._spectrum: NDArray[np.float64] | None = None
        self.low, self.high, self.width = low, high, high - low
        # Neighbours share an edge: each edge is evaluated once
        self._edges, where = np.unique(np.concatenate([low, high]), return_inverse=True)
        self._first, self._last = where[: len(low)], where[len(low) :]

    @property
    def reach(self) -> tuple[float, float]:
        """First and last energy of the forecast, meV."""
        return float(self._knots[0]), float(self._knots[-1])

    def select(self, bins: NDArray[np.bool_]) -> BinnedForecast:
        """Return the same forecast in a selection of the bins, a mask of shape (n,)."""
        return self.rebin(self.low[bins], self.high[bins])

    def rebin(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> BinnedForecast:
        """Return the same forecast in other bins, given by their edges."""
        return BinnedForecast(self._knots[:-1] + self.step / 2, self._intensity, low, high)

    def in_reach(self, shift: float, stretch: float) -> NDArray[np.bool_]:
        """Return a mask, shape (n,), of the bins within the shifted and stretched forecast, but for rounding."""
        slack = 1e-6 * self.step
        low, high = (self.low - shift) / stretch, (self.high - shift) / stretch
        return np.asarray((low >= self._knots[0] - slack) & (high <= self._knots[-1] + slack))

    def mean(self, shift: float = 0.0, stretch: float = 1.0, variance: float = 0.0) -> NDArray[np.float64]:
        """Return the mean over each bin, shape (n,). `variance` is that of G, meV²."""
        integral, _, _ = self._at_edges(shift, stretch, variance)
        return np.asarray((integral[self._last] - integral[self._first]) / self.width)

    def mean_and_derivatives(
        self, shift: float, stretch: float, variance: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the mean over each bin, shape (n,), and its derivatives by shift, stretch and variance, shape (3, n).

        The derivative by the variance v follows from the heat equation, ∂(S ⊗ G)/∂v = ½ ∂²(S ⊗ G)/∂ω².
        """
        integral, value, slope = self._at_edges(shift, stretch, variance)
        by_edge = np.stack([integral, -value / stretch, -value * (self._edges - shift) / stretch**2, slope / 2])
        by_bin = (by_edge[:, self._last] - by_edge[:, self._first]) / self.width
        return by_bin[0], by_bin[1:]

    def means(self, shifts: NDArray[np.float64], stretch: float) -> NDArray[np.float64]:
        """Return the approximate mean over each bin at many shifts (C is linear between knots): shape (n_shifts, n)."""
        at = ((self._edges - shifts[:, None]) / stretch - self._knots[0]) / self.step
        piece = np.clip(at.astype(int), 0, len(self._intensity) - 1)
        # Beyond the ends the first and the last piece are extrapolated
        integral = self._pieces[0][piece] + (at - piece) * self._intensity[piece] * self.step
        return np.asarray((integral[:, self._last] - integral[:, self._first]) / self.width)

    def _at_edges(
        self, shift: float, stretch: float, variance: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return C, its first and its second derivative at the edges of the bins."""
        pieces = self._pieces if variance == 0 else self._parabolas(self._broadened(variance))
        at = ((self._edges - shift) / stretch - self._knots[0]) / self.step
        inside = np.clip(at, 0.0, len(self._intensity))
        piece = np.minimum(inside.astype(int), len(self._intensity) - 1)
        part = inside - piece
        total, left, rise, bulge = pieces[:, piece]
        value = left + part * (rise + bulge * (1 - part))
        integral = total + self.step * (part * (left + part * ((rise + bulge) / 2 - part * bulge / 3)))
        beyond = at - inside
        slope = np.where(beyond == 0, (rise + bulge * (1 - 2 * part)) / self.step, 0.0)
        return integral + self.step * beyond * value, value, slope

    def _parabolas(self, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return C and S at the lower edge of each bin, the rise of S over it, and the bulge: shape (4, m)."""
        edge = np.empty(len(intensity) + 1)
        edge[1:-1] = (intensity[1:] + intensity[:-1]) / 2
        edge[2:-2] = (7 * (intensity[1:-2] + intensity[2:-1]) - intensity[:-3] - intensity[3:]) / 12
        edge[[0, -1]] = (3 * intensity[[0, -1]] - edge[[1, -2]]) / 2
        total = self.step * (np.cumsum(intensity) - intensity)
        return np.stack([total, edge[:-1], np.diff(edge), 6 * intensity - 3 * (edge[:-1] + edge[1:])])

    def _broadened(self, variance: float) -> NDArray[np.float64]:
        """Return S ⊗ G: components of a cosine transform, of wave number k, are damped by exp(−v k²/2)."""
        if self._spectrum is None:
            self._spectrum = dct(self._intensity)
        wave = np.pi * np.arange(len(self._intensity)) / (len(self._intensity) * self.step)
        return np.asarray(idct(self._spectrum * np.exp(-variance * wave**2 / 2)))
