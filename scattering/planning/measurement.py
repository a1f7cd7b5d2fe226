"""A measurement that has not been made: Poisson counts of a sample, its container and the ambient, from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scattering.core.bins import bin_edges
from scattering.instruments.broadening import broadening
from scattering.planning.rates import Rates


@dataclass(frozen=True, eq=False)
class Measurement:
    """Counts in equal energy bins.

    Attributes
    ----------
    energy
        Shape (n,), meV: middles of the bins.
    counts
        Shape (n,), drawn.
    expected
        Shape (n,): their mean, everything together.
    background
        Shape (n,): the part of the mean from container and ambient background.
    """

    energy: NDArray[np.float64]
    counts: NDArray[np.int64]
    expected: NDArray[np.float64]
    background: NDArray[np.float64]

    @property
    def standard_error(self) -> NDArray[np.float64]:
        """√counts, and 1 where there are none, as reductions do."""
        return np.sqrt(np.maximum(self.counts, 1))


def expected_counts(
    rates: Rates, sigma: NDArray[np.float64], edges: NDArray[np.float64], hours: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean counts in bins after a counting time: all counts, and those of container and ambient background.

    Parameters
    ----------
    sigma
        Standard deviation of the resolution at each of `rates.energy`, meV.
    edges
        Shape (n + 1,), meV.
    hours
        Counting time.

    Returns
    -------
    Two arrays of shape (n,).
    """
    widths = np.diff(edges)
    blur = broadening(bin_edges(rates.energy), sigma, edges).apply
    centres = (edges[1:] + edges[:-1]) / 2
    ambient = np.interp(centres, rates.energy, rates.ambient, left=0.0, right=0.0)
    background = (blur(rates.container) + ambient) * widths * hours
    signal = blur(rates.sample) * widths * hours
    return np.maximum(signal, 0.0) + np.maximum(background, 0.0), np.maximum(background, 0.0)


def measure(
    rates: Rates, sigma: NDArray[np.float64], edges: NDArray[np.float64], hours: float, *, seed: int
) -> Measurement:
    """Draw the counts of a measurement."""
    expected, background = expected_counts(rates, sigma, edges, hours)
    counts = np.random.default_rng(seed).poisson(expected)
    return Measurement((edges[1:] + edges[:-1]) / 2, counts, expected, background)
