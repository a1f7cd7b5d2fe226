"""Phonon modes in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from backend.kit.files.storage import replace_file
from scattering.core.phonon_modes import PhononModes

_UNITS: Final = {
    "cell": "angstrom",
    "positions": "angstrom",
    "masses": "u",
    "wave_vectors": "reciprocal vectors of the cell",
    "weights": "",
    "energies_mev": "meV",
    "eigenvectors": "",
}
"""Array → unit."""


def save(path: Path, modes: PhononModes) -> None:
    """Write a file; there is a complete one or none."""
    with replace_file(path) as temporary, h5py.File(temporary, "w") as file:
        for name, unit in _UNITS.items():
            file.create_dataset(name, data=getattr(modes, name))
            file[name].attrs["units"] = unit
        file["symbols"] = list(modes.symbols)


def load(path: Path) -> PhononModes:
    """Return the modes of a file that `save` has written.

    Raises
    ------
    OSError, KeyError, ValueError
        The file is missing or damaged.
    """
    with h5py.File(path, "r") as file:
        fields: dict[str, Any] = {name: np.asarray(file[name][()]) for name in _UNITS}
        fields["symbols"] = tuple(map(str, file["symbols"].asstr()[()]))
    return PhononModes(**fields)
