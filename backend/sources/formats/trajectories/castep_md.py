"""Frames of CASTEP's .md: blocks of lines with a tag, in atomic units, that a blank line ends.

References
----------
https://www.tcm.phy.cam.ac.uk/castep/documentation/WebHelp/content/modules/castep/expcastepfilemd.htm
"""

from __future__ import annotations

from typing import Final

import numpy as np
from ase import units
from numpy.typing import NDArray

from backend.sources.formats.trajectories.frames import Cut, Frame, FrameIterator, Lines, check_atoms

TIME_FS: Final = units._hbar / (units.Hartree * units._e) * 1e15
"""Atomic unit of time."""
SPEED: Final = units.Bohr / TIME_FS
"""Atomic unit of velocity in Å/fs."""
MAX_HEADER_LINES: Final = 1000
MAX_BLOCK_LINES: Final = 100_000
TAGS: Final = {b"h": 3, b"R": 5, b"V": 5}
"""Tag of the lines that are used → number of words before it."""


def read_frames(lines: Lines) -> FrameIterator:
    """Yield the frames of a .md file."""
    for _ in range(MAX_HEADER_LINES):
        if lines.required().strip() == b"END header":
            break
    else:
        raise lines.refusal("END header is missing")
    counts: dict[bytes, int] | None = None
    while (first := lines.filled()) is not None:
        blocks, has_end = _blocks(lines)
        found = {tag: len(rows) for tag, rows in blocks.items()}
        if not has_end and counts is not None and found != counts:
            raise Cut
        counts = counts or found
        yield _frame(lines, first, blocks)


def _blocks(lines: Lines) -> tuple[dict[bytes, list[list[bytes]]], bool]:
    """Return tag → rows of words of the lines to the next blank one, and whether there was one."""
    blocks: dict[bytes, list[list[bytes]]] = {}
    for _ in range(MAX_BLOCK_LINES):
        line = lines.read()
        if line is None:
            return blocks, False
        if not line.strip():
            return blocks, True
        lines.check_end()
        *words, arrow, tag = line.split() if b"<--" in line else (b"", b"")
        if arrow != b"<--":
            raise lines.damage("a line has no tag <--")
        rows = blocks.setdefault(tag, [])
        if len(words) != TAGS.get(tag, len(words)):
            raise lines.damage(f"{len(words)} values instead of {TAGS[tag]}")
        rows.append(words)
        if tag == b"R":
            check_atoms(len(rows))
    raise lines.refusal("a frame does not end")


def _frame(lines: Lines, first: bytes, blocks: dict[bytes, list[list[bytes]]]) -> Frame:
    if set(blocks) >= {b"R", b"h"} and b"V" not in blocks:
        raise lines.refusal("there are no velocities: this is not molecular dynamics")
    if not set(blocks) >= {b"R", b"h", b"V"} or len(blocks[b"h"]) != 3 or len(blocks[b"V"]) != len(blocks[b"R"]):
        raise lines.damage("a frame lacks its cell, positions or velocities")
    lines.check_size(len(blocks[b"R"]))
    # A label may follow the symbol, as in Fe:up
    labels = [row[0].split(b":")[0] for row in blocks[b"R"]]
    return Frame(
        labels=np.array(labels),
        positions=_vectors(lines, blocks[b"R"]) * units.Bohr,
        cell=lines.numbers(blocks[b"h"]) * units.Bohr,
        velocities=_vectors(lines, blocks[b"V"]) * SPEED,
        time_fs=float(lines.numbers(first.split()[0])) * TIME_FS,
    )


def _vectors(lines: Lines, rows: list[list[bytes]]) -> NDArray[np.float64]:
    return lines.numbers([row[2:] for row in rows])
