"""Default settings of a single crystal along a path: a supercell that fits the waves of the path."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.crystal.path import Segment, commensurate_vectors
from scattering.simulate import protocol

DISPLACEMENT_ANGSTROM: Final = 0.01
"""Displacement of atoms for the force constants of the dispersion that is shown beside molecular dynamics."""
MAX_ARMS: Final = 6
"""Largest number of symmetry-equivalent waves over which molecular dynamics averages."""


def commensurate_supercell(
    lines: Sequence[Segment], cell: NDArray[np.float64], *, n_atoms: int, target: int
) -> list[int]:
    """Choose a supercell of about `target` atoms that fits as many special points of a path as possible.

    Candidates are nearly cubic and have 0.5 to 2.5 times `target` atoms. The best one fits most ends of the path's
    lines; among equals it is nearest to `target`. Sides of equal height have equal repeats.

    Parameters
    ----------
    lines
        The path.
    cell
        Shape (3, 3), Å. The uploaded cell.
    n_atoms
        Number of atoms in that cell.
    target
        Desired number of atoms in the supercell.
    """
    side = protocol.cell_heights(cell)
    alike = np.round(side, 3)
    ends = np.array([place for line in lines for place in (line.start, line.end)])
    best, choice = (-1, 0.0), [1, 1, 1]
    candidates = set()
    for height in np.geomspace(10.0, 500.0, 400):
        nearest = np.maximum(1, np.rint(height / side)).astype(int)
        if nearest.prod() * n_atoms > 8 * target:
            break
        for shift in itertools.product((-1, 0, 1), repeat=3):
            repeats = nearest + shift
            if (repeats * side >= min(10.0, height)).all() and all(
                repeats[i] == repeats[j] for i, j in itertools.combinations(range(3), 2) if alike[i] == alike[j]
            ):
                candidates.add(tuple(int(n) for n in repeats))
    for repeats in sorted(candidates):
        atoms = math.prod(repeats) * n_atoms
        if 0.5 <= atoms / target <= 2.5:
            places = ends * repeats
            sampled = int((np.abs(places - np.rint(places)).max(axis=1) < 1e-4).sum())
            score = (sampled, -abs(math.log(atoms / target)))
            if score > best:
                best, choice = score, list(repeats)
    if best[0] < 0:  # a large uploaded cell
        return protocol.choose_supercell(cell, n_atoms=n_atoms, target=target, min_height=10.0)
    return choice


def missing_segments(lines: Sequence[Segment], supercell: Sequence[int]) -> list[str]:
    """Return the names of the lines of a path on which a supercell has fewer than two waves."""
    return ["–".join(line.labels) for line in lines if len(commensurate_vectors(line, supercell)) < 2]
