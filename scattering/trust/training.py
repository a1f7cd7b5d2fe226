"""Comparison of a structure with the training data of a neuroevolution potential, as far as its file describes them.

A nep.txt holds a scale for each component of its descriptor: 1 over its range (largest less smallest value) in the
training set, or in one of its batches. GPUMD determines that range before training starts, with every expansion
coefficient 1. The descriptor does not depend on the elements then. It only measures how crowded and how asymmetric the
surroundings of an atom are,

    g(r) = Σ_k f_k(r),   Q₀(i) = Σ_j g(r_ij),   Q_l(i) = (2l + 1)/4π Σ_jk g(r_ij) g(r_ik) P_l(cos θ_ijk),

with f_k the radial functions of the potential. They are calculated here, without the potential. None is negative, so a
value below the range is also below the largest value in the training set.

References
----------
Z. Fan et al., J. Chem. Phys. 157, 114801 (2022), eqs. 5-12 (descriptor). GPUMD, src/main_nep/fitness.cu, function
`compute` at generation 0 (source of the range).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class TrainingRanges:
    """Ranges of the descriptor in a training set, as a nep.txt states them.

    Attributes
    ----------
    cutoff_radial, cutoff_angular
        Å.
    basis_radial, basis_angular
        The largest k of f_k.
    ranges
        Shape (1 + l_max,): largest less smallest Q₀, Q₁, …
    """

    cutoff_radial: float
    cutoff_angular: float
    basis_radial: int
    basis_angular: int
    ranges: NDArray[np.float64]


@dataclass(frozen=True)
class Coverage:
    """Descriptors of a structure relative to the ranges of the training set.

    Attributes
    ----------
    largest
        The largest Q over its range, of all atoms and components. Up to 1, no atom is more crowded or asymmetric than
        some atoms of the training set. Above 1 nothing is known, because the start of the range is unknown.
    spread
        The largest difference of a component between two atoms, over its range. Above 1, one of them lies outside.
    """

    largest: float
    spread: float


def crowding(
    pairs: tuple[NDArray[np.int64], NDArray[np.float64]], n_atoms: int, trained: TrainingRanges
) -> NDArray[np.float64]:
    """Return Q₀, Q₁, … of each atom.

    Parameters
    ----------
    pairs
        All neighbours within the radial cutoff: index of the atom, shape (n_pairs,), and vector to its neighbour,
        (n_pairs, 3) in Å.
    n_atoms
        Number of atoms in the cell.

    Returns
    -------
    Shape (n_atoms, 1 + l_max), dimensionless.
    """
    owners, vectors = pairs
    lengths = np.linalg.norm(vectors, axis=1)
    found = np.zeros((n_atoms, len(trained.ranges)))
    radial = _radial(lengths, trained.cutoff_radial, trained.basis_radial)
    found[:, 0] = np.bincount(owners, radial, minlength=n_atoms)
    near = lengths < trained.cutoff_angular
    angular = _radial(lengths[near], trained.cutoff_angular, trained.basis_angular)
    directions, near_owners = vectors[near] / lengths[near, None], owners[near]
    for atom in range(n_atoms):
        of_it = near_owners == atom
        weights, cosines = angular[of_it], directions[of_it] @ directions[of_it].T
        for l in range(1, found.shape[1]):  # noqa: E741
            polynomial = legendre.legval(cosines, [0] * l + [1])
            found[atom, l] = (2 * l + 1) / (4 * np.pi) * weights @ polynomial @ weights
    return found


def coverage(components: NDArray[np.float64], trained: TrainingRanges) -> Coverage:
    """Compare the components of all atoms, shape (n_atoms, 1 + l_max), with the ranges of the training set."""
    scaled = components / trained.ranges
    return Coverage(float(scaled.max()), float(np.ptp(scaled, axis=0).max()))


def _radial(lengths: NDArray[np.float64], cutoff: float, basis: int) -> NDArray[np.float64]:
    """Return Σ_k f_k(r): f₀ is the cutoff function, the others are (T_k + 1)/2 times it, with Chebyshev's T_k."""
    within = (1 + np.cos(np.pi * lengths / cutoff)) / 2
    place = 2 * (lengths / cutoff - 1) ** 2 - 1
    chebyshev = np.polynomial.chebyshev.chebval(place, [0.0] + [1.0] * basis) if basis else np.zeros_like(place)
    return np.asarray(within * (1 + (chebyshev + basis) / 2))
