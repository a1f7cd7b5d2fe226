"""The displacements of a run on disk. The space for all frames is reserved before the run starts.

The frames of an atom are contiguous in the file, as the correlation reads them. So new frames are buffered in memory,
and checkpoints contain the buffer.
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

BUFFER_BYTES: Final = 64 * 2**20
"""Size of the buffer of frames. Writing frames one by one would touch a page of the file for every atom."""


class DisplacementFile:
    """Displacements from sites in single precision. Its relative error of 1e-7 is far below the error of a time step.

    Parameters
    ----------
    path
        Path of the file; an existing file is overwritten.
    sites
        Origins of the displacements, shape (n_atoms, 3), Å.
    n_frames
        Number of all frames.

    Raises
    ------
    OSError
        The disk is full.
    workers.kit.failures.CannotPredict
        The disk is too small.
    """

    def __init__(self, path: Path, sites: NDArray[np.float64], n_frames: int) -> None:
        self.displacements = reserve_displacements(path, (1, *sites.shape, n_frames))
        self._sites, self._written, self._filled = sites, 0, 0
        n_buffered = max(1, min(n_frames, BUFFER_BYTES // (4 * sites.size)))
        self._buffer = np.empty((*sites.shape, n_buffered), dtype=np.float32)

    @property
    def n_frames(self) -> int:
        """Number of added frames."""
        return self._written + self._filled

    @property
    def written(self) -> int:
        """Number of frames in the file; the other frames are `pending`."""
        return self._written

    @property
    def pending(self) -> NDArray[np.float32]:
        """Added frames that are not yet in the file, shape (n_atoms, 3, n)."""
        return self._buffer[..., : self._filled]

    def add(self, positions: NDArray[np.float64]) -> None:
        """Add a frame of unwrapped positions, shape (n_atoms, 3), Å."""
        self._buffer[..., self._filled] = positions - self._sites
        self._filled += 1
        if self._filled == self._buffer.shape[-1]:
            self.flush()

    def flush(self) -> None:
        """Write the pending frames to the disk, because checkpoints will refer to them."""
        end = self._written + self._filled
        self.displacements[0, ..., self._written : end] = self.pending
        self.displacements.flush()
        self._written, self._filled = end, 0

    def copy_from(
        self, earlier: Path, written: int, pending: NDArray[np.float32], update: Callable[[float], None]
    ) -> None:
        """Copy the frames of an earlier attempt.

        Parameters
        ----------
        earlier
            File of that attempt; it is only read.
        written, pending
            Values in the checkpoint of that attempt.
        update
            Called with the fraction that is copied.

        Raises
        ------
        OSError, ValueError
            The file does not exist, or belongs to another run.
        """
        shape = self.displacements.shape
        source = np.load(earlier, mmap_mode="r", allow_pickle=False)
        if source.shape != shape or source.dtype != self.displacements.dtype:
            raise ValueError(f"{earlier.name} is not the record of this run")
        atoms_at_once = max(1, BUFFER_BYTES // (12 * max(written, 1)))
        for first in range(0, shape[1], atoms_at_once):
            atoms = slice(first, first + atoms_at_once)
            self.displacements[0, atoms, :, :written] = source[0, atoms, :, :written]
            update(first / shape[1])
        self.displacements.flush()
        self._written, self._filled = written, pending.shape[-1]
        self._buffer[..., : self._filled] = pending


def reserve_displacements(path: Path, shape: tuple[int, ...]) -> np.memmap[tuple[int, ...], np.dtype[np.float32]]:
    """Create a file of zeros with all its space reserved, because a mapped file on a full disk raises SIGBUS."""
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
