"""The displacements of a trajectory in a file of their own, from which a worker reads the frames of some atoms."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import h5py
import numpy as np

from backend.kit.files.storage import replace_file
from scattering.core.trajectory import Trajectory

DISPLACEMENTS: Final = "displacements"
TEMPERATURE: Final = "temperature_k"
INTERVAL: Final = "frame_interval_fs"


def save(path: Path, trajectory: Trajectory) -> None:
    """Write a file; there is a complete one or none."""
    with replace_file(path) as temporary, h5py.File(temporary, "w") as file:
        for name in ("cell", "sites", DISPLACEMENTS):
            # Contiguous, so that it can be mapped
            file.create_dataset(name, data=getattr(trajectory, name))
            file[name].attrs["units"] = "angstrom"
        file["symbols"] = list(trajectory.symbols)
        file.attrs[INTERVAL] = trajectory.frame_interval_fs
        if trajectory.temperature_k is not None:
            file.attrs[TEMPERATURE] = trajectory.temperature_k


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
