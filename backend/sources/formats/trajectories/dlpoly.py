"""Frames of formatted HISTORY files of DL_POLY, with atoms in any order.

References
----------
The DL_POLY_4 user manual, "The HISTORY File"; https://gitlab.com/ccp5/dl-poly
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.trajectories.frames import Frame, FrameIterator, Lines, check_atoms

OTHER_SHAPES: Final = {4, 5, 7}
"""Boundary conditions (imcon) of boxes that their three vectors do not describe."""
PS_FS: Final = 1e3


def read_frames(lines: Lines) -> FrameIterator:
    """Yield the frames of a HISTORY, with atoms in the order of their numbers."""
    lines.required()
    level, n_atoms = _header(lines)
    while (line := lines.filled()) is not None:
        words = line.split()
        if words[0] != b"timestep" or len(words) < 6 or not all(word.isdigit() for word in (words[1], words[4])):
            raise lines.damage("timestep is missing")
        if words[2] != str(n_atoms).encode():
            raise lines.refusal("the number of atoms changes")
        lines.check_size(n_atoms)
        step, shape = int(words[1][:18]), int(words[4][:9])
        time = step * float(lines.numbers(words[5])) * PS_FS
        first = lines.required().split()
        cell = None
        if len(first) == 3:
            cell = lines.numbers([first, *(_vector(lines) for _ in range(2))])
        else:
            lines.unread()
        if shape in OTHER_SHAPES:
            raise lines.refusal(f"boundary conditions {shape} (imcon) are not read")
        yield _frame(lines, n_atoms, level, cell if shape else None, step, time)


def _header(lines: Lines) -> tuple[int, int]:
    words = lines.required().split()[:3]
    if len(words) != 3 or not all(word.isdigit() and len(word) < 16 for word in words):
        raise lines.refusal("the level of the trajectory, boundary conditions and number of atoms are missing")
    level, _, n_atoms = map(int, words)
    if level > 2:
        raise lines.refusal(f"trajectories of level {level} are not read, only 0, 1 and 2")
    check_atoms(n_atoms)
    if not n_atoms:
        raise lines.refusal("there are no atoms")
    return level, n_atoms


def _frame(
    lines: Lines, n_atoms: int, level: int, cell: NDArray[np.float64] | None, step: int, time_fs: float
) -> Frame:
    # Name, number, mass and charge; positions, and velocities and forces at higher levels
    n_each = level + 2
    n_lines = n_atoms * n_each
    words = lines.block(n_lines)
    place = np.arange(n_lines)
    is_record = place % n_each == 0
    wrong = np.flatnonzero(np.where(is_record, words.counts < 4, words.counts != 3))
    if wrong.size:
        row = int(wrong[0])
        missing = "name, number, mass and charge of an atom are missing"
        raise lines.damage_at(row, n_lines, missing if is_record[row] else f"{words.counts[row]} values instead of 3")
    lines.check_end()
    records = words.columns(place[is_record], 0, 3)
    numbers = lines.numbers(records[:, 1])
    order = np.argsort(numbers, kind="stable")
    if (np.diff(numbers[order]) == 0).any():
        raise lines.refusal("two atoms have the same number")
    vectors = lines.numbers(words.columns(place[~is_record], 0, 3))
    values = vectors.reshape(n_atoms, level + 1, 3)[order]
    return Frame(
        labels=records[:, 0][order],
        positions=values[:, 0],
        cell=cell,
        velocities=values[:, 1] / PS_FS if level else None,
        time_fs=time_fs,
        step=step,
        masses=lines.numbers(records[:, 2])[order],
        has_type_names=True,
    )


def _vector(lines: Lines) -> list[bytes]:
    words = lines.required().split()
    if len(words) != 3:
        raise lines.damage(f"{len(words)} values instead of 3")
    return words
