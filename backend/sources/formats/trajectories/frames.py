"""Frames of a trajectory, and the lines of its file: read one by one, and never all at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from backend.sources.formats.reading import MAX_SUPERCELL_ATOMS, Refused, UploadedFile, incomplete
from backend.sources.formats.trajectories.words import LineWords, Words, parse_numbers, split_lines, split_words
from scattering.core.notices import Notice

MAX_ATOM_FRAMES: Final = 2 * 10**8
"""Largest number of atoms times frames."""
MAX_LINE_BYTES: Final = 4096
MAX_PARAGRAPH_BYTES: Final = 2**24
"""Bytes up to a blank line: positions, velocities and forces of the largest supercell have less than half as many."""
BLANK_LINE: Final = re.compile(rb"\n[ \t\r]*\n")
"""With the end of the line before, which makes the search fast."""


class Cut(Exception):
    """The file ends inside a frame."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Atoms at one time.

    Attributes
    ----------
    labels
        Shape (n_atoms,): what the file calls the species of each atom.
    positions
        Shape (n_atoms, 3), Å, or in units of the cell vectors.
    cell
        Shape (3, 3), Å, vectors as rows; None if the file has none.
    is_scaled
        Whether positions are in units of the cell vectors.
    velocities
        Shape (n_atoms, 3), Å/fs; None if the file has none.
    momenta
        Shape (n_atoms, 3), u Å/fs, of a file without velocities; None if it has none.
    time_fs, step
        Time and number of the step, where the file states them.
    masses
        Shape (n_atoms,), u; None if the file has none.
    has_type_names
        Whether labels are names that a force field gives to its types of atoms, and name no element by themselves.
    rounding_angstrom
        Step to which the file rounds positions, where it is large enough to matter.
    bead
        Number of the bead of ring polymers, from 0, where the file states it.
    is_centroid
        Whether the file states that positions are the centroids of ring polymers.
    """

    labels: NDArray[np.bytes_]
    positions: NDArray[np.float64]
    cell: NDArray[np.float64] | None
    is_scaled: bool = False
    velocities: NDArray[np.float64] | None = None
    momenta: NDArray[np.float64] | None = None
    time_fs: float | None = None
    step: int | None = None
    masses: NDArray[np.float64] | None = None
    has_type_names: bool = False
    rounding_angstrom: float = 0.0
    bead: int | None = None
    is_centroid: bool = False

    def of_atoms(self, chosen: NDArray[np.bool_]) -> Frame:
        """Return the same frame with some of its atoms, shape (n_atoms,)."""
        kept = dict[str, Any]()
        for name in ("labels", "positions", "velocities", "momenta", "masses"):
            values = getattr(self, name)
            kept[name] = None if values is None else values[chosen]
        return replace(self, **kept)


class Lines:
    """The lines of a file.

    Parameters
    ----------
    file
        The uploaded file.
    stream
        The file, open.
    """

    def __init__(self, file: UploadedFile, stream: BinaryIO) -> None:
        self.file, self._stream = file, stream
        self.number = 0
        self._begin_of_frame: int | None = None
        self._has_end = True
        self._line_bytes = 64.0
        self._last_bytes, self._paragraph_bytes = 0, MAX_LINE_BYTES

    def read(self) -> bytes | None:
        """Return the next line without its end; None at the end of the file.

        Raises
        ------
        Refused
            The line is longer than any line of a trajectory.
        """
        line = self._stream.readline(MAX_LINE_BYTES)
        if len(line) == MAX_LINE_BYTES:
            raise self.refusal("a line is too long")
        self.number += 1
        self._last_bytes = len(line)
        self._has_end = line.endswith(b"\n")
        return line.rstrip(b"\r\n") if line else None

    def required(self) -> bytes:
        """Return the next line.

        Raises
        ------
        Cut
            There is none.
        """
        line = self.read()
        if line is None:
            raise Cut
        return line

    def unread(self) -> None:
        """Go back to the beginning of the line that was read last."""
        self._stream.seek(-self._last_bytes, os.SEEK_CUR)
        self.number -= 1

    def filled(self) -> bytes | None:
        """Return the next line that is not blank; None at the end of the file."""
        line = self.read()
        while line is not None and not line.strip():
            line = self.read()
        return line

    def table(self, n_rows: int) -> Words:
        """Return the words of so many lines.

        Raises
        ------
        Cut
            The file ends before.
        Refused
            The lines have different numbers of words.
        """
        first_line = self.number
        block, ends = self._block(n_rows)
        n_lines = len(ends)
        self.number += n_lines
        if not n_lines:
            raise Cut
        words, counts = split_words(block, ends)
        if words is None:
            wrong = np.flatnonzero((counts != counts[0]) | (counts == 0))
            if wrong[0] == n_lines - 1 and self._is_at_end():
                raise Cut
            self.number = first_line + int(wrong[0]) + 1
            raise self.refusal(f"{counts[wrong[0]]} values instead of {counts[0]}")
        if n_lines < n_rows:
            raise Cut
        if not self._has_end and n_rows > 1 and _decimals(words[-1, -1]) < _decimals(words[-2, -1]):
            # The last number of the file has lost digits
            raise Cut
        return words

    def block(self, n_rows: int) -> LineWords:
        """Return the words of so many lines, which may have different numbers of words.

        Raises
        ------
        Cut
            The file ends before.
        Refused
            A line is too long.
        """
        block, ends = self._block(n_rows)
        self.number += len(ends)
        if len(ends) < n_rows:
            raise Cut
        return split_lines(block, ends)

    def paragraph(self) -> tuple[LineWords, bool]:
        """Return the words of the lines to the next blank one, which is read too, and whether there was one.

        Raises
        ------
        Refused
            A line is longer than any line of a trajectory, or there are too many.
        """
        block, found = b"\n", None
        while found is None:
            part = self._stream.read(self._paragraph_bytes)
            searched = max(len(block) - MAX_LINE_BYTES, 0)
            block += part
            found = BLANK_LINE.search(block, searched)
            if not part:
                break
            if found is None and len(block) > MAX_PARAGRAPH_BYTES:
                raise self.refusal("a frame does not end")
        end = len(block) if found is None else found.end()
        self._stream.seek(end - len(block), os.SEEK_CUR)
        self._paragraph_bytes = max(end + 1, MAX_LINE_BYTES)
        text = block[1 : end if found is None else found.start() + 1]
        self._has_end = found is not None or text.endswith(b"\n")
        if not self._has_end:
            text += b"\n"
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) if text.strip() else np.empty(0, int)
        self._check_lengths(ends)
        self.number += len(ends) + (found is not None)
        return split_lines(text, ends), found is not None

    def _check_lengths(self, ends: NDArray[np.int64]) -> None:
        lengths = np.diff(ends, prepend=-1)
        if len(ends) and lengths[longest := int(lengths.argmax())] > MAX_LINE_BYTES:
            self.number += longest + 1
            raise self.refusal("a line is too long")

    def _block(self, n_rows: int) -> tuple[bytes, NDArray[np.int64]]:
        """Return so many lines, fewer at the end of the file, and the places of their newlines; there is always one.

        Raises
        ------
        Refused
            A line is longer than any line of a trajectory.
        """
        block, n_lines = b"", 0
        while n_lines < n_rows:
            part = self._stream.read(max(int((n_rows - n_lines) * self._line_bytes), MAX_LINE_BYTES))
            block += part
            if not part:
                break
            n_lines += part.count(b"\n")
            if len(block) > (n_lines + 1) * MAX_LINE_BYTES:
                self.number += n_lines + 1
                raise self.refusal("a line is too long")
        if not block:
            return block, np.empty(0, dtype=np.int64)
        self._has_end = n_lines >= n_rows or block.endswith(b"\n")
        if not self._has_end:
            block += b"\n"
            n_lines += 1
        ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n"))[:n_rows]
        self._check_lengths(ends)
        end = int(ends[-1]) + 1
        self._stream.seek(min(end - len(block), 0), os.SEEK_CUR)
        self._line_bytes = 1.02 * end / len(ends)
        return block[:end], ends

    def numbers(self, words: Any) -> NDArray[np.float64]:
        """Return words as numbers, with the shape of the words.

        Raises
        ------
        Cut, Refused
            One is not a finite number; in the last line it is cut.
        """
        try:
            values = words.numbers() if isinstance(words, Words) else parse_numbers(np.array(words, dtype=np.bytes_))
        except ValueError:
            raise self.damage("a value is not a number") from None
        if not np.isfinite(values).all():
            raise self.refusal("a value is not a finite number")
        return values

    def check_size(self, n_atoms: int) -> None:
        """Refuse a trajectory by the number of atoms in its header, and the frames that its file can have at most.

        Call it at the beginning of the block of atoms of each frame: the second call knows the size of the first frame.

        Raises
        ------
        Refused
        """
        check_atoms(n_atoms)
        at = self._stream.tell()
        n_frames = 1.0
        if self._begin_of_frame is not None:
            size = self.file.path.stat().st_size
            n_frames = size / max(at - self._begin_of_frame, 1)
        self._begin_of_frame = at
        check_atom_frames(n_atoms * n_frames)

    def whole(self, words: Sequence[bytes]) -> int:
        """Return the only word of a line as a positive whole number.

        Raises
        ------
        Refused
            It is none.
        """
        if len(words) != 1 or not words[0].isdigit() or len(words[0]) > 18 or int(words[0]) == 0:
            raise self.refusal("the number of atoms is missing")
        return int(words[0])

    def refusal(self, reason: str) -> Refused:
        """Return the refusal of the file at this line."""
        return incomplete(self.file, f"line {self.number}: {reason}")

    def damage(self, reason: str) -> Cut | Refused:
        """Return the exception of a line that is wrong: the file is cut if it ends here, and refused otherwise."""
        return Cut() if self._is_at_end() else self.refusal(reason)

    def damage_at(self, row: int, n_rows: int, reason: str) -> Cut | Refused:
        """Return the exception of a wrong row of the `n_rows` lines that were read last, as `damage`."""
        self.number += row + 1 - n_rows
        return self.damage(reason) if row == n_rows - 1 else self.refusal(reason)

    def check_end(self) -> None:
        """Check that the last line has its end: a program that writes lines of fixed width always ends them.

        Raises
        ------
        Cut
        """
        if not self._has_end:
            raise Cut

    def _is_at_end(self) -> bool:
        position = self._stream.tell()
        at_end = not self._stream.read(1)
        self._stream.seek(position)
        return at_end


def check_atoms(n_atoms: int) -> None:
    """Refuse a trajectory by the number of its atoms in a header, before memory is asked for.

    Raises
    ------
    Refused
    """
    if n_atoms > MAX_SUPERCELL_ATOMS:
        found = {"n_found": min(n_atoms, 10**15), "maximum": MAX_SUPERCELL_ATOMS}
        raise Refused(Notice("too_large", {"quantity": "trajectory_atoms", **found}))


def check_atom_frames(n_atom_frames: float) -> None:
    """Refuse a trajectory by its number of atoms times frames.

    Raises
    ------
    Refused
    """
    if n_atom_frames > MAX_ATOM_FRAMES:
        found = {"n_found": round(n_atom_frames), "maximum": MAX_ATOM_FRAMES}
        raise Refused(Notice("too_large", {"quantity": "atom_frames", **found}))


def _decimals(word: NDArray[np.bytes_]) -> int:
    return len(bytes(word).partition(b".")[2])


FrameIterator = Generator[Frame, None, None]
"""Frames; closing it closes the files."""
LineReader = Callable[[Lines], FrameIterator]


def text_frames(file: UploadedFile, read_frames: LineReader) -> FrameIterator:
    """Yield the frames of a text file."""
    with file.open() as stream:
        yield from read_frames(Lines(file, stream))
