"""How certain it is that one fit is really worse than another in the same bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

FEWEST_BLOCKS: Final = 8
"""Fewer say next to nothing of how blocks scatter."""


@dataclass(frozen=True, eq=False)
class Loss:
    """What a fit misses in n bins.

    Attributes
    ----------
    residual
        Shape (n,): weighted.
    model_error
        Shape (n,): weighted statistical error of the model itself; or None.
    """

    residual: NDArray[np.float64]
    model_error: NDArray[np.float64] | None = None

    @property
    def misfit(self) -> float:
        """Σ r², less what the model's own statistical error adds to it on average."""
        own = 0.0 if self.model_error is None else float(self.model_error @ self.model_error)
        return float(self.residual @ self.residual) - own


def block_bins(residual: NDArray[np.float64], resolution_bins: float) -> int:
    """Bins that hang together: three times as far as residuals are alike, twice the resolution, at least n^(1/3).

    They are alike up to the first lag at which their autocorrelation is within 2/√n of zero. At most an eighth of all.
    """
    n = len(residual)
    spectrum = np.abs(np.fft.rfft(residual - residual.mean(), 2 * n)) ** 2
    autocorrelation = np.fft.irfft(spectrum)[:n]
    alike = autocorrelation > 2 / np.sqrt(n) * max(autocorrelation[0], np.finfo(float).tiny)
    length = max(n ** (1 / 3), 2 * resolution_bins, 3 * int(np.argmin(alike)))
    return int(np.clip(round(length), 1, max(n // FEWEST_BLOCKS, 1)))


def probability_worse(other: Loss, best: Loss, block: int) -> float:
    """Probability that a fit is really worse than the best one, from ½ (no telling) to 1.

    With r the best's residual and Δ what the other's has beyond it, the difference of the misfits is
    D = Σ(2 r Δ + Δ²). Of that the curves fix Δ², while r holds noise and what the model misses, which is as likely of
    the other sign. Whatever hangs together does so within a block: V, the mean square of Σ 2 r Δ over all blocks times
    their number, is the variance of D, and D/√V follows Student's distribution with V²/Σ(Σ 2 r Δ)⁴ degrees of freedom,
    the number of blocks if all matter alike, 1 if a single one does. The models' own statistical errors add to V.

    Parameters
    ----------
    other, best
        In the same n bins; the best's misfit is not above the other's.
    block
        Bins that hang together.

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
            # Σ(r + ε)² with ε alike within a block: its first and second order
            first = _block_sums(2 * loss.residual * loss.model_error, block)
            second = _block_sums(loss.model_error**2, block)
            variance += float(np.sum(first**2 + 2 * second**2)) / block
    if variance == 0:
        return 0.5 if excess == 0 else 1.0
    freedom = max(variance**2 / fourth, 1.0) if fourth > 0 else np.inf
    return float(student.cdf(excess / np.sqrt(variance), freedom))


def _block_sums(values: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    """Sums over `block` neighbours from each of n bins on, the last going on with the first: shape (n,)."""
    total = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:block]]))])
    return np.asarray(total[block : block + len(values)] - total[: len(values)])
