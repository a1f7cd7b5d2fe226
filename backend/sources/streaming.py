"""The answer of the confined reader as records: the frames of a trajectory one by one, and at last everything else.

A record has a kind, the fraction of the file that is read, and the length of its content.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from backend.phonon_files import stored
from backend.phonon_files.stored import Phonons
from backend.phonon_files.trajectory_file import FrameSpool
from backend.sources.encoding import array_of, decode
from backend.sources.formats.reading import MAX_SUPERCELL_ATOMS
from scattering.core.trajectory import Trajectory
from scattering.simulate.path_integral import MAX_BEADS

RECORD: Final = struct.Struct("<cdI")
FRAME, CONTENTS = b"F", b"C"
BYTES_EACH: Final = 12
"""Three single-precision numbers for each atom."""
MAX_CONTENTS_BYTES: Final = 64 * 1024**2


class FrameWriter:
    """Writes the records, in the confined process."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def frame(self, moved: NDArray[np.float32], share: float) -> None:
        """Write the displacements of a frame."""
        content = np.ascontiguousarray(moved, dtype="<f4").tobytes()
        self._stream.write(RECORD.pack(FRAME, share, len(content)) + content)

    def contents(self, text: str) -> None:
        """Write everything else, as JSON."""
        content = text.encode()
        self._stream.write(RECORD.pack(CONTENTS, 1.0, len(content)) + content)
        self._stream.flush()


class FrameReceiver:
    """Takes the records in the server or a worker, which trust only their lengths, and spools frames to the disk.

    Parameters
    ----------
    folder
        Folder of the spooled frames.
    update
        Called with the fraction of the file that is read.
    """

    def __init__(self, folder: Path, update: Callable[[float], object] = lambda share: None) -> None:
        self._spool = FrameSpool(folder)
        self._update = update
        self._waiting = bytearray()
        self._contents: dict[str, Any] | None = None

    def take(self, part: bytes) -> None:
        """Take the next bytes of the answer.

        Raises
        ------
        ValueError
            They are no records.
        OSError
            The disk is full.
        """
        self._waiting += part
        begin = 0
        while len(self._waiting) - begin >= RECORD.size:
            kind, share, length = RECORD.unpack_from(self._waiting, begin)
            if kind not in (FRAME, CONTENTS) or length > self._longest(kind) or self._contents is not None:
                raise ValueError("the answer of the reader is damaged")
            end = begin + RECORD.size + length
            if len(self._waiting) < end:
                break
            content = bytes(self._waiting[begin + RECORD.size : end])
            if kind == FRAME:
                self._spool.add(np.frombuffer(content, dtype="<f4").reshape(-1, 3))
                self._update(share)
            else:
                self._contents = json.loads(content)
            begin = end
        del self._waiting[:begin]

    @staticmethod
    def _longest(kind: bytes) -> int:
        return BYTES_EACH * MAX_SUPERCELL_ATOMS * MAX_BEADS if kind == FRAME else MAX_CONTENTS_BYTES

    def contents(self) -> dict[str, Any]:
        """Return the JSON of the answer.

        Raises
        ------
        ValueError
            The answer has none.
        """
        if self._contents is None:
            raise ValueError("the answer of the reader is incomplete")
        return self._contents

    def save(self, folder: Path) -> None:
        """Write the phonons or the trajectory of the answer to the file of their kind in a folder."""
        phonons: Phonons = decode(self.contents()["phonons"])
        if isinstance(phonons, Trajectory):
            self._spool.save(folder / stored.TRAJECTORY_FILE, phonons, array_of(self.contents()["first"]))
        else:
            stored.save(folder, phonons)

    def close(self) -> None:
        """Remove the spooled frames."""
        self._spool.close()
