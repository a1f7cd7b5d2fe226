"""Displacements from GPUMD's frames: unwrapped, single precision, written to a mapped file as they come."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


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
    """Find how far an atom was from where the production began, in Å.

    Parameters
    ----------
    displacements
        Shape (n_beads, n_atoms, 3, n_frames). Read a few atoms at a time.
    """
    largest = 0.0
    for bead in displacements:
        for some in np.array_split(bead, max(1, bead.nbytes >> 26)):
            moved = some - some[..., :1]
            largest = max(largest, float(np.einsum("aif,aif->af", moved, moved).max(initial=0.0)))
    return float(np.sqrt(largest))


def new_file(path: Path, shape: tuple[int, ...], *, like: Path | None = None) -> NDArray[np.float32]:
    """Map a new file of displacements, which begins as a copy of another attempt's where there is one."""
    if like is None:
        return np.lib.format.open_memmap(path, mode="w+", dtype="f4", shape=shape)
    if like != path:
        shutil.copyfile(like, path)
    mapped: NDArray[np.float32] = np.lib.format.open_memmap(path, mode="r+")
    if mapped.shape != shape or mapped.dtype != np.float32:
        raise ValueError(f"{like.name} has not the shape {shape}")
    return mapped
