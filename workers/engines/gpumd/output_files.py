"""What GPUMD writes, read while it is written: frames, thermodynamics, and what it says when it fails.

References
----------
GPUMD v5.6: src/measure/dump_xyz.cu, dump_beads.cu, dump_thermo.cu (formats), src/utilities/error.cuh (errors).
"""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from backend.engines import catalogue
from scattering.core.notices import Notice
from workers.kit.failures import MAX_REASON, CannotPredict, potential_refused

CHUNK: Final = 4 * 2**20
"""Bytes that are read at once, unless one frame is longer."""
LETTERS: Final = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
NO_NUMBERS: Final = (b" nan", b"-nan", b" inf", b"-inf")
ENGINE: Final = "gpumd"
"""Its name, as its record has it."""
NAMED: Final = {"engine": ENGINE, "title": catalogue.title(ENGINE)}
"""Parameters of the notices that name it."""

THERMO_COLUMNS: Final = 18
"""Temperature (K), kinetic and potential energy (eV), stresses xx yy zz yz xz xy (GPa), cell vectors a b c (Å)."""


class Frames:
    """Frames of an extended XYZ file, as far as they are there whole.

    A frame is a line with the number of atoms, a line about them, and a line of an element and numbers for each.

    Parameters
    ----------
    path
        The file; it may not be there yet.
    n_atoms
        Of each frame.
    n_columns
        Numbers of an atom: 3 of its position (Å, somewhere in or near the cell), 3 more of its velocity (Å/fs).
    give_back
        Whether the disk has the room of what was read back: text takes several times what is kept of it.
    """

    def __init__(self, path: Path, n_atoms: int, n_columns: int = 3, *, give_back: bool = False) -> None:
        self._path, self._n_atoms, self._n_columns, self._give_back = path, n_atoms, n_columns, give_back
        self._offset, self._rest, self._chunk = 0, b"", CHUNK

    def read(self) -> NDArray[np.float64]:
        """Read whole frames that were not read before, at most about `CHUNK` bytes of them.

        Returns
        -------
        Shape (n_frames, n_atoms, n_columns); n_frames is 0 where there are none yet.

        Raises
        ------
        CannotPredict
            A number is none.
        ValueError
            This is not such a file.
        """
        try:
            with self._path.open("r+b" if self._give_back else "rb") as file:
                file.seek(self._offset)
                read = file.read(self._chunk)
                if self._give_back and read:
                    _give_back(file, self._offset + len(read))
        except FileNotFoundError:
            read = b""
        self._offset += len(read)
        text = self._rest + read
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) + 1
        per_frame = self._n_atoms + 2
        n_frames = len(ends) // per_frame
        if n_frames == 0:
            # A frame that is longer than what is read at once
            self._chunk = max(CHUNK, len(text)) if len(read) == self._chunk else self._chunk
            self._rest = text
            return np.empty((0, self._n_atoms, self._n_columns))
        frames = [
            self._frame(text, [0 if first == 0 else int(ends[first - 1]), *ends[[first, first + 1, last]].tolist()])
            for first, last in ((n * per_frame, (n + 1) * per_frame - 1) for n in range(n_frames))
        ]
        self._rest = text[int(ends[n_frames * per_frame - 1]) :]
        return np.array(frames)

    def _frame(self, text: bytes, edges: list[int]) -> NDArray[np.float64]:
        begin, _, body, end = edges
        head = text[begin : edges[1]].strip()
        if head != b"%d" % self._n_atoms:
            raise ValueError(f"{self._path.name}: a frame begins with {head[:40]!r} instead of {self._n_atoms}")
        atoms = text[body:end]
        if any(word in atoms for word in NO_NUMBERS):
            raise CannotPredict(Notice("atoms_flew_apart"))
        # Without letters the elements are gone, and NumPy reads what is left
        numbers = np.fromstring(atoms.translate(None, LETTERS), sep=" ")
        if numbers.size != self._n_atoms * self._n_columns:
            raise ValueError(f"{self._path.name}: the atoms of a frame have not {self._n_columns} numbers each")
        return numbers.reshape(self._n_atoms, self._n_columns)


def _give_back(file: IO[bytes], end: int) -> None:
    """Make a hole of the beginning of a file that is still appended to, where the file system can."""
    if sys.platform == "linux":
        keep_size_punch_hole = 1 | 2
        libc = ctypes.CDLL(None)
        libc.fallocate(file.fileno(), keep_size_punch_hole, ctypes.c_int64(0), ctypes.c_int64(end))


class Thermodynamics:
    """Rows of `thermo.out`, as far as they are there whole; every `run` of GPUMD begins a block with a header."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._block = path, 0, -1

    def read(self) -> list[tuple[int, NDArray[np.float64]]]:
        """Read rows that were not read before.

        Returns
        -------
        Of each row, the number of its block from 0, and its numbers, shape (18,); see `THERMO_COLUMNS`.

        Raises
        ------
        CannotPredict
            A number is none.
        ValueError
            A row has not 18 columns.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        rows = []
        for line in whole.splitlines():
            if line.startswith(b"#"):
                self._block += line.startswith(b"# dump_thermo")
                continue
            row = np.array(line.split(), dtype=np.float64)
            if len(row) != THERMO_COLUMNS:
                raise ValueError(f"{self._path.name}: a row has {len(row)} columns instead of {THERMO_COLUMNS}")
            if not np.isfinite(row).all():
                raise CannotPredict(Notice("atoms_flew_apart"))
            rows.append((self._block, row))
        return rows


def version(said: str) -> str | None:
    """Find the version in GPUMD's banner."""
    found = re.search(r"^\*\s+version\s+(\S+)\s+\*$", said, re.MULTILINE)
    return None if found is None else found.group(1)


def failure(said: str, complained: str, status: int) -> Exception:
    """Say why GPUMD ended.

    Parameters
    ----------
    said, complained
        Its standard output and standard error.
    status
        Its exit status, negative for a signal.

    Returns
    -------
    `CannotPredict` where another run would do better, else a `RuntimeError` with GPUMD's own words.
    """
    found = re.search(r"Error text: (.+)", complained)
    words = found.group(1).strip() if found else " ".join((complained or said).split())[-MAX_REASON:]
    if "out of memory" in words:
        return CannotPredict(Notice("gpu_out_of_memory"))
    if "not allowed in the used potential" in words:
        return CannotPredict(Notice("elements_not_in_potential"))
    if "a thickness < 2.5 radial cutoffs" in said:
        return CannotPredict(Notice("supercell_too_thin", NAMED))
    if "illegal potential" in words:
        return CannotPredict(Notice("potential_not_supported", NAMED))
    if status > 0 and not complained and not re.search(r"^Run \d+ steps", said, re.MULTILINE):
        # What it finds wrong with a model, or with a functional, is the last that it says, without a headline
        lines = [line.strip() for line in said.splitlines() if line.strip(" -\t")]
        return potential_refused(ENGINE, lines[-1] if lines else "")
    ended = f"signal {-status}" if status < 0 else f"status {status}"
    return RuntimeError(f"GPUMD ended with {ended}: {words or 'it said nothing'}")
