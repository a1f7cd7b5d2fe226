"""Read the output of GPUMD while it runs: frames, thermodynamics and errors.

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
from workers.kit.failures import MAX_REASON_LENGTH, CannotPredict, potential_refused

CHUNK_BYTES: Final = 4 * 2**20
"""Size of one reading, unless a frame is longer."""
ASCII_LETTERS: Final = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
NON_FINITE_TEXTS: Final = (b" nan", b"-nan", b" inf", b"-inf")
ENGINE: Final = "gpumd"
"""Name of the record."""
ENGINE_PARAMS: Final = {"engine": ENGINE, "title": catalogue.title(ENGINE)}
"""Parameters of notices that name the engine."""

THERMO_COLUMNS: Final = 18
"""Temperature (K), kinetic and potential energy (eV), stresses xx yy zz yz xz xy (GPa), cell vectors a b c (Å)."""


class Frames:
    """Reader of the complete frames of an extended XYZ file that GPUMD is still writing.

    A frame is a line with the number of atoms, a comment line, and for each atom a line with an element and numbers.

    Parameters
    ----------
    path
        The file, which may not exist yet.
    n_atoms
        Number of atoms in a frame.
    n_columns
        Numbers of an atom: 3 of its position (Å, in or near the cell), then 3 of its velocity (Å/fs).
    frees_space
        Whether the reader frees the disk space of the text that it has read. Text needs much more space than arrays.
    """

    def __init__(self, path: Path, n_atoms: int, n_columns: int = 3, *, frees_space: bool = False) -> None:
        self._path, self._n_atoms, self._n_columns, self._frees_space = path, n_atoms, n_columns, frees_space
        self._offset, self._rest, self._chunk = 0, b"", CHUNK_BYTES

    def read(self) -> NDArray[np.float64]:
        """Read the next complete frames, about `CHUNK_BYTES` of them at most.

        Returns
        -------
        Shape (n_frames, n_atoms, n_columns); n_frames is 0 if there are no new frames.

        Raises
        ------
        CannotPredict
            A number is not finite.
        ValueError
            The file has another format.
        """
        try:
            with self._path.open("r+b" if self._frees_space else "rb") as file:
                file.seek(self._offset)
                read = file.read(self._chunk)
                if self._frees_space and read:
                    _free_space(file, self._offset + len(read))
        except FileNotFoundError:
            read = b""
        self._offset += len(read)
        text = self._rest + read
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")) + 1
        per_frame = self._n_atoms + 2
        n_frames = len(ends) // per_frame
        if n_frames == 0:
            # A frame may be longer than one reading
            self._chunk = max(CHUNK_BYTES, len(text)) if len(read) == self._chunk else self._chunk
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
        if any(word in atoms for word in NON_FINITE_TEXTS):
            raise CannotPredict(Notice("atoms_flew_apart"))
        # Without letters, only numbers remain for NumPy
        numbers = np.fromstring(atoms.translate(None, ASCII_LETTERS), sep=" ")
        if numbers.size != self._n_atoms * self._n_columns:
            raise ValueError(f"{self._path.name}: the atoms of a frame have not {self._n_columns} numbers each")
        return numbers.reshape(self._n_atoms, self._n_columns)


def _free_space(file: IO[bytes], end: int) -> None:
    """Free the disk space of the first bytes of a growing file, if the file system can do it."""
    if sys.platform == "linux":
        keep_size_punch_hole = 1 | 2
        libc = ctypes.CDLL(None)
        libc.fallocate(file.fileno(), keep_size_punch_hole, ctypes.c_int64(0), ctypes.c_int64(end))


class Thermodynamics:
    """Reader of the complete rows of a growing `thermo.out`. Every `run` of GPUMD starts a block with a header."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._block = path, 0, -1

    def read(self) -> list[tuple[int, NDArray[np.float64]]]:
        """Read the next complete rows.

        Returns
        -------
        For each row, the number of its block from 0, and its numbers, shape (18,); see `THERMO_COLUMNS`.

        Raises
        ------
        CannotPredict
            A number is not finite.
        ValueError
            A row does not have 18 columns.
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


def version(stdout: str) -> str | None:
    """Return the version in the banner of GPUMD."""
    banner = re.search(r"^\*\s+version\s+(\S+)\s+\*$", stdout, re.MULTILINE)
    return None if banner is None else banner.group(1)


def failure(stdout: str, stderr: str, status: int) -> Exception:
    """Return the error that ended GPUMD.

    Parameters
    ----------
    stdout, stderr
        Its output.
    status
        Its exit status, negative for a signal.

    Returns
    -------
    `CannotPredict` if another run might succeed, else a `RuntimeError` with the message of GPUMD.
    """
    error_text = re.search(r"Error text: (.+)", stderr)
    words = error_text.group(1).strip() if error_text else " ".join((stderr or stdout).split())[-MAX_REASON_LENGTH:]
    if "out of memory" in words:
        return CannotPredict(Notice("gpu_out_of_memory"))
    if "not allowed in the used potential" in words:
        return CannotPredict(Notice("elements_not_in_potential"))
    if "a thickness < 2.5 radial cutoffs" in stdout:
        return CannotPredict(Notice("supercell_too_thin", ENGINE_PARAMS))
    if "illegal potential" in words:
        return CannotPredict(Notice("potential_not_supported", ENGINE_PARAMS))
    if status > 0 and not stderr and not re.search(r"^Run \d+ steps", stdout, re.MULTILINE):
        # GPUMD prints its objection to a potential or a functional last, without a heading
        lines = [line.strip() for line in stdout.splitlines() if line.strip(" -\t")]
        return potential_refused(ENGINE, lines[-1] if lines else "")
    end = f"signal {-status}" if status < 0 else f"status {status}"
    return RuntimeError(f"GPUMD ended with {end}: {words or 'no message'}")
