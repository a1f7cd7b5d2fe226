"""Global search of a fit: starting points that avoid the local minima of sharp peaks."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from scattering.measured.comparison.projection import NEUTRAL, Problem

N_COARSE_BINS: Final = 128
"""Bins to which the data are merged for a search of both shift and stretch; twice as many for one of them."""
N_GRID_MINIMA: Final = 6
"""Minima of the grid that are refined in the coarse bins."""
MAX_FINALISTS: Final = 3
"""Refined minima that are refined further in the data's own bins."""
MAX_MISFIT_RATIO: Final = 2.0
"""Largest misfit of a finalist over the smallest misfit, in the coarse bins."""


def solve(problem: Problem) -> NDArray[np.float64]:
    """Return shift, stretch and variance of the deepest minimum, shape (3,).

    The data are merged to coarse bins, so that every peak is at least one bin wide. The misfit is computed on a grid of
    shifts and stretches that are one bin apart. Its deepest minima and the unchanged forecast are refined in the coarse
    bins, and the best of these in the data's own bins.
    """
    starts = [NEUTRAL.copy()]
    if problem.free[:2].any():
        coarse = _merge(problem, N_COARSE_BINS * (1 if problem.free[:2].all() else 2))
        followed = [coarse.solve(start, evaluations=12) for start in [*_minima(coarse), *starts]]
        misfits = [coarse.project(parameters).misfit for parameters in followed]
        promising = sorted(
            (misfit, place) for place, misfit in enumerate(misfits) if misfit <= MAX_MISFIT_RATIO * min(misfits)
        )
        starts = _distinct([followed[place] for _, place in promising], coarse)[:MAX_FINALISTS]
    if problem.free[2]:
        # The derivative at zero width says nothing about a wide Gaussian
        width = np.median(problem.forecast.width)
        starts = [np.array([*start[:2], max(start[2], width**2)]) for start in starts]
    solutions = [problem.solve(start) for start in starts]
    return min(solutions, key=lambda parameters: problem.project(parameters).misfit)


def _merge(problem: Problem, n_bins: int) -> Problem:
    """Return the same problem with neighbouring bins merged, never across a gap."""
    low, high = problem.forecast.low, problem.forecast.high
    width = (high[-1] - low[0]) / n_bins
    cell = np.floor(((low + high) / 2 - low[0]) / width)
    apart = low[1:] - high[:-1] > 1e-6 * (high - low)[1:]
    first = np.concatenate([[0], np.flatnonzero(apart | (np.diff(cell) > 0)) + 1])
    widths = high - low
    total = np.add.reduceat(widths, first)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.add.reduceat((values.T * widths).T, first) / total.reshape(-1, *[1] * (values.ndim - 1)))

    error = None
    if problem.error is not None:
        error = np.sqrt(np.add.reduceat((problem.error * widths) ** 2, first)) / total
    return Problem(
        problem.forecast.rebin(low[first], high[np.append(first[1:] - 1, -1)]),
        mean(problem.intensity),
        error,
        mean(problem.columns),
        scaled=problem.scaled,
        free=problem.free,
        lower=problem.lower,
        upper=problem.upper,
    )


def _minima(coarse: Problem) -> list[NDArray[np.float64]]:
    """Return the deepest minima of the misfit on a grid of shifts and stretches, deepest first."""
    low, high = coarse.forecast.low[0], coarse.forecast.high[-1]
    bin_width = float(np.median(coarse.forecast.width))
    reach = (coarse.upper - coarse.lower)[:2]
    farthest = max(abs(low), abs(high))
    n_shift, n_stretch = (
        int(np.clip(np.ceil(distance / bin_width), 2, 400)) + 1 if free else 1
        for distance, free in zip((reach[0], reach[1] * farthest), coarse.free[:2], strict=True)
    )
    shifts = np.linspace(coarse.lower[0], coarse.upper[0], n_shift) if n_shift > 1 else np.zeros(1)
    stretches = np.linspace(coarse.lower[1], coarse.upper[1], n_stretch) if n_stretch > 1 else np.ones(1)
    misfits = np.stack([coarse.misfits(shifts, stretch) for stretch in stretches])
    lowest = misfits <= minimum_filter(misfits, size=3, mode="nearest")
    places = np.argwhere(lowest)[np.argsort(misfits[lowest], kind="stable")][:N_GRID_MINIMA]
    variance = bin_width**2 / 4 if coarse.free[2] else 0.0
    return [np.array([shifts[column], stretches[row], variance]) for row, column in places]


def _distinct(solutions: list[NDArray[np.float64]], problem: Problem) -> list[NDArray[np.float64]]:
    """Return the solutions without those that repeat an earlier one."""
    span = problem.upper - problem.lower
    kept: list[NDArray[np.float64]] = []
    for solution in solutions:
        if all(np.abs((solution - other) / span).max() > 1e-3 for other in kept):
            kept.append(solution)
    return kept
