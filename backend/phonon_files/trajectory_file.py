"""The displacements of a trajectory in a file of their own, from which a worker reads the frames of some atoms."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from backend.kit.files.storage import replace_file
from scattering.core.trajectory import Trajectory

DISPLACEMENTS: Final = "displacements"
TEMPERATURE: Final = "temperature_k"
INTERVAL: Final = "frame_interval_fs"


SPOOL_BYTES: Final = 64 * 1024**2
"""Memory of the frames that are turned at the same time."""


def save(path: Path, trajectory: Trajectory) -> None:
    """Write a file; there is a complete one or none."""
    with replace_file(path) as temporary, h5py.File(temporary, "w") as file:
        _write_facts(file, trajectory)
        # Contiguous, so that it can be mapped
        file.create_dataset(DISPLACEMENTS, data=trajectory.displacements)
        file[DISPLACEMENTS].attrs["units"] = "angstrom"


def _write_facts(file: h5py.File, trajectory: Trajectory) -> None:
    for name in ("cell", "sites"):
        file.create_dataset(name, data=getattr(trajectory, name))
        file[name].attrs["units"] = "angstrom"
    file["symbols"] = list(trajectory.symbols)
    file.attrs[INTERVAL] = trajectory.frame_interval_fs
    if trajectory.temperature_k is not None:
        file.attrs[TEMPERATURE] = trajectory.temperature_k


class FrameSpool:
    """Frames that come one by one, and are wanted atom by atom: turned in blocks, on the disk.

    Parameters
    ----------
    folder
        Folder of the temporary file, which has no name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._block = np.empty((0, 3, 0), dtype=np.float32)
        self._n_in_block = 0
        self._lengths = list[int]()

    def add(self, moved: NDArray[np.float32]) -> None:
        """Add a frame, shape (n_atoms, 3), or (n_beads × n_atoms, 3) of ring polymers.

        Raises
        ------
        ValueError
            It has another number of atoms than the first one.
        OSError
            The disk is full.
        """
        if self._file is None:
            self._file = TemporaryFile(dir=self._folder)  # noqa: SIM115
            n_frames = max(1, SPOOL_BYTES // (12 * max(len(moved), 1)))
            self._block = np.empty((len(moved), 3, n_frames), dtype=np.float32)
        self._block[..., self._n_in_block] = moved
        self._n_in_block += 1
        if self._n_in_block == self._block.shape[2]:
            self._flush()

    def _flush(self) -> None:
        if self._file is not None and self._n_in_block:
            np.ascontiguousarray(self._block[..., : self._n_in_block]).tofile(self._file)
            self._lengths.append(self._n_in_block)
            self._n_in_block = 0

    def save(self, path: Path, facts: Trajectory, first: NDArray[np.float64]) -> None:
        """Write the file of a trajectory; there is a complete one or none.

        Parameters
        ----------
        facts
            The trajectory without frames.
        first
            As an added frame: positions of the first one, in units of the cell vectors. The frames are displacements
            from it in these units.

        Raises
        ------
        ValueError
            There are no frames, or their atoms are not those of the facts.
        OSError
            The disk is full.
        """
        self._flush()
        n_atoms, n_rows, n_frames = len(facts.symbols), self._block.shape[0], sum(self._lengths)
        if self._file is None or n_rows % n_atoms or first.shape != (n_rows, 3):
            raise ValueError("the frames have other atoms")
        n_beads, blocks, begin = n_rows // n_atoms, [], 0
        for length in self._lengths:
            shape = (n_beads, n_atoms, 3, length)
            blocks.append(np.memmap(self._file, dtype=np.float32, mode="r", offset=begin, shape=shape))
            begin += 12 * n_rows * length
        from_sites = first.reshape(n_beads, n_atoms, 3) @ facts.cell - facts.sites
        with replace_file(path) as temporary, h5py.File(temporary, "w") as file:
            _write_facts(file, facts)
            shape_of_bead = (n_atoms, 3, n_frames)
            shape_of_all = shape_of_bead if n_beads == 1 else (n_beads, *shape_of_bead)
            dataset = file.create_dataset(DISPLACEMENTS, shape_of_all, dtype=np.float32)
            dataset.attrs["units"] = "angstrom"
            step = max(1, SPOOL_BYTES // (24 * n_frames))
            for bead in range(n_beads):
                for atom in range(0, n_atoms, step):
                    atoms = slice(atom, atom + step)
                    moved = np.concatenate([block[bead, atoms] for block in blocks], axis=2)
                    place = (atoms,) if n_beads == 1 else (bead, atoms)
                    dataset[place] = facts.cell.T @ moved + from_sites[bead, atoms, :, np.newaxis]

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            self._file.close()


def load(path: Path) -> Trajectory:
    """Return the trajectory of a file that `save` has written, with its displacements as a memory map.

    Raises
    ------
    OSError, KeyError, ValueError
        The file is missing or damaged.
    """
    with h5py.File(path, "r") as file:
        stored = file[DISPLACEMENTS]
        displacements = np.memmap(path, dtype=stored.dtype, mode="r", offset=stored.id.get_offset(), shape=stored.shape)
        temperature = file.attrs.get(TEMPERATURE)
        return Trajectory(
            cell=np.asarray(file["cell"][()]),
            sites=np.asarray(file["sites"][()]),
            symbols=tuple(map(str, file["symbols"].asstr()[()])),
            displacements=displacements,
            frame_interval_fs=float(file.attrs[INTERVAL]),
            temperature_k=None if temperature is None else float(temperature),
        )
