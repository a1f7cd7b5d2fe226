"""Scattering vectors of a powder, whose average over directions represents the average over a sphere."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

SHELL_STEP: Final = 0.3
"""Å⁻¹ between the shells of |q| of self functions. For atoms that stay on their sites a cubic spline between them is
exact to 1e-5, because their self functions vary over several Å⁻¹."""
_GOLDEN: Final = (1 + math.sqrt(5)) / 2
_ICOSAHEDRON: Final = np.array(
    [[0, 1, _GOLDEN], [0, 1, -_GOLDEN], [1, _GOLDEN, 0], [1, -_GOLDEN, 0], [_GOLDEN, 0, 1], [-_GOLDEN, 0, 1]]
) / math.hypot(1, _GOLDEN)
"""The six axes of an icosahedron. The average over their twelve directions is that over a sphere for every polynomial
up to degree 5, such as q·U·q and (q·U·q)²: one phonon, and the first order in the anisotropy of the Debye–Waller
factor."""


def shells(q_max: float) -> NDArray[np.float64]:
    """Return the |q| of shells in Å⁻¹, `SHELL_STEP` apart, the last at or beyond q_max: shape (n_shells,)."""
    return np.asarray(SHELL_STEP * np.arange(1, math.ceil(q_max / SHELL_STEP - 1e-9) + 1), dtype=np.float64)


def shell_vectors(moduli: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
    """Return scattering vectors on shells: the axes of an icosahedron, turned at random on each shell.

    Parameters
    ----------
    moduli
        Shape (n_shells,), Å⁻¹.
    seed
        Seed of the random rotations.

    Returns
    -------
    Shape (n_shells, 6, 3), Å⁻¹. −q is equivalent to +q and left out.

    References
    ----------
    The icosahedron's vertices are a spherical 5-design: P. Delsarte, J. M. Goethals and J. J. Seidel,
    Geom. Dedicata 6, 363 (1977).
    """
    turns = Rotation.random(len(moduli), rng=np.random.default_rng(seed)).as_matrix()
    return np.asarray(moduli[:, None, None] * (_ICOSAHEDRON @ turns))


def box_vectors(cell: NDArray[np.float64], q: NDArray[np.float64], n_points: int, *, seed: int) -> NDArray[np.float64]:
    """Return scattering vectors that fit a periodic box, spread as evenly over the bins of |q| as the box allows.

    Random vectors are moved to the nearest vectors of the reciprocal lattice of the box. Every vector is taken once,
    and only one of q and −q. A bin with more vectors than its share keeps a random part of them. A bin with fewer, at
    small |q|, has all or nearly all vectors of the box.

    Parameters
    ----------
    cell
        Shape (3, 3), Å. Vectors of the box as rows.
    q
        Shape (n_q,), Å⁻¹. Centres of equal bins.
    n_points
        Largest number of vectors.
    seed
        Seed of the random choice.

    Returns
    -------
    Shape (n, 3), Å⁻¹, in the order of |q|.
    """
    rng, step, share = np.random.default_rng(seed), q[1] - q[0], math.ceil(n_points / len(q))
    reciprocal = 2 * np.pi * np.linalg.inv(cell).T
    # Eight times the share leaves enough vectors after duplicates are removed
    moduli = np.repeat(q, 8 * share)
    directions = rng.normal(size=(len(moduli), 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    radii = moduli + step * (rng.random(len(moduli)) - 0.5)
    nearest = np.rint(radii[:, None] * directions @ np.linalg.inv(reciprocal)).astype(np.int64)
    # Of ±q, the vector with a positive first nonzero index
    leading = np.take_along_axis(nearest, (nearest != 0).argmax(axis=1)[:, None], axis=1)
    vectors = np.unique(nearest * np.sign(leading), axis=0) @ reciprocal
    rng.shuffle(vectors)
    bins = np.rint((np.linalg.norm(vectors, axis=1) - q[0]) / step).astype(np.int64)
    order = np.argsort(bins, kind="stable")
    rank = np.arange(len(order)) - np.searchsorted(bins[order], bins[order])
    kept = order[(rank < share) & (bins[order] >= 0) & (bins[order] < len(q))]
    chosen = vectors[np.sort(kept)] if len(kept) <= n_points else vectors[kept[:n_points]]
    return np.asarray(chosen[np.argsort(np.linalg.norm(chosen, axis=1))])
