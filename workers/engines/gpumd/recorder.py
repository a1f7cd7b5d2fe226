"""Unwrapped displacements from the frames of GPUMD, in a mapped file in single precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES: Final = 64 * 2**20
"""Size of the displacements in memory at a time."""


class Recorder:
    """The displacements of one bead of every atom.

    Between frames, an atom moves by far less than half the cell. A larger move is a lattice vector by which GPUMD has
    moved the atom back into the cell.

    Parameters
    ----------
    displacements
        Shape (n_atoms, 3, n_frames), Å; filled frame by frame.
    sites
        Origins of the displacements, shape (n_atoms, 3), Å.
    cell
        Lattice vectors as rows, shape (3, 3), Å.
    filled
        Number of frames that are already filled.
    """

    def __init__(
        self,
        displacements: NDArray[np.float32],
        sites: NDArray[np.float64],
        cell: NDArray[np.float64],
        *,
        filled: int = 0,
    ) -> None:
        self._displacements, self._sites, self._cell, self._inverse = displacements, sites, cell, np.linalg.inv(cell)
        self.filled = filled
        self._last = np.zeros(sites.shape) if filled == 0 else displacements[..., filled - 1].astype(np.float64)

    @property
    def is_complete(self) -> bool:
        """Whether all frames are filled."""
        return bool(self.filled == self._displacements.shape[-1])

    def add(self, positions: NDArray[np.float64]) -> None:
        """Add frames.

        Parameters
        ----------
        positions
            Positions of any periodic image, shape (n_frames, n_atoms, 3), Å.

        Raises
        ------
        ValueError
            There are too many frames.
        """
        if len(positions) == 0:
            return
        end = self.filled + len(positions)
        if end > self._displacements.shape[-1]:
            raise ValueError(f"GPUMD wrote {end} frames instead of {self._displacements.shape[-1]}")
        wrapped = positions - self._sites
        moves = np.diff(wrapped, axis=0, prepend=self._last[None])
        lattice = np.cumsum(np.rint(moves @ self._inverse), axis=0) @ self._cell
        unwrapped = wrapped - lattice
        self._displacements[..., self.filled : end] = np.moveaxis(unwrapped, 0, -1)
        self.filled, self._last = end, unwrapped[-1]


def largest_displacement(displacements: NDArray[np.float32]) -> float:
    """Return the largest distance of an atom, or of a centroid, from its position at the start of the production, in Å.

    Parameters
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames). Only a few atoms are read at a time.
    """
    largest = 0.0
    for atoms in _blocks(displacements.shape, displacements.shape[-1]):
        mean = displacements[:, atoms].mean(axis=0, dtype=np.float64)
        mean -= mean[..., :1]
        largest = max(largest, float(np.einsum("aif,aif->af", mean, mean).max()))
    return float(np.sqrt(largest))


def copy_frames(displacements: NDArray[np.float32], earlier: Path, n_frames: int, update: Callable[[], None]) -> None:
    """Copy the first frames of the file of another attempt, and call `update` between blocks.

    Raises
    ------
    OSError, ValueError
        The file does not exist, or belongs to another run.
    """
    source = np.load(earlier, mmap_mode="r", allow_pickle=False)
    if source.shape != displacements.shape or source.dtype != displacements.dtype:
        raise ValueError(f"{earlier.name} is not the record of this run")
    for atoms in _blocks(source.shape, n_frames):
        displacements[:, atoms, :, :n_frames] = source[:, atoms, :, :n_frames]
        update()


def _blocks(shape: tuple[int, ...], n_frames: int) -> list[slice]:
    n_beads, n_atoms, _, _ = shape
    step = max(1, BLOCK_BYTES // (12 * n_beads * n_frames))
    return [slice(first, first + step) for first in range(0, n_atoms, step)]
