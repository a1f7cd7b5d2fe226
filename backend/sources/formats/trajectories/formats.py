"""The formats of trajectories: a reader of frames for each, and the statements that it passes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from backend.sources.formats.reading import Files, Statements
from backend.sources.formats.trajectories import lammps, xdatcar, xyz
from backend.sources.formats.trajectories.frames import FrameIterator, Lines
from backend.sources.formats.trajectories.survey import TrajectoryReading, survey

Survey = Callable[..., TrajectoryReading]


def _of(read_frames: Callable[[Lines], FrameIterator], program: str = "") -> Survey:
    def read(files: Files, statements: Statements, *, keep: bool = False) -> TrajectoryReading:
        (file,) = files.values()
        return survey(file, read_frames, statements, program=program, keep=keep)

    return read


read_xyz: Final = _of(xyz.read_frames)
read_gpumd: Final = _of(xyz.read_frames, "GPUMD")
read_lammps: Final = _of(lammps.read_frames, "LAMMPS")
read_xdatcar: Final = _of(xdatcar.read_frames, "VASP")
