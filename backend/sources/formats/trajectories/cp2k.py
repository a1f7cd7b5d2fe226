"""Frames of CP2K: positions in XYZ, and velocities and cells in files of their own.

References
----------
https://github.com/cp2k/cp2k: src/particle_methods.F (frames), src/motion_utils.F (titles and cells)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.reading import Files, Refused, does_not_fit
from backend.sources.formats.trajectories import xyz
from backend.sources.formats.trajectories.castep_md import SPEED
from backend.sources.formats.trajectories.frames import Cut, FrameIterator, Lines

CELL_COLUMNS: Final = 11
"""Step, time and the vectors; a volume follows."""


def read_frames(files: Files) -> FrameIterator:
    """Yield the frames of positions, with the velocities and the cells of the same steps."""
    with ExitStack() as stack:
        lines = {role: Lines(file, stack.enter_context(file.open())) for role, file in files.items()}
        frames = xyz.read_frames(lines["cp2k_xyz"])
        if "cp2k_velocities" in lines:
            frames = _with_velocities(frames, lines["cp2k_velocities"], files)
        if "cp2k_cell" in lines:
            frames = _with_cells(frames, lines["cp2k_cell"], files)
        yield from frames


def _with_velocities(frames: FrameIterator, lines: Lines, files: Files) -> FrameIterator:
    """Yield frames with velocities, which are in atomic units."""
    others = xyz.read_frames(lines)
    for frame in frames:
        other = next(others, None)
        if other is None:
            raise Cut
        if other.step != frame.step or not np.array_equal(other.labels, frame.labels):
            raise _other_steps("cp2k_velocities", files)
        yield replace(frame, velocities=other.positions * SPEED)


def _with_cells(frames: FrameIterator, lines: Lines, files: Files) -> FrameIterator:
    """Yield frames with the cell of their step; a constant cell may have other steps."""
    cells = _cells(lines)
    current = next(cells, None)
    if current is None:
        raise lines.refusal("there are no cells")
    following, is_constant = next(cells, None), True
    for frame in frames:
        if frame.step is None:
            raise _other_steps("cp2k_cell", files)
        while following is not None and following[0] <= frame.step:
            is_constant = is_constant and np.allclose(following[1], current[1], atol=1e-6)
            current, following = following, next(cells, None)
        if current[0] != frame.step and not is_constant:
            raise _other_steps("cp2k_cell", files)
        yield replace(frame, cell=current[1])


def _cells(lines: Lines) -> Iterator[tuple[int, NDArray[np.float64]]]:
    while (line := lines.filled()) is not None:
        if line.lstrip().startswith(b"#"):
            continue
        words = line.split()
        if len(words) < CELL_COLUMNS or not words[0].isdigit() or len(words[0]) > 15:
            raise lines.damage("step, time and the nine components of the cell are missing")
        yield int(words[0]), lines.numbers(words[2:CELL_COLUMNS]).reshape(3, 3)


def _other_steps(role: str, files: Files) -> Refused:
    return does_not_fit("steps", file=files[role].name, other=files["cp2k_xyz"].name)
