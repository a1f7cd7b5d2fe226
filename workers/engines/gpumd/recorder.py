"""Displacements from GPUMD's frames: unwrapped, single precision, written to a mapped file as they come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 64 * 2**20
"""Bytes of displacements that are in memory at once."""


class Recorder:
    """The displacements of one bead of every atom.

    From one frame to the next an atom moves by far less than half the cell, so whatever is more than that is a lattice
    vector by which GPUMD has moved it back.

    Parameters
    ----------
    displacements
        Shape (n_atoms, 3, n_frames), Å; filled frame by frame.
    sites
        Shape (n_atoms, 3), Å: what displacements count from.
    cell
        Shape (3, 3), lattice vectors as rows, Å.
    filled
        Frames that are there already.
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
    def complete(self) -> bool:
        """Whether every frame is there."""
        return bool(self.filled == self._displacements.shape[-1])

    def add(self, positions: NDArray[np.float64]) -> None:
        """Add frames.

        Parameters
        ----------
        positions
            Shape (n_frames, n_atoms, 3), Å, of any periodic image.

        Raises
        ------
        ValueError
            There are more frames than were asked for.
        """
        if len(positions) == 0:
            return
        end = self.filled + len(positions)
        if end > self._displacements.shape[-1]:
            raise ValueError(f"GPUMD wrote {end} frames instead of {self._displacements.shape[-1]}")
        wrapped = positions - self._sites
        moves = np.diff(wrapped, axis=0, prepend=self._last[None])
        lattice = np.cumsum(np.rint(moves @ self._inverse), axis=0) @ self._cell
        found = wrapped - lattice
        self._displacements[..., self.filled : end] = np.moveaxis(found, 0, -1)
        self.filled, self._last = end, found[-1]


def largest_displacement(displacements: NDArray[np.float32]) -> float:
    """Find how far an atom, or the mean of its beads, was from where the production began, in Å.

    Parameters
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames). Read a few atoms at a time.
    """
    largest = 0.0
    for atoms in _blocks(displacements.shape, displacements.shape[-1]):
        mean = displacements[:, atoms].mean(axis=0, dtype=np.float64)
        mean -= mean[..., :1]
        largest = max(largest, float(np.einsum("aif,aif->af", mean, mean).max()))
    return float(np.sqrt(largest))


def take_over(displacements: NDArray[np.float32], earlier: Path, n_frames: int, update: Callable[[], None]) -> None:
    """Copy the first frames of another attempt's file, which is only read; `update` is called now and then.

    Raises
    ------
    OSError, ValueError
        There is no such file of this run.
    """
    found = np.load(earlier, mmap_mode="r", allow_pickle=False)
    if found.shape != displacements.shape or found.dtype != displacements.dtype:
        raise ValueError(f"{earlier.name} is not the record of this run")
    for atoms in _blocks(found.shape, n_frames):
        displacements[:, atoms, :, :n_frames] = found[:, atoms, :, :n_frames]
        update()


def _blocks(shape: tuple[int, ...], n_frames: int) -> list[slice]:
    n_beads, n_atoms, _, _ = shape
    step = max(1, BLOCK // (12 * n_beads * n_frames))
    return [slice(first, first + step) for first in range(0, n_atoms, step)]
