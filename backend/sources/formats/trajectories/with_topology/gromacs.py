"""Frames of XTC and TRR files of GROMACS, in nm and ps.

XTC is decompressed by MDAnalysis. Its reader ends without a word where a file is cut: the headers of all frames are
walked first, and so are its sizes, before memory is asked for.

References
----------
https://manual.gromacs.org/current/reference-manual/file-formats.html, and src/gromacs/fileio (xtcio.cpp, trrio.cpp)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.reading import Files, UploadedFile, incomplete
from backend.sources.formats.trajectories.frames import Cut, Frame, FrameIterator, check_atom_frames, check_atoms
from backend.sources.formats.trajectories.with_topology.topologies import Topology, read_topology

NM_ANGSTROM: Final = 10.0
PS_FS: Final = 1e3
XTC_MAGIC: Final = 1995
XTC_LARGE_MAGIC: Final = 2023
XTC_START: Final = struct.Struct(">3if9fi")
"""Magic number, atoms, step, time, box, atoms."""
XTC_PACKED: Final = struct.Struct(">f8i")
"""Precision, smallest and largest coordinates, index of a small difference, bytes."""
MAX_UNPACKED_ATOMS: Final = 9
"""Frames of so few atoms have plain numbers."""
SMALL_INDICES: Final = range(73)
TRR_START: Final = struct.Struct(">3i12s13i")
"""Magic number, two lengths of the version, the version, sizes of blocks, atoms, step, and another number."""
TRR_MAGIC: Final = 1993
REAL_SIZES: Final = (4, 8)


def read_xtc(files: Files) -> FrameIterator:
    """Yield the frames of an XTC."""
    file = files["xtc"]
    walk = _walk_xtc(file)
    if not walk.n_frames:
        return
    topology = read_topology(files, walk.n_atoms)
    # Loaded where it is needed: it takes 0.8 s
    from MDAnalysis.lib.formats.libmdaxdr import XTCFile

    with XTCFile(str(file.path)) as stream:
        for _ in range(walk.n_frames):
            frame = stream.read()
            yield _frame(file, topology, frame.x, frame.box, frame.time, rounding=walk.rounding)
    if walk.is_cut:
        raise Cut


@dataclass(frozen=True)
class _Walk:
    n_atoms: int
    n_frames: int
    rounding: float
    is_cut: bool


def _walk_xtc(file: UploadedFile) -> _Walk:
    """Return what the headers of all frames state."""
    size = file.path.stat().st_size
    n_atoms = n_frames = 0
    rounding, is_cut = 0.0, False
    with file.path.open("rb") as stream:
        while stream.tell() < size:
            start = stream.read(XTC_START.size)
            if len(start) < XTC_START.size:
                is_cut = True
                break
            magic, atoms, *_, again = XTC_START.unpack(start)
            if magic not in (XTC_MAGIC, XTC_LARGE_MAGIC) or atoms != again or atoms < 1:
                raise incomplete(file, f"frame {n_frames + 1}: it is no frame of an XTC")
            if not n_frames:
                check_atoms(atoms)
                n_atoms = atoms
            if atoms != n_atoms:
                raise incomplete(file, f"frame {n_frames + 1}: the number of atoms changes")
            step, n_bytes = _body(file, stream, atoms, magic)
            rounding = max(rounding, step)
            if stream.tell() + n_bytes > size:
                is_cut = True
                break
            stream.seek(n_bytes, 1)
            n_frames += 1
            check_atom_frames(n_atoms * n_frames)
    return _Walk(n_atoms, n_frames, rounding, is_cut)


def _body(file: UploadedFile, stream: BinaryIO, n_atoms: int, magic: int) -> tuple[float, int]:
    """Return the step to which positions are rounded, Å, and the bytes that follow; very many of a cut header."""
    if n_atoms <= MAX_UNPACKED_ATOMS:
        return 0.0, 12 * n_atoms
    packed = stream.read(XTC_PACKED.size - 4)
    length = stream.read(8 if magic == XTC_LARGE_MAGIC else 4)
    if len(packed) + len(length) < XTC_PACKED.size:
        return 0.0, 1 << 62
    precision, *_, small = struct.unpack(">f7i", packed)
    n_bytes = int.from_bytes(length, "big", signed=True)
    if not 0 < precision < np.inf or small not in SMALL_INDICES or n_bytes < 0:
        raise incomplete(file, "the header of a frame is damaged")
    return NM_ANGSTROM / precision, n_bytes + -n_bytes % 4


def read_trr(files: Files) -> FrameIterator:
    """Yield the frames of a TRR that have positions."""
    file = files["trr"]
    topology = None
    with file.open() as stream:
        for header in _trr_headers(file, stream):
            if topology is None:
                topology = read_topology(files, header.n_atoms)
            box = _block(file, stream, header, header.box, 3)
            _skip(stream, header.skipped)
            positions = _block(file, stream, header, header.positions, header.n_atoms)
            velocities = _block(file, stream, header, header.velocities, header.n_atoms)
            _skip(stream, header.forces)
            if positions is not None:
                yield _frame(file, topology, positions, box, header.time, velocities=velocities)


@dataclass(frozen=True)
class _TrrHeader:
    """Sizes of the blocks of a frame in bytes, number of atoms, time in ps, and type of numbers."""

    box: int
    skipped: int
    positions: int
    velocities: int
    forces: int
    n_atoms: int
    time: float
    kind: str


def _trr_headers(file: UploadedFile, stream: BinaryIO) -> Iterator[_TrrHeader]:
    size = file.path.stat().st_size
    n_atoms = n_frames = 0
    while stream.tell() < size:
        start = stream.read(TRR_START.size)
        if len(start) < TRR_START.size:
            raise Cut
        magic, _, _, version, *sizes = TRR_START.unpack(start)
        (_, _, box, virial, pressure, _, _, x, v, f, atoms, _, _) = sizes
        if magic != TRR_MAGIC or version != b"GMX_trn_file" or atoms < 1 or min(sizes[:10]) < 0:
            raise incomplete(file, f"frame {n_frames + 1}: it is no frame of a TRR")
        if not n_frames:
            check_atoms(atoms)
            n_atoms = atoms
        if atoms != n_atoms:
            raise incomplete(file, f"frame {n_frames + 1}: the number of atoms changes")
        real = next((block // count for block, count in ((box, 9), (x, 3 * atoms), (v, 3 * atoms)) if block), 4)
        expected = {0, 3 * atoms * real}
        if real not in REAL_SIZES or box not in (0, 9 * real) or not {x, v, f} <= expected:
            raise incomplete(file, f"frame {n_frames + 1}: the sizes of its blocks are wrong")
        times = stream.read(2 * real)
        rest = box + virial + pressure + x + v + f
        if len(times) < 2 * real or stream.tell() + rest > size:
            raise Cut
        kind = ">f4" if real == 4 else ">f8"
        n_frames += 1
        check_atom_frames(n_atoms * n_frames)
        time = float(np.frombuffer(times, kind)[0])
        yield _TrrHeader(box, virial + pressure, x, v, f, atoms, time, kind)


def _block(
    file: UploadedFile, stream: BinaryIO, header: _TrrHeader, n_bytes: int, n_rows: int
) -> NDArray[np.float64] | None:
    if not n_bytes:
        return None
    return np.frombuffer(stream.read(n_bytes), header.kind).astype(np.float64).reshape(n_rows, 3)


def _skip(stream: BinaryIO, n_bytes: int) -> None:
    stream.seek(n_bytes, 1)


def _frame(
    file: UploadedFile,
    topology: Topology,
    positions: NDArray[np.float32] | NDArray[np.float64],
    box: NDArray[np.float32] | NDArray[np.float64] | None,
    time_ps: float,
    *,
    velocities: NDArray[np.float64] | None = None,
    rounding: float = 0.0,
) -> Frame:
    """Return a frame in Å and fs."""
    values = [one for one in (positions, box, velocities, time_ps) if one is not None]
    if not all(np.isfinite(one).all() for one in values):
        raise incomplete(file, "a value is not a finite number")
    return Frame(
        labels=topology.labels,
        positions=np.asarray(positions, dtype=np.float64) * NM_ANGSTROM,
        cell=None if box is None or not np.any(box) else np.asarray(box, dtype=np.float64) * NM_ANGSTROM,
        velocities=None if velocities is None else velocities * (NM_ANGSTROM / PS_FS),
        time_fs=float(time_ps) * PS_FS,
        masses=topology.masses,
        has_type_names=topology.has_type_names,
        rounding_angstrom=rounding,
    )
