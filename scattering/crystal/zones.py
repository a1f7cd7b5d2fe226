"""Choice of Brillouin zones: reciprocal lattice vectors within the reach of an instrument."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scattering.core.errors import InvalidOptions
from scattering.core.notices import Notice
from scattering.crystal.path import RLU_TOLERANCE, BrillouinZone, reciprocal


def check_zones(zone: BrillouinZone, hkl: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Check that vectors belong to the reciprocal lattice of the primitive cell.

    Parameters
    ----------
    hkl
        Miller indices in the reciprocal lattice of the uploaded cell.

    Returns
    -------
    Shape (n, 3).

    Raises
    ------
    InvalidOptions
        The centring of the uploaded cell rules out a vector.
    """
    vectors = np.asarray(hkl, dtype=np.int64).reshape(-1, 3)
    reduced = vectors @ np.linalg.inv(zone.repeats).T
    for vector, place in zip(vectors, reduced, strict=True):
        if np.abs(place - np.rint(place)).max() > RLU_TOLERANCE:
            stated = {"vector_rlu": vector.tolist(), "nearest_rlu": _nearest_zone(zone, place)}
            raise InvalidOptions.at("options.zones", Notice("not_a_zone_centre", stated))
    return vectors


def _nearest_zone(zone: BrillouinZone, reduced: NDArray[np.float64]) -> list[int]:
    whole = np.floor(reduced) + np.array(list(itertools.product((0, 1), repeat=3)))
    lengths = np.linalg.norm((whole - reduced) @ reciprocal(zone.primitive), axis=1)
    return [int(index) for index in np.rint(zone.repeats @ whole[np.argmin(lengths)])]


def reachable_zones(
    zone: BrillouinZone, wave_vectors: NDArray[np.float64], *, q_min: float, q_max: float
) -> NDArray[np.int64]:
    """Return the Brillouin zones in which a part of a path is within reach, and no part beyond it.

    Parameters
    ----------
    wave_vectors
        Shape (n_k, 3), r.l.u.
    q_min, q_max
        Å⁻¹: some |k + G| ≥ q_min, every |k + G| ≤ q_max.

    Returns
    -------
    Shape (n, 3): Miller indices of G in the reciprocal lattice of the uploaded cell, sorted by |G| and then by index.
    """
    metric, primitive = reciprocal(zone.cell), reciprocal(zone.primitive)
    # |h| ≤ |G| d for the spacing d of the direct lattice vector: no zone within the sphere is missed
    bounds = np.floor(q_max * np.linalg.norm(zone.primitive, axis=1) / (2 * np.pi) + 1e-9).astype(int) + 1
    whole = np.array(list(itertools.product(*(range(-bound, bound + 1) for bound in bounds))))
    whole = whole[np.linalg.norm(whole @ primitive, axis=1) <= q_max + RLU_TOLERANCE]
    vectors = np.rint(whole @ zone.repeats.T).astype(np.int64)
    lengths = np.linalg.norm((vectors[:, None] + wave_vectors) @ metric, axis=2)
    kept = vectors[(lengths.max(axis=1) <= q_max + RLU_TOLERANCE) & (lengths.max(axis=1) >= q_min - RLU_TOLERANCE)]
    size = np.round(np.linalg.norm(kept @ metric, axis=1), 6)
    return np.asarray(kept[np.lexsort((*kept.T[::-1], size))])


def random_zones(zones: NDArray[np.int64], n: int, *, seed: int) -> NDArray[np.int64]:
    """Draw n of the zones with equal probability, and keep their order; return all if there are no more than n."""
    if len(zones) <= n:
        return zones
    return np.asarray(zones[np.sort(np.random.default_rng(seed).choice(len(zones), n, replace=False))])
