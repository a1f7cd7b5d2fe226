"""Frames of text dumps of LAMMPS, with atoms in any order.

References
----------
https://docs.lammps.org/dump.html and https://docs.lammps.org/Howto_triclinic.html
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.trajectories.frames import Cut, Frame, FrameIterator, Lines
from backend.sources.formats.trajectories.words import Words

WRAPPED: Final = ("x", "y", "z")
COORDINATES: Final = (
    (("xu", "yu", "zu"), False),
    (WRAPPED, False),
    (("xsu", "ysu", "zsu"), True),
    (("xs", "ys", "zs"), True),
)
"""Columns of positions, and whether they are scaled; the first that a dump has are taken."""
IMAGES: Final = ("ix", "iy", "iz")
VELOCITIES: Final = ("vx", "vy", "vz")
FASTEST_PER_FS: Final = 0.2
"""Root mean square velocity in Å/fs that no atom reaches: larger numbers are in Å/ps (units metal)."""
LENGTHS: Final = {"lj", "si", "cgs", "electron", "micro", "nano"}
"""Units of LAMMPS in which lengths are not in Å."""
TIMES_FS: Final = {"real": 1.0, "metal": 1e3}
"""Units of LAMMPS → their time in fs."""
ITEM: Final = b"ITEM: "


def read_frames(lines: Lines) -> FrameIterator:
    """Yield the frames of a dump, with atoms in the order of their numbers."""
    unit, unit_fs = None, None
    order = _Order(lines)
    while (line := lines.filled()) is not None:
        time = step = n_atoms = None
        cell, origin = None, np.zeros(3)
        while not line.startswith(b"ITEM: ATOMS"):
            if line == b"ITEM: TIMESTEP":
                step = _whole(lines)
            elif line == b"ITEM: UNITS":
                unit = lines.required().decode("latin-1").strip()
                unit_fs = TIMES_FS.get(unit)
                if unit in LENGTHS:
                    raise lines.refusal(f"units {unit} are not read, only real and metal")
            elif line == b"ITEM: TIME":
                time = float(lines.numbers(lines.required().strip()))
            elif line == b"ITEM: NUMBER OF ATOMS":
                n_atoms = lines.whole(lines.required().split())
            elif line.startswith(b"ITEM: BOX BOUNDS"):
                cell, origin = _box(lines, line)
            elif not line.startswith(ITEM):
                raise lines.refusal("ITEM: is missing")
            else:
                raise lines.refusal(f"{line[:40].decode('latin-1')} is not known")
            line = lines.required()
        if n_atoms is None or cell is None or step is None:
            raise lines.refusal("the number of atoms or the box is missing")
        lines.check_size(n_atoms)
        names = line.decode("latin-1").split()[2:]
        table = lines.table(n_atoms)
        if table.shape[1] != len(names):
            raise lines.refusal(f"{table.shape[1]} values instead of {len(names)}")
        time_fs = None if time is None or unit_fs is None else time * unit_fs
        if "id" in names:
            table = table[order.of(table[:, names.index("id")])]
        yield _frame(lines, names, table, cell, origin, step, time_fs, unit_fs)


class _Order:
    """The order of the atoms by their numbers, which is often that of the frame before."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._words = np.empty(0, dtype=np.bytes_)
        self._order = np.empty(0, dtype=np.int64)

    def of(self, words: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Return the rows of the atoms in the order of their numbers.

        Raises
        ------
        Refused
            Two atoms have the same number.
        """
        if not np.array_equal(words, self._words):
            numbers = self._lines.numbers(words)
            self._order = np.argsort(numbers, kind="stable")
            if (np.diff(numbers[self._order]) == 0).any():
                raise self._lines.refusal("two atoms have the same id")
            self._words = words
        return self._order


def _frame(
    lines: Lines,
    names: list[str],
    table: Words,
    cell: NDArray[np.float64],
    origin: NDArray[np.float64],
    step: int,
    time_fs: float | None,
    unit_fs: float | None,
) -> Frame:
    species = next((name for name in ("element", "type") if name in names), None)
    if species is None:
        raise lines.refusal("neither type nor element is dumped")
    dumped = [one for one in COORDINATES if set(one[0]) <= set(names)]
    if not dumped:
        raise lines.refusal("no positions are dumped")
    columns, is_scaled = dumped[0]
    positions = _vectors(lines, names, table, columns)
    if not is_scaled:
        positions = positions - origin
    if columns == WRAPPED and set(IMAGES) <= set(names):
        positions = positions + _vectors(lines, names, table, IMAGES) @ cell
    velocities = _vectors(lines, names, table, VELOCITIES) if set(VELOCITIES) <= set(names) else None
    if velocities is not None:
        fast = np.sqrt((velocities**2).sum(axis=1).mean()) > FASTEST_PER_FS
        velocities = velocities / (unit_fs or (1e3 if fast else 1.0))
    return Frame(
        labels=table[:, names.index(species)],
        positions=positions,
        cell=cell,
        is_scaled=is_scaled,
        velocities=velocities,
        time_fs=time_fs,
        step=step,
        masses=lines.numbers(table[:, names.index("mass")]) if "mass" in names else None,
    )


def _vectors(lines: Lines, names: list[str], table: Words, columns: tuple[str, ...]) -> NDArray[np.float64]:
    return lines.numbers(table[:, [names.index(name) for name in columns]])


def _whole(lines: Lines) -> int:
    word = lines.required().strip()
    if not word.isdigit() or len(word) > 18:
        raise lines.refusal("the number of the step is missing")
    return int(word)


def _box(lines: Lines, header: bytes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the cell vectors as rows, and the origin of the box."""
    rows = [lines.required().split() for _ in range(3)]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) not in (2, 3, 4):
        raise Cut if lines.read() is None else lines.refusal("the box is not readable")
    values = lines.numbers(rows)
    if values.shape[1] == 4:
        # General triclinic: a, b, c and the origin (abc origin)
        return values[:, :3], values[:, 3]
    if values.shape[1] == 2:
        return np.diag(values[:, 1] - values[:, 0]), values[:, 0]
    xy, xz, yz = values[:, 2]
    low, high = values[:, 0].copy(), values[:, 1].copy()
    # The bounds enclose the tilted box
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    lengths = high - low
    return np.array([[lengths[0], 0, 0], [xy, lengths[1], 0], [xz, yz, lengths[2]]]), low
