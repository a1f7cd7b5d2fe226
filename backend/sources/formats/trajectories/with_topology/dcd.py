"""Frames of DCD files of CHARMM, NAMD, LAMMPS, CP2K and others, in Å; their times have no certain unit.

References
----------
https://www.ks.uiuc.edu/Research/vmd/plugins/doxygen/dcdplugin_8c-source.html;
CP2K: src/motion_utils.F and src/particle_methods.F of https://github.com/cp2k/cp2k
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from ase.geometry import cellpar_to_cell
from numpy.typing import NDArray

from backend.sources.formats.reading import Files, UploadedFile, incomplete
from backend.sources.formats.trajectories.frames import Cut, Frame, FrameIterator, check_atom_frames, check_atoms
from backend.sources.formats.trajectories.with_topology.topologies import read_topology

CONTROLS: Final = 20
"""Numbers of the header."""
N_FRAMES, FIXED, HAS_CELL, HAS_FOURTH, VERSION = 0, 8, 10, 11, 19
"""Places in them: frames (0: not counted), fixed atoms, a cell in frames, a fourth dimension, version (0: X-PLOR)."""
MAX_TITLE_BYTES: Final = 100_000


@dataclass(frozen=True, eq=False)
class _Header:
    order: str
    n_atoms: int
    free: NDArray[np.int64] | None
    has_cell: bool
    has_fourth: bool
    n_frames: int


def read_frames(files: Files) -> FrameIterator:
    """Yield the frames of a DCD."""
    file = files["dcd"]
    size = file.path.stat().st_size
    with file.open() as stream:
        header = _header(file, stream)
        topology = read_topology(files, header.n_atoms)
        positions = np.empty((header.n_atoms, 3))
        number = 0
        while stream.tell() < size:
            number += 1
            check_atom_frames(number * header.n_atoms)
            cell = _cell(file, _record(file, stream, header.order, 48), header.order) if header.has_cell else None
            # Atoms that are fixed are in the first frame only
            moving = np.arange(header.n_atoms) if header.free is None or number == 1 else header.free
            positions = positions.copy()
            for axis in range(3):
                values = _record(file, stream, header.order, 4 * len(moving))
                positions[moving, axis] = np.frombuffer(values, f"{header.order}f4")
            if header.has_fourth:
                _record(file, stream, header.order, 4 * len(moving))
            if not np.isfinite(positions).all():
                raise incomplete(file, f"frame {number}: a value is not a finite number")
            yield Frame(
                labels=topology.labels,
                positions=positions,
                cell=cell,
                masses=topology.masses,
                has_type_names=topology.has_type_names,
            )
    if number < header.n_frames:
        raise Cut


def _record(file: UploadedFile, stream: BinaryIO, order: str, n_bytes: int) -> bytes:
    """Return a record of a known length, which stands before and after it."""
    content = stream.read(n_bytes + 8)
    marks = np.frombuffer(content[:4] + content[-4:] if len(content) > 7 else b"", f"{order}u4")
    if len(content) < n_bytes + 8:
        if len(content) > 3 and int(np.frombuffer(content[:4], f"{order}u4")[0]) != n_bytes:
            raise incomplete(file, f"a record does not have {n_bytes} bytes")
        raise Cut
    if marks.tolist() != [n_bytes, n_bytes]:
        raise incomplete(file, f"a record does not have {n_bytes} bytes")
    return content[4:-4]


def _header(file: UploadedFile, stream: BinaryIO) -> _Header:
    start = stream.read(4)
    order = next((one for one in "<>" if start == np.array(4 + 4 * CONTROLS, f"{one}u4").tobytes()), None)
    if order is None:
        raise incomplete(file, "the header is missing")
    stream.seek(0)
    try:
        controls = np.frombuffer(_record(file, stream, order, 4 + 4 * CONTROLS)[4:], f"{order}i4")
        length = int(np.frombuffer(stream.read(4), f"{order}u4")[0])
        if length > MAX_TITLE_BYTES:
            raise incomplete(file, "the title is too long")
        stream.seek(-4, 1)
        _record(file, stream, order, length)
        n_atoms = int(np.frombuffer(_record(file, stream, order, 4), f"{order}i4")[0])
        if n_atoms < 1:
            raise incomplete(file, "there are no atoms")
        check_atoms(n_atoms)
        n_fixed, free = int(controls[FIXED]), None
        if n_fixed:
            if not 0 < n_fixed < n_atoms:
                raise incomplete(file, "the number of fixed atoms is wrong")
            free = np.frombuffer(_record(file, stream, order, 4 * (n_atoms - n_fixed)), f"{order}i4") - 1
            if free.min() < 0 or free.max() >= n_atoms:
                raise incomplete(file, "the number of an atom is wrong")
    except (Cut, IndexError):
        raise incomplete(file, "the header is cut") from None
    is_charmm = controls[VERSION] != 0
    return _Header(
        order,
        n_atoms,
        None if free is None else free.astype(np.int64),
        has_cell=bool(is_charmm and controls[HAS_CELL]),
        has_fourth=bool(is_charmm and controls[HAS_FOURTH] == 1),
        n_frames=int(controls[N_FRAMES]),
    )


def _cell(file: UploadedFile, record: bytes, order: str) -> NDArray[np.float64] | None:
    """Return the cell of a frame: lengths with angles or their cosines, or CHARMM's symmetric matrix."""
    a, gamma, b, beta, alpha, c = values = np.frombuffer(record, f"{order}f8").astype(np.float64)
    if not np.isfinite(values).all():
        raise incomplete(file, "a cell has a value that is not a finite number")
    if not values.any():
        return None
    angles = np.array([alpha, beta, gamma])
    if (np.abs(angles) <= 1).all():
        # np.arccos(0) is not 90° to the last bit
        angles = 90 - np.degrees(np.arcsin(angles))
    elif (values < 0).any() or (angles > 180).any():
        return np.array([[a, gamma, beta], [gamma, b, alpha], [beta, alpha, c]])
    return np.asarray(cellpar_to_cell([a, b, c, *angles]))
