"""A run's displacements on disk: room for all is reserved before anything is run, frames are added as they come.

An atom's frames are in one piece, as those who correlate them read them; so what is added is collected first, and what
is not in the file yet goes into checkpoints.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scattering.core.notices import Notice
from workers.kit.failures import CannotPredict

BUFFER: Final = 64 * 2**20
"""Bytes of frames collected before they are written: a frame alone would touch a page of the file for every atom."""


class DisplacementFile:
    """Displacements from sites, single precision, which resolves 1e-7 of one: far less than a time step is wrong by.

    Parameters
    ----------
    path
        Where; what is there already is written over.
    sites
        Shape (n_atoms, 3), Å: what displacements count from.
    n_frames
        How many there will be.

    Raises
    ------
    OSError
        The disk is full.
    workers.kit.failures.CannotPredict
        The disk is too small.
    """

    def __init__(self, path: Path, sites: NDArray[np.float64], n_frames: int) -> None:
        self.displacements = reserved(path, (1, *sites.shape, n_frames))
        self._sites, self._written, self._filled = sites, 0, 0
        self._buffer = np.empty((*sites.shape, max(1, min(n_frames, BUFFER // (4 * sites.size)))), dtype=np.float32)

    @property
    def n_frames(self) -> int:
        """Frames that were added."""
        return self._written + self._filled

    @property
    def written(self) -> int:
        """Frames that are in the file; the others are `pending`."""
        return self._written

    @property
    def pending(self) -> NDArray[np.float32]:
        """Frames that were added and are not in the file yet, shape (n_atoms, 3, n)."""
        return self._buffer[..., : self._filled]

    def add(self, positions: NDArray[np.float64]) -> None:
        """Add a frame: positions, shape (n_atoms, 3), Å, unwrapped."""
        self._buffer[..., self._filled] = positions - self._sites
        self._filled += 1
        if self._filled == self._buffer.shape[-1]:
            self.flush()

    def flush(self) -> None:
        """Write what is pending, and see it onto the disk: checkpoints will say that it is there."""
        end = self._written + self._filled
        self.displacements[0, ..., self._written : end] = self.pending
        self.displacements.flush()
        self._written, self._filled = end, 0

    def take_over(
        self, earlier: Path, written: int, pending: NDArray[np.float32], update: Callable[[float], None]
    ) -> None:
        """Take over the frames of an earlier attempt.

        Parameters
        ----------
        earlier
            Its file, which is only read.
        written, pending
            As its checkpoint says.
        update
            Told the share that is copied.

        Raises
        ------
        OSError, ValueError
            There is no such record.
        """
        shape = self.displacements.shape
        found = np.load(earlier, mmap_mode="r", allow_pickle=False)
        if found.shape != shape or found.dtype != self.displacements.dtype:
            raise ValueError(f"{earlier.name} is not the record of this run")
        atoms_at_once = max(1, BUFFER // (12 * max(written, 1)))
        for first in range(0, shape[1], atoms_at_once):
            atoms = slice(first, first + atoms_at_once)
            self.displacements[0, atoms, :, :written] = found[0, atoms, :, :written]
            update(first / shape[1])
        self.displacements.flush()
        self._written, self._filled = written, pending.shape[-1]
        self._buffer[..., : self._filled] = pending


def reserved(path: Path, shape: tuple[int, ...]) -> np.memmap[tuple[int, ...], np.dtype[np.float32]]:
    """Make a file of zeros that has all its room on disk: a mapped file that meets a full disk is a SIGBUS."""
    size = 4 * int(np.prod(shape))
    if size > shutil.disk_usage(path.parent).total:
        raise CannotPredict(Notice("disk_too_small", {"size_bytes": size}))
    try:
        array = np.lib.format.open_memmap(path, mode="w+", dtype="f4", shape=shape)
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise OSError(error.errno, f"no space for {size} bytes of displacements", str(path)) from error
    return array
