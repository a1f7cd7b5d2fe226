"""Probability that one fit is worse than another in the same bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

MIN_BLOCKS: Final = 8
"""Fewer blocks do not determine the scatter of blocks."""


@dataclass(frozen=True, eq=False)
class Loss:
    """Residuals of a fit in n bins.

    Attributes
    ----------
    residual
        Shape (n,): weighted.
    model_error
        Shape (n,): weighted statistical error of the model; or None.
    """

    residual: NDArray[np.float64]
    model_error: NDArray[np.float64] | None = None

    @property
    def misfit(self) -> float:
        """Σ r², less the mean contribution of the statistical error of the model."""
        own = 0.0 if self.model_error is None else float(self.model_error @ self.model_error)
        return float(self.residual @ self.residual) - own


def block_bins(residual: NDArray[np.float64], resolution_bins: float) -> int:
    """Return the number of neighbouring bins that count as correlated.

    It is the largest of three times the correlation length of the residuals, twice the resolution, and n^(1/3), but at
    most an eighth of all bins. The correlation length ends at the first lag whose autocorrelation is within 2/√n of 0.
    """
    n = len(residual)
    spectrum = np.abs(np.fft.rfft(residual - residual.mean(), 2 * n)) ** 2
    autocorrelation = np.fft.irfft(spectrum)[:n]
    correlated = autocorrelation > 2 / np.sqrt(n) * max(autocorrelation[0], np.finfo(float).tiny)
    length = max(n ** (1 / 3), 2 * resolution_bins, 3 * int(np.argmin(correlated)))
    return int(np.clip(round(length), 1, max(n // MIN_BLOCKS, 1)))


def probability_worse(other: Loss, best: Loss, block: int) -> float:
    """Return the probability that a fit is worse than the best one, from ½ (undecided) to 1.

    Let r be the residual of the best fit, and Δ the residual of the other one less r. The difference of the misfits is
    D = Σ(2 r Δ + Δ²). The curves determine Δ². r holds noise and misfit, and could as well have the other sign.
    Correlations are taken to stay within a block: the variance V of D is the mean square of Σ 2 r Δ over all blocks,
    times their number. D/√V follows Student's distribution with V²/Σ(Σ 2 r Δ)⁴ degrees of freedom: the number of blocks
    if all have the same weight, 1 if a single one dominates. The statistical errors of the models add to V.

    Parameters
    ----------
    other, best
        In the same n bins; the misfit of `best` is not the larger one.
    block
        Number of neighbouring bins that count as correlated, see `block_bins`.

    References
    ----------
    F. X. Diebold and R. S. Mariano, J. Bus. Econ. Stat. 13 (1995) 253 (forecasts compared by differences of losses);
    W. K. Newey and K. D. West, Econometrica 55 (1987) 703 (variance of correlated terms from overlapping blocks);
    F. E. Satterthwaite, Biometrics Bull. 2 (1946) 110 (degrees of freedom).
    """
    excess = other.misfit - best.misfit
    blocks = _block_sums(2 * best.residual * (other.residual - best.residual), block)
    variance = float(np.sum(blocks**2)) / block
    fourth = float(np.sum(blocks**4)) / block
    for loss in (other, best):
        if loss.model_error is not None:
            # First and second order of Σ(r + ε)² with the same ε throughout a block
            first = _block_sums(2 * loss.residual * loss.model_error, block)
            second = _block_sums(loss.model_error**2, block)
            variance += float(np.sum(first**2 + 2 * second**2)) / block
    if variance == 0:
        return 0.5 if excess == 0 else 1.0
    freedom = max(variance**2 / fourth, 1.0) if fourth > 0 else np.inf
    return float(student.cdf(excess / np.sqrt(variance), freedom))


def _block_sums(values: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Return the sum over `block` neighbours from each of n bins on, cyclic: shape (n,)."""
    total = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:block]]))])
    return np.asarray(total[block : block + len(values)] - total[: len(values)])
