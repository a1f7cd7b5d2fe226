"""Bins of an axis, equal or not: each reaches halfway to the centres of its neighbours."""

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


@dataclass(frozen=True)
class Bins:
    """Bins as a key: two are equal if all centres are."""

    stored: bytes

    @classmethod
    def of(cls, centres: ArrayLike) -> Self:
        """Take at least two ascending centres."""
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
