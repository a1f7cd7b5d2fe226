"""The formats of trajectories: a reader of frames for each, and the statements that it passes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from backend.sources.formats.reading import Files, Statements, UploadedFile
from backend.sources.formats.trajectories import castep_md, cp2k, dlpoly, i_pi, lammps, xdatcar, xyz
from backend.sources.formats.trajectories.frames import FrameIterator, LineReader, text_frames
from backend.sources.formats.trajectories.survey import FrameSink, TrajectoryReading, survey
from backend.sources.formats.trajectories.with_topology import amber, dcd, gromacs

Survey = Callable[..., TrajectoryReading]


def _of(read_frames: LineReader, program: str = "") -> Survey:
    def read(
        files: Files, statements: Statements, *, beads: Sequence[UploadedFile] = (), keep: bool | FrameSink = False
    ) -> TrajectoryReading:
        all_beads = (*files.values(), *beads)
        frames = [text_frames(one, read_frames) for one in all_beads]
        return survey(all_beads, frames, statements, program=program, keep=keep)

    return read


def _of_files(main: str, read_frames: Callable[[Files], FrameIterator], program: str = "") -> Survey:
    def read(
        files: Files, statements: Statements, *, beads: Sequence[UploadedFile] = (), keep: bool | FrameSink = False
    ) -> TrajectoryReading:
        all_beads = (files[main], *beads)
        frames = [read_frames({**files, main: one}) for one in all_beads]
        return survey(all_beads, frames, statements, program=program, keep=keep)

    return read


read_xyz: Final = _of(xyz.read_frames)
read_gpumd: Final = _of(xyz.read_frames, "GPUMD")
read_i_pi: Final = _of(i_pi.read_frames, "i-PI")
read_lammps: Final = _of(lammps.read_frames, "LAMMPS")
read_xdatcar: Final = _of(xdatcar.read_frames, "VASP")
read_castep: Final = _of(castep_md.read_frames, "CASTEP")
read_dlpoly: Final = _of(dlpoly.read_frames, "DL_POLY")
read_cp2k: Final = _of_files("cp2k_xyz", cp2k.read_frames, "CP2K")
read_xtc: Final = _of_files("xtc", gromacs.read_xtc)
read_trr: Final = _of_files("trr", gromacs.read_trr, "GROMACS")
read_dcd: Final = _of_files("dcd", dcd.read_frames)
read_netcdf: Final = _of_files("amber_netcdf", amber.read_netcdf)
read_mdcrd: Final = _of_files("mdcrd", amber.read_mdcrd, "AMBER")
