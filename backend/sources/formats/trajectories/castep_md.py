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
from backend.sources.formats.trajectories.words import LineWords

TIME_FS: Final = units._hbar / (units.Hartree * units._e) * 1e15
"""Atomic unit of time."""
SPEED: Final = units.Bohr / TIME_FS
"""Atomic unit of velocity in Å/fs."""
MAX_HEADER_LINES: Final = 1000
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
        words, has_end = lines.paragraph()
        rows = _rows(lines, words)
        found = {tag: len(of_tag) for tag, of_tag in rows.items()}
        if not has_end and counts is not None and found != counts:
            raise Cut
        counts = counts or found
        yield _frame(lines, first, words, rows)


def _rows(lines: Lines, words: LineWords) -> dict[bytes, NDArray[np.int64]]:
    """Return tag → its lines, of the tags that are used."""
    lines.check_end()
    tags, n_lines = words.last(1), len(words.counts)
    lacking = np.flatnonzero(words.last(2) != b"<--")
    if lacking.size:
        raise lines.damage_at(int(lacking[0]), n_lines, "a line has no tag <--")
    rows = {tag: np.flatnonzero(tags == tag) for tag in TAGS}
    for tag, n_words in TAGS.items():
        wrong = rows[tag][words.counts[rows[tag]] != n_words + 2]
        if wrong.size:
            found = words.counts[wrong[0]] - 2
            raise lines.damage_at(int(wrong[0]), n_lines, f"{found} values instead of {n_words}")
    check_atoms(len(rows[b"R"]))
    return rows


def _frame(lines: Lines, first: bytes, words: LineWords, rows: dict[bytes, NDArray[np.int64]]) -> Frame:
    n_atoms, n_velocities, n_vectors = (len(rows[tag]) for tag in (b"R", b"V", b"h"))
    if n_atoms and n_vectors and not n_velocities:
        raise lines.refusal("there are no velocities: this is not molecular dynamics")
    if not n_atoms or n_vectors != 3 or n_velocities != n_atoms:
        raise lines.damage("a frame lacks its cell, positions or velocities")
    lines.check_size(n_atoms)
    # A label may follow the symbol, as in Fe:up
    labels = np.strings.partition(words.columns(rows[b"R"], 0, 1)[:, 0], b":")[0]
    return Frame(
        labels=labels,
        positions=lines.numbers(words.columns(rows[b"R"], 2, 5)) * units.Bohr,
        cell=lines.numbers(words.columns(rows[b"h"], 0, 3)) * units.Bohr,
        velocities=lines.numbers(words.columns(rows[b"V"], 2, 5)) * SPEED,
        time_fs=float(lines.numbers(first.split()[0])) * TIME_FS,
    )
