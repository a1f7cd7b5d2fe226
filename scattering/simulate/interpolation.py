"""Phonons at any wave vector from force constants."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from euphonic import ForceConstants, QpointPhononModes, ureg
from numpy.typing import NDArray

from scattering.core.supercells import is_half
from scattering.simulate.dynamical_matrix import DynamicalMatrix, energies_mev

GAMMA_TOLERANCE: Final = 1e-8
"""Reduced coordinates. Wave vectors that are nearer to Γ are Γ."""
CHUNK_BYTES: Final = 2**24
"""Memory of the matrices that one thread diagonalises together."""

_matrices: WeakKeyDictionary[ForceConstants, dict[bool, DynamicalMatrix]] = WeakKeyDictionary()
"""The sums over cells of force constants, which take as long as many wave vectors, with and without the sum rule."""


def modes_at(
    fc: ForceConstants,
    q: NDArray[np.float64],
    *,
    directions: NDArray[np.float64] | None = None,
    sum_rule: bool = True,
    n_threads: int | None = None,
) -> QpointPhononModes:
    """Calculate phonon modes at wave vectors, one set for each, in their order. Other threads run meanwhile.

    At Γ the modes of a crystal with Born charges depend on the direction from which Γ is approached.

    Parameters
    ----------
    fc
        Force constants. Their arrays must not change afterwards.
    q
        Shape (n_q, 3), in reciprocal vectors of the crystal.
    directions
        Shape (n_q, 3), in the same vectors, of any length: the directions of approach, which wave vectors at Γ use.
        Default and (0, 0, 0): no direction. The modes are then those without a macroscopic field, all transverse.
    sum_rule
        Whether acoustic modes are moved to energy 0 at Γ.
    n_threads
        Default: all cores.
    """
    n_modes = 3 * fc.crystal.n_atoms
    energies = np.empty((len(q), n_modes))
    vectors = np.empty((len(q), n_modes, n_modes), dtype=np.complex128)

    def solve(chosen: NDArray[np.int64], matrices: NDArray[Any]) -> None:
        squares, columns = np.linalg.eigh(matrices, UPLO="U")
        energies[chosen], vectors[chosen] = energies_mev(squares), columns.transpose(0, 2, 1)

    _for_chunks(fc, q, directions, sum_rule, n_threads, solve)
    return QpointPhononModes(
        fc.crystal, q, energies * ureg("meV"), vectors.reshape(len(q), n_modes, fc.crystal.n_atoms, 3)
    )


def energies_at(
    fc: ForceConstants,
    q: NDArray[np.float64],
    *,
    directions: NDArray[np.float64] | None = None,
    n_threads: int | None = None,
) -> NDArray[np.float64]:
    """Return the energies of `modes_at` in meV, ascending, shape (n_q, n_modes); imaginary ones are negative.

    They take a third of the time of the modes.
    """
    energies = np.empty((len(q), 3 * fc.crystal.n_atoms))

    def solve(chosen: NDArray[np.int64], matrices: NDArray[Any]) -> None:
        energies[chosen] = energies_mev(np.linalg.eigvalsh(matrices, UPLO="U"))

    _for_chunks(fc, q, directions, True, n_threads, solve)
    return energies


def stiffness_at(fc: ForceConstants, q: NDArray[np.float64], *, sum_rule: bool = True) -> NDArray[np.complex128]:
    """Return the force constants of waves, Σ_R Φ(R) exp(2πi q·R), without a macroscopic field at Γ.

    Parameters
    ----------
    fc, q, sum_rule
        As of `modes_at`.

    Returns
    -------
    Shape (n_q, n_modes, n_modes), eV/Å².
    """
    upper = np.triu(_matrix_of(fc, sum_rule).without_masses(q))
    return np.asarray(upper + np.triu(upper, 1).conj().transpose(0, 2, 1))


def _matrix_of(fc: ForceConstants, sum_rule: bool) -> DynamicalMatrix:
    made = _matrices.setdefault(fc, {})
    if sum_rule not in made:
        made[sum_rule] = DynamicalMatrix(fc, sum_rule=sum_rule)
    return made[sum_rule]


def _for_chunks(
    fc: ForceConstants,
    q: NDArray[np.float64],
    directions: NDArray[np.float64] | None,
    sum_rule: bool,
    n_threads: int | None,
    solve: Callable[[NDArray[np.int64], NDArray[Any]], None],
) -> None:
    """Call a function with some wave vectors, by their numbers, and with their dynamical matrices, in threads."""
    dynamical, approach = _matrix_of(fc, sum_rule), None
    if directions is not None:
        at_gamma = np.asarray((np.abs(q - np.rint(q)) < GAMMA_TOLERANCE).all(axis=1))
        approach = np.where(at_gamma[:, None], directions, 0.0)
    threads = n_threads or len(os.sched_getaffinity(0))
    size = max(1, min(CHUNK_BYTES // (16 * dynamical.n_modes**2), -(-len(q) // threads)))
    real = is_half(q)
    # Real matrices take a quarter of the time of complex ones
    groups = [np.flatnonzero(real), np.flatnonzero(~real)]
    chunks = [group[start : start + size] for group in groups for start in range(0, len(group), size)]

    def calculate(chosen: NDArray[np.int64]) -> None:
        solve(chosen, dynamical.at(q[chosen], directions=None if approach is None else approach[chosen]))

    if threads == 1 or len(chunks) == 1:
        for chunk in chunks:
            calculate(chunk)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(calculate, chunks))
