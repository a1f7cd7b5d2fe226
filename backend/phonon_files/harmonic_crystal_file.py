"""Force constants in the file of harmonic partials, in a group of their own, which older files lack."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from scattering.core.dipole_response import DipoleResponse
from scattering.core.harmonic_crystal import HarmonicCrystal

GROUP: Final = "harmonic_crystal"
_ARRAYS: Final = {
    "cell": ("angstrom", ("cell_vector", "xyz")),
    "uploaded_cell": ("angstrom", ("cell_vector", "xyz")),
    "positions": ("angstrom", ("atom", "xyz")),
    "masses": ("u", ("atom",)),
    "supercell_matrix": ("primitive cell vectors", ("supercell_vector", "cell_vector")),
    "cell_origins": ("primitive cell vectors", ("primitive_cell", "cell_vector")),
    "force_constants": ("eV/angstrom**2", ("primitive_cell", "atom_xyz_of_first_cell", "atom_xyz")),
}
"""Array → unit and names of its axes."""
_DIPOLES: Final = {
    "born_charges": ("e", ("atom", "xyz_of_displacement", "xyz_of_field")),
    "dielectric": ("vacuum permittivity", ("xyz", "xyz")),
}
"""The same for the arrays of a crystal with Born charges, which others lack."""
_NAMES: Final = ("species", "sites")
NUMBERS: Final = tuple(f"{GROUP}/{name}" for name in (*_ARRAYS, *_DIPOLES))
"""Places of the arrays of numbers in a file."""
TEXTS: Final = tuple(f"{GROUP}/{name}" for name in _NAMES)
"""Places of the arrays of names in a file."""


def write(file: h5py.File, crystal: HarmonicCrystal) -> None:
    """Add the group to a file of partials."""
    group = file.create_group(GROUP)
    stored = [(name, getattr(crystal, name), *meaning) for name, meaning in _ARRAYS.items()]
    if crystal.dipoles is not None:
        stored += [(name, getattr(crystal.dipoles, name), *meaning) for name, meaning in _DIPOLES.items()]
    for name, array, unit, axes in stored:
        options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.ndim >= 3 else {}
        dataset = group.create_dataset(name, data=array, **options)
        dataset.attrs["units"] = unit
        dataset.attrs["axes"] = list(axes)
    for name in _NAMES:
        group[name] = list(getattr(crystal, name))


def read(file: h5py.File) -> HarmonicCrystal | None:
    """Return the force constants of a file of partials; None for an older file.

    Raises
    ------
    KeyError, ValueError
        The group lacks an array, or an array has a wrong shape or values that are not finite.
    """
    group = file.get(GROUP)
    if group is None:
        return None
    if not isinstance(group, h5py.Group):
        raise ValueError(f"{GROUP} is not a group")
    fields: dict[str, Any] = {name: np.asarray(group[name][()]) for name in _ARRAYS}
    if any(name in group for name in _DIPOLES):
        fields["dipoles"] = DipoleResponse(**{name: np.asarray(group[name][()]) for name in _DIPOLES})
    fields |= {name: tuple(map(str, group[name].asstr()[()])) for name in _NAMES}
    return HarmonicCrystal(**fields)


def save(path: Path, crystal: HarmonicCrystal) -> None:
    """Write a file of force constants alone, under another name first: there is a complete file or none.

    Raises
    ------
    OSError
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with h5py.File(temporary, "w") as file:
            write(file, crystal)
        with temporary.open("rb") as complete:
            os.fsync(complete.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> HarmonicCrystal:
    """Return the force constants of a file that `save` has written.

    Raises
    ------
    OSError
        There is no such file, or it is not HDF5.
    KeyError, ValueError
        As `read`; or the file has no force constants.
    """
    with h5py.File(path, "r") as file:
        crystal = read(file)
    if crystal is None:
        raise ValueError(f"{path.name} has no force constants")
    return crystal
