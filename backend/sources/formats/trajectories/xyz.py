"""Frames of XYZ files: plain, extended, those of GPUMD, which add times and velocities, and those of CP2K.

References
----------
https://github.com/libAtoms/extxyz and https://gpumd.org/gpumd/output_files
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from ase import units
from ase.data import chemical_symbols
from numpy.typing import NDArray

from backend.sources.formats.trajectories.frames import Frame, FrameIterator, Lines
from backend.sources.formats.trajectories.words import Words

LATTICE: Final = re.compile(rb"""\bLattice\s*=\s*["{\[]([^"}\]]*)["}\]]""", re.IGNORECASE)
PROPERTIES: Final = re.compile(rb'\bProperties\s*=\s*"?([^\s"]+)', re.IGNORECASE)
TIME: Final = re.compile(rb'(?:^|\s)time(?:_fs)?\s*=\s*"?([-+.0-9eE]+)', re.IGNORECASE)
STEP: Final = re.compile(rb"^\s*i\s*=\s*(\d{1,15}),")
"""Number of the step, as CP2K writes it."""
VELOCITIES: Final = {b"vel": 1.0, b"velo": 1.0}
"""Column → unit in Å/fs, as GPUMD and libAtoms write it."""
MOMENTA: Final = {b"momenta": units.fs}
"""Column → unit in u Å/fs, as ASE writes it."""
PLAIN: Final = {b"species": slice(0, 1), b"pos": slice(1, 4)}


def read_frames(lines: Lines) -> FrameIterator:
    """Yield the frames of an XYZ file. Times are in fs, as GPUMD, libAtoms and CP2K write them."""
    while (first := lines.filled()) is not None:
        n_atoms = lines.whole(first.split())
        comment = lines.required()
        lines.check_size(n_atoms)
        columns = _columns(lines, comment)
        table = lines.table(n_atoms)
        if table.shape[1] < max(column.stop for column in columns.values()):
            raise lines.refusal("columns are missing")
        time, step = TIME.search(comment), STEP.match(comment)
        yield Frame(
            labels=_labels(lines, table, columns),
            positions=lines.numbers(table[:, columns[b"pos"]]),
            cell=_lattice(lines, comment),
            velocities=_vectors(lines, table, columns, VELOCITIES),
            momenta=_vectors(lines, table, columns, MOMENTA),
            time_fs=None if time is None else float(lines.numbers(time[1])),
            step=None if step is None else int(step[1]),
            masses=lines.numbers(table[:, columns[b"masses"]])[:, 0] if b"masses" in columns else None,
        )


def _columns(lines: Lines, comment: bytes) -> dict[bytes, slice]:
    """Return name → columns of a frame."""
    found = PROPERTIES.search(comment)
    if found is None:
        return PLAIN
    words = found[1].split(b":")
    columns, begin = dict[bytes, slice](), 0
    for name, _, count in zip(words[::3], words[1::3], words[2::3], strict=False):
        if not count.isdigit() or len(count) > 3:
            raise lines.refusal("Properties are not readable")
        columns[name.lower()] = slice(begin, begin + int(count))
        begin += int(count)
    widths = {name: column.stop - column.start for name, column in columns.items()}
    if widths.get(b"pos") != 3 or (b"species" not in columns and b"z" not in columns):
        raise lines.refusal("Properties have no species and pos")
    return columns


def _labels(lines: Lines, table: Words, columns: dict[bytes, slice]) -> NDArray[np.bytes_]:
    if b"species" in columns:
        return np.asarray(table[:, columns[b"species"].start])
    numbers = lines.numbers(table[:, columns[b"z"].start]).astype(int)
    if numbers.min() < 1 or numbers.max() >= len(chemical_symbols):
        raise lines.refusal("an atomic number is not known")
    return np.array([chemical_symbols[number] for number in numbers], dtype=np.bytes_)


def _lattice(lines: Lines, comment: bytes) -> NDArray[np.float64] | None:
    found = LATTICE.search(comment)
    if found is None:
        return None
    values = lines.numbers(found[1].replace(b",", b" ").split())
    if values.shape != (9,):
        raise lines.refusal("Lattice does not have 9 numbers")
    return values.reshape(3, 3)


def _vectors(
    lines: Lines, table: Words, columns: dict[bytes, slice], units_of: Mapping[bytes, float]
) -> NDArray[np.float64] | None:
    """Return the first of some columns that the file has, times its unit."""
    for name, unit in units_of.items():
        if name in columns:
            return lines.numbers(table[:, columns[name]]) * unit
    return None
