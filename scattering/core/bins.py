"""Bins of an axis, of equal or unequal width: each reaches halfway to the centres of its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bin_edges(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the edges of bins, shape (n + 1,), from their ascending centres, shape (n,) with n ≥ 2.

    The first and the last bin are symmetric about their centres.
    """
    middles = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[2 * centres[0] - middles[0]], middles, [2 * centres[-1] - middles[-1]]])


def bin_widths(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the widths of bins, shape (n,), from their ascending centres, shape (n,) with n ≥ 2."""
    return np.diff(bin_edges(centres))


def linear_integrals(
    nodes: NDArray[np.float64], values: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Integrate a function that is linear between nodes over bins.

    Parameters
    ----------
    nodes
        Shape (n,), ascending, n ≥ 2. Beyond the first and the last node the function is constant.
    values
        Shape (..., n): the function at the nodes.
    edges
        Shape (m + 1,): edges of the bins, not descending.

    Returns
    -------
    Shape (..., m).
    """
    steps = np.diff(nodes)
    whole = (values[..., 1:] + values[..., :-1]) / 2 * steps
    integral = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(whole, axis=-1)], axis=-1)
    inside = np.clip(edges, nodes[0], nodes[-1])
    piece = np.clip(np.searchsorted(nodes, inside, side="right") - 1, 0, len(nodes) - 2)
    part = (inside - nodes[piece]) / steps[piece]
    low, high = values[..., piece], values[..., piece + 1]
    at_edges = integral[..., piece] + steps[piece] * part * (low + part * (high - low) / 2)
    at_edges += np.where(edges < nodes[0], values[..., :1], values[..., -1:]) * (edges - inside)
    return np.asarray(np.diff(at_edges, axis=-1))


def linear_means(
    nodes: NDArray[np.float64], values: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Average a function that is linear between nodes over bins: `linear_integrals` divided by the bin widths."""
    return linear_integrals(nodes, values, edges) / np.diff(edges)


@dataclass(frozen=True)
class Bins:
    """Hashable bins: two are equal if all their centres are."""

    stored: bytes

    @classmethod
    def of(cls, centres: ArrayLike) -> Self:
        """Return the bins of at least two ascending centres."""
        return cls(np.asarray(centres, dtype=np.float64).tobytes())

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """Shape (n,)."""
        return np.frombuffer(self.stored)

    @cached_property
    def edges(self) -> NDArray[np.float64]:
        """Shape (n + 1,)."""
        return bin_edges(self.centres)

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """Shape (n,)."""
        return np.diff(self.edges)
