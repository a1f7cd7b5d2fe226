"""Modes along the path of a dispersion, in which bands can be followed and animated."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.harmonic_crystal import HarmonicCrystal
from scattering.modes.dispersion import Dispersion
from scattering.modes.grid import ModeGrid, calculate_modes
from scattering.simulate.interpolation import energies_at

SAME_DISTANCE: Final = 1e-6
"""Å⁻¹. Neighbouring wave vectors that are closer along the path are the two sides of a break."""


@dataclass(frozen=True, eq=False)
class BandModes:
    """Modes at wave vectors of a dispersion.

    Attributes
    ----------
    distance
        Shape (n,), Å⁻¹ along the path, not descending.
    q
        Shape (n, 3), in reciprocal vectors of the primitive cell.
    energies
        Shape (n, n_modes), meV, ascending; imaginary ones are negative.
    eigenvectors
        Shape (n, n_modes, n_atoms, 3), complex, as in `ModeGrid`.
    ticks
        Index and name of the special points; at a break of the path, of both of its sides with one name.
    lines
        First index, and index after the last, of each part of the path without a break.
    """

    distance: NDArray[np.float64]
    q: NDArray[np.float64]
    energies: NDArray[np.float64]
    eigenvectors: NDArray[np.complex128]
    ticks: tuple[tuple[int, str], ...]
    lines: tuple[tuple[int, int], ...]


def special_places(dispersion: Dispersion) -> NDArray[np.bool_]:
    """Return which wave vectors of a dispersion are special points, shape (n,)."""
    places = np.array([place for place, _ in dispersion.ticks])
    return np.asarray((np.abs(dispersion.distance[:, None] - places) < SAME_DISTANCE).any(axis=1))


def calculate_bands(grid: ModeGrid, dispersion: Dispersion, max_points: int) -> BandModes:
    """Calculate the modes of a dispersion at its special points and, as far as they fit, between them.

    Parameters
    ----------
    grid
        The crystal.
    dispersion
        The dispersion of the same crystal, with its wave vectors.
    max_points
        Largest number of wave vectors; more only if there are more special points.
    """
    chosen = _thin(special_places(dispersion), max_points)
    q, directions = _reduced(grid.crystal, dispersion)
    distance, q = dispersion.distance[chosen], q[chosen]
    energies, eigenvectors = calculate_modes(grid.force_constants, q, directions[chosen])
    breaks = np.flatnonzero(np.diff(distance) < SAME_DISTANCE) + 1
    ends = [0, *breaks.tolist(), len(distance)]
    return BandModes(
        distance=distance,
        q=q,
        energies=energies,
        eigenvectors=eigenvectors,
        ticks=tuple(
            (int(index), name)
            for place, name in dispersion.ticks
            for index in np.flatnonzero(np.abs(distance - place) < SAME_DISTANCE)
        ),
        lines=tuple(itertools.pairwise(ends)),
    )


def disperse_along(grid: ModeGrid, dispersion: Dispersion) -> Dispersion:
    """Calculate the energies of a crystal at the wave vectors of the dispersion of another one, in the same r.l.u.

    The cells may be relaxed differently, and the distances along the path are those of the other crystal.

    Raises
    ------
    ValueError
        The dispersion has no wave vectors.
    """
    q, directions = _reduced(grid.crystal, dispersion)
    return replace(dispersion, energies=energies_at(grid.force_constants, q, directions=directions))


def _reduced(crystal: HarmonicCrystal, dispersion: Dispersion) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return wave vectors and directions of a dispersion in reciprocal vectors of a primitive cell, shapes (n, 3)."""
    if dispersion.q_rlu is None or dispersion.directions_rlu is None:
        raise ValueError("the dispersion has no wave vectors")
    to_reduced = np.linalg.inv(crystal.repeats).T
    return dispersion.q_rlu @ to_reduced, dispersion.directions_rlu @ to_reduced


def _thin(special: NDArray[np.bool_], max_points: int) -> NDArray[np.int64]:
    """Return the indices of special points, and of others at equal steps so that there are not too many of both."""
    for step in range(1, len(special)):
        chosen = special.copy()
        chosen[::step] = True
        if chosen.sum() <= max_points:
            return np.flatnonzero(chosen)
    return np.flatnonzero(special)
