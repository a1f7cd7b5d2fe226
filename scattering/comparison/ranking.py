"""Which of several forecasts describes a measured spectrum best, and whether that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scattering.comparison.fit import FitOptions, Fitted
from scattering.measured import MeasuredSpectrum


@dataclass(frozen=True, eq=False)
class Candidate:
    """A forecast to be ranked.

    Attributes
    ----------
    name
        What it is called in words.
    energy, intensity
        Shape (n,): as for `fit`.
    error
        Shape (n,): standard error of `intensity`, or None.
    """

    name: str
    energy: NDArray[np.float64]
    intensity: NDArray[np.float64]
    error: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Ranked:
    """A forecast's place.

    Attributes
    ----------
    index
        Its place among the candidates as they were given.
    name
        Its own.
    fitted
        Its fit, in the bins common to all.
    worse_by
        By how much its misfit is above the best's, see `Ranking.measure`; 0 for the best.
    probability_worse
        Probability that it is really worse than the best, 0 to 1; None for the best itself.
    """

    index: int
    name: str
    fitted: Fitted
    worse_by: float
    probability_worse: float | None


@dataclass(frozen=True, eq=False)
class Ranking:
    """Forecasts from best to worst.

    Attributes
    ----------
    ranked
        Best first.
    measure
        What `worse_by` is: the difference of χ² ("chi2"), or where the data have no errors the difference of the
        residual variance as a share of the best's ("variance").
    block_bins
        Length of the bootstrap's blocks.
    caution
        One or several sentences, where the order should not be taken at its word; or None.
    warnings
        What else the reader should know.
    """

    ranked: tuple[Ranked, ...]
    measure: Literal["chi2", "variance"]
    block_bins: int
    caution: str | None
    warnings: tuple[str, ...]


def rank(
    measured: MeasuredSpectrum,
    candidates: Sequence[Candidate],
    options: FitOptions,
    *,
    resolution_mev: float | None = None,
    seed: int = 0,
) -> Ranking:
    """Rank forecasts by how well they describe data."""
    raise NotImplementedError
