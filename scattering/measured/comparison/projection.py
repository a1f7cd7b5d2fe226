"""Least squares by variable projection: scale and background follow exactly from shift, stretch and width.

References
----------
G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413; L. Kaufman, BIT 15 (1975) 49.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from scattering.measured.comparison.binned import BinnedForecast

NEUTRAL: Final = np.array([0.0, 1.0, 0.0])
"""The nonlinear parameters of an unchanged forecast: shift (meV), stretch and variance (meV²)."""


@dataclass(frozen=True, eq=False)
class Projection:
    """The best scale and background for given nonlinear parameters.

    Attributes
    ----------
    scale
        Never below 0.
    background
        Shape (n_background,): coefficients of the problem's columns.
    residual
        Shape (n,): weighted.
    jacobian
        Shape (n, n_free): derivatives of the residual by the free nonlinear parameters, in Kaufman's approximation. The
        gradient is exact.
    """

    scale: float
    background: NDArray[np.float64]
    residual: NDArray[np.float64]
    jacobian: NDArray[np.float64]

    @property
    def misfit(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residual @ self.residual)


class Problem:
    """Weighted least squares of s · m(shift, stretch, variance) + B b against data.

    Parameters
    ----------
    forecast
        In the n bins of the data.
    intensity
        Shape (n,).
    error
        Shape (n,): standard deviations. None: all bins have equal weight, 1 over the root mean square of the data,
        because the search ends at numbers that are small against 1.
    columns
        Shape (n, n_background): B, linearly independent.
    scaled
        Whether s is fitted; otherwise it is 1.
    free
        Shape (3,): whether shift, stretch and variance are fitted.
    lower, upper
        Shape (3,): bounds of shift, stretch and variance.
    """

    def __init__(
        self,
        forecast: BinnedForecast,
        intensity: NDArray[np.float64],
        error: NDArray[np.float64] | None,
        columns: NDArray[np.float64],
        *,
        scaled: bool,
        free: NDArray[np.bool_],
        lower: NDArray[np.float64],
        upper: NDArray[np.float64],
    ) -> None:
        self.forecast, self.intensity, self.error = forecast, intensity, error
        self.columns, self.scaled, self.free = columns, scaled, free
        self.lower, self.upper = lower, upper
        size = float(np.sqrt(np.mean(intensity**2))) or 1.0
        self.weight = np.full_like(intensity, 1 / size) if error is None else 1 / error
        self._basis, self._triangle = np.linalg.qr(columns * self.weight[:, None])
        self._weighted = intensity * self.weight
        self._target = self._beside_background(self._weighted)

    def project(self, parameters: NDArray[np.float64]) -> Projection:
        """Solve for scale and background; `parameters` are shift, stretch and variance."""
        mean, derivatives = self.forecast.mean_and_derivatives(*parameters)
        weighted = mean * self.weight
        column = self._beside_background(weighted)
        # A forecast as flat as the background does not determine the scale
        norm = float(column @ column)
        determined = norm > 1e-20 * float(weighted @ weighted)
        scale = 1.0
        if self.scaled:
            scale = max(float(column @ self._target) / norm, 0.0) if determined else 0.0
        jacobian = -scale * self._beside_background((derivatives[self.free] * self.weight).T)
        if self.scaled and scale > 0:
            jacobian -= np.outer(column, column @ jacobian) / norm
        background = np.linalg.solve(self._triangle, self._basis.T @ (self._weighted - scale * weighted))
        return Projection(scale, background, self._target - scale * column, jacobian)

    def misfits(self, shifts: NDArray[np.float64], stretch: float) -> NDArray[np.float64]:
        """Return the approximate sum of squared residuals at many shifts, shape (n_shifts,)."""
        columns = self._beside_background((self.forecast.means(shifts, stretch) * self.weight).T)
        if not self.scaled:
            return np.asarray(np.sum((self._target[:, None] - columns) ** 2, axis=0))
        overlap = np.maximum(self._target @ columns, 0.0)
        norm = np.sum(columns**2, axis=0)
        gained = np.divide(overlap**2, norm, out=np.zeros_like(norm), where=norm > 0)
        return np.asarray(self._target @ self._target - gained)

    def solve(self, start: NDArray[np.float64], *, evaluations: int = 60) -> NDArray[np.float64]:
        """Return the parameters of the nearest minimum; `start` and result are shift, stretch and variance."""
        if not self.free.any():
            return start
        lower, upper = self.lower[self.free], self.upper[self.free]
        latest: tuple[NDArray[np.float64], Projection] | None = None

        def at(free: NDArray[np.float64]) -> Projection:
            # The solver asks for the residual and then for the Jacobian at the same place
            nonlocal latest
            if latest is None or not np.array_equal(latest[0], free):
                parameters = start.copy()
                parameters[self.free] = free
                latest = free.copy(), self.project(parameters)
            return latest[1]

        found = least_squares(
            lambda free: at(free).residual,
            np.clip(start[self.free], lower, upper),
            jac=lambda free: at(free).jacobian,
            bounds=(lower, upper),
            method="dogbox",
            x_scale=(upper - lower) / 100,
            xtol=1e-9,
            ftol=1e-10,
            gtol=1e-12,
            max_nfev=evaluations,
        )
        solution = start.copy()
        solution[self.free] = found.x
        return solution

    def _beside_background(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the part of weighted values, shape (n, …), that is orthogonal to the background."""
        return np.asarray(values - self._basis @ (self._basis.T @ values))
