"""Frames of VASP's XDATCAR: a header with cell and species, once or before each frame, and fractional positions.

Versions before 5.3 separate frames by a blank line instead of `Direct configuration=`.

References
----------
https://www.vasp.at/wiki/index.php/XDATCAR
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.trajectories.frames import Frame, FrameIterator, Lines, check_atoms

SEPARATORS: Final = (b"direct", b"konfig")
MAX_SPECIES: Final = 118


@dataclass(frozen=True, eq=False)
class _Header:
    cell: NDArray[np.float64]
    labels: NDArray[np.bytes_]


def read_frames(lines: Lines) -> FrameIterator:
    """Yield the frames of an XDATCAR. It has no times."""
    if lines.read() is None:
        return
    header = _header(lines, lines.required())
    while (line := lines.filled()) is not None:
        if line.strip().lower().startswith(SEPARATORS):
            yield _frame(lines, header, None)
        elif _n_numbers(line) >= 3:
            yield _frame(lines, header, line)
        else:
            # The title of another header, or its scale if the title is blank
            is_scale = _n_numbers(line) == 1 and len(line.split()) == 1
            header = _header(lines, line if is_scale else lines.required())


def _n_numbers(line: bytes) -> int:
    """Return how many words at the beginning of a line are numbers."""
    count = 0
    for word in line.split():
        try:
            float(word)
        except ValueError:
            break
        count += 1
    return count


def _frame(lines: Lines, header: _Header, first: bytes | None) -> Frame:
    lines.check_size(len(header.labels))
    n_rows = len(header.labels) - (first is not None)
    rows = [] if first is None else [first.split()[:3]]
    if n_rows:
        table = lines.table(n_rows)
        if table.shape[1] < 3:
            raise lines.refusal("a position is not complete")
        rows += table[:, :3].tolist()
    return Frame(header.labels, lines.numbers(rows), header.cell, is_scaled=True)


def _header(lines: Lines, scale_line: bytes) -> _Header:
    """Read cell, species and their numbers; title and scale are read."""
    scale = lines.numbers(scale_line.split()[:1])
    if scale.shape != (1,) or scale[0] == 0:
        raise lines.refusal("the scale of the cell is missing")
    rows = [lines.required().split()[:3] for _ in range(3)]
    if any(len(row) != 3 for row in rows):
        raise lines.refusal("the cell is missing")
    cell = lines.numbers(rows)
    # A negative scale is the volume
    cell = cell * (scale[0] if scale[0] > 0 else (-scale[0] / abs(np.linalg.det(cell))) ** (1 / 3))
    words = lines.required().split()
    counts = words
    if words and not words[0].isdigit():
        # Names of POTCARs may follow the symbol: Na_pv, Cl/5f2d4…
        words = [word.split(b"_")[0].split(b"/")[0] for word in words]
        counts = lines.required().split()
    else:
        words = [str(number).encode() for number in range(1, len(counts) + 1)]
    if not counts or not all(word.isdigit() and len(word) < 10 for word in counts) or len(counts) != len(words):
        raise lines.refusal("the numbers of atoms are missing")
    if len(counts) > MAX_SPECIES:
        raise lines.refusal("there are too many species")
    numbers = [int(word) for word in counts]
    check_atoms(sum(numbers))
    if not sum(numbers):
        raise lines.refusal("there are no atoms")
    return _Header(cell, np.repeat(np.array(words), numbers))
