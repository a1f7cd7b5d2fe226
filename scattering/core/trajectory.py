"""Trajectories that other programs have simulated, as displacements from fixed sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_WINDOW_PS: Final = 20.0
"""Longest correlation time that is taken by default."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A run of molecular dynamics with equal intervals between its frames.

    Attributes
    ----------
    cell
        Shape (3, 3), Å, vectors as rows.
    sites
        Shape (n_atoms, 3), Å: origins of the displacements.
    symbols
        Chemical symbols.
    displacements
        Shape (n_atoms, 3, n_frames), or (n_beads, n_atoms, 3, n_frames) of ring polymers, Å, not wrapped into the cell,
        without the motion of the centre of mass. It may be a memory map.
    frame_interval_fs
        Time between frames.
    temperature_k
        Mean temperature of the velocities, of the centroids of ring polymers; None if they are not known.
    """

    cell: NDArray[np.float64]
    sites: NDArray[np.float64]
    symbols: tuple[str, ...]
    displacements: NDArray[np.float32]
    frame_interval_fs: float
    temperature_k: float | None = None

    def __post_init__(self) -> None:
        n_atoms = len(self.symbols)
        shapes = (self.cell.shape, self.sites.shape, self.displacements.shape[-3:-1])
        if shapes != ((3, 3), (n_atoms, 3), (n_atoms, 3)):
            raise ValueError(f"cell, sites and displacements do not fit together: {shapes}")

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self.displacements.shape[-1])


def longest_window_ps(n_frames: int, frame_interval_fs: float) -> float:
    """Return the correlation time of a trajectory in ps: half of its length, so that each lag has many origins."""
    return min(n_frames * frame_interval_fs * 1e-3 / 2, MAX_WINDOW_PS)
