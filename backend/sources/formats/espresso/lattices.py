"""Lattices of Quantum ESPRESSO by their number (`ibrav`), as `latgen` makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NUMBERS: Final = frozenset((1, 2, 3, -3, 4, 5, -5, 6, 7, 8, 9, -9, 91, 10, 11, 12, -12, 13, -13, 14))


def lattice_of(number: int, celldm: Sequence[float]) -> NDArray[np.float64]:
    """Return lattice vectors as rows, in units of celldm(1).

    Parameters
    ----------
    number
        `ibrav`, one of `NUMBERS`.
    celldm
        The six numbers of the file: a in bohr, b/a, c/a, and cosines of angles.

    Raises
    ------
    ValueError
        The lattice has another number, or no volume.

    References
    ----------
    INPUT_PW of Quantum ESPRESSO, `ibrav`; Modules/latgen.f90.
    """
    if number not in NUMBERS:
        raise ValueError(f"ibrav = {number} is not known")
    vectors = np.array(_vectors(number, *celldm[1:6]), dtype=np.float64)
    if not np.isfinite(vectors).all() or abs(np.linalg.det(vectors)) < 1e-6:
        raise ValueError("the cell has no volume")
    return vectors


def _vectors(number: int, b: float, c: float, cos4: float, cos5: float, cos6: float) -> list[list[Any]]:
    """Return the rows; the meaning of the cosines depends on the lattice."""
    if abs(number) == 5:
        return _rhombohedral(number, cos4)
    if number in (12, -12, 13, -13):
        return _monoclinic(number, b, c, cos4, cos5)
    if number == 14:
        return _triclinic(b, c, cos4, cos5, cos6)
    half, root = 0.5, np.sqrt(3) / 2
    lattices: dict[int, list[list[Any]]] = {
        1: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        2: [[-half, 0, half], [0, half, half], [-half, half, 0]],
        3: [[half, half, half], [-half, half, half], [-half, -half, half]],
        -3: [[-half, half, half], [half, -half, half], [half, half, -half]],
        4: [[1, 0, 0], [-half, root, 0], [0, 0, c]],
        6: [[1, 0, 0], [0, 1, 0], [0, 0, c]],
        7: [[half, -half, c / 2], [half, half, c / 2], [-half, -half, c / 2]],
        8: [[1, 0, 0], [0, b, 0], [0, 0, c]],
        9: [[half, b / 2, 0], [-half, b / 2, 0], [0, 0, c]],
        -9: [[half, -b / 2, 0], [half, b / 2, 0], [0, 0, c]],
        91: [[1, 0, 0], [0, b / 2, -c / 2], [0, b / 2, c / 2]],
        10: [[half, 0, c / 2], [half, b / 2, 0], [0, b / 2, c / 2]],
        11: [[half, b / 2, c / 2], [-half, b / 2, c / 2], [-half, -b / 2, c / 2]],
    }
    return lattices[number]


def _rhombohedral(number: int, cosine: float) -> list[list[Any]]:
    tx, ty, tz = np.sqrt((1 - cosine) / 2), np.sqrt((1 - cosine) / 6), np.sqrt((1 + 2 * cosine) / 3)
    if number == 5:
        return [[tx, -ty, tz], [0, 2 * ty, tz], [-tx, -ty, tz]]
    # The threefold axis is along the diagonal of the cube
    u, v = (tz - 2 * np.sqrt(2) * ty) / np.sqrt(3), (tz + np.sqrt(2) * ty) / np.sqrt(3)
    return [[u, v, v], [v, u, v], [v, v, u]]


def _monoclinic(number: int, b: float, c: float, cos4: float, cos5: float) -> list[list[Any]]:
    cosine = cos5 if number < 0 else cos4
    sine = np.sqrt(1 - cosine**2)
    if number == 12:
        return [[1, 0, 0], [b * cosine, b * sine, 0], [0, 0, c]]
    if number == -12:
        return [[1, 0, 0], [0, b, 0], [c * cosine, 0, c * sine]]
    if number == 13:
        return [[0.5, 0, -c / 2], [b * cosine, b * sine, 0], [0.5, 0, c / 2]]
    return [[0.5, b / 2, 0], [-0.5, b / 2, 0], [c * cosine, 0, c * sine]]


def _triclinic(b: float, c: float, cos_bc: float, cos_ac: float, cos_ab: float) -> list[list[Any]]:
    sine = np.sqrt(1 - cos_ab**2)
    volume = np.sqrt(1 + 2 * cos_bc * cos_ac * cos_ab - cos_bc**2 - cos_ac**2 - cos_ab**2)
    return [
        [1, 0, 0],
        [b * cos_ab, b * sine, 0],
        [c * cos_ac, c * (cos_bc - cos_ac * cos_ab) / sine, c * volume / sine],
    ]
