"""The file of a single crystal's partials: HDF5 with named axes and units, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np

from backend.predictions.partials_file import UnreadablePartials
from scattering.crystal.partials import CrystalPartials

FORMAT = "beamcast-crystal-partials"
FORMAT_VERSION = 1

_RECIPROCAL = "reciprocal lattice units of cell"
_UNITS = {
    "cell": "angstrom",
    "wave_vectors": _RECIPROCAL,
    "distance": "1/angstrom",
    "zones": _RECIPROCAL,
    "energy": "meV",
    "concentration": "",
    "coherent": "1/meV",
    "q": "1/angstrom",
    "incoherent": "1/meV",
    "displacements": "angstrom**2",
    "dispersion_distance": "1/angstrom",
    "dispersion": "meV",
}
# What only some predictions have
_OPTIONAL = {"coherent_runs": "1/meV", "incoherent_runs": "1/meV"}
_AXES = {
    "cell": ("cell_vector", "xyz"),
    "wave_vectors": ("distance", "hkl"),
    "distance": ("distance",),
    "zones": ("zone", "hkl"),
    "energy": ("energy",),
    "concentration": ("species",),
    "coherent": ("pair", "zone", "distance", "energy"),
    "q": ("q",),
    "incoherent": ("species", "q", "energy"),
    "displacements": ("species", "xyz", "xyz"),
    "dispersion_distance": ("dispersion_distance",),
    "dispersion": ("dispersion_distance", "mode"),
    "coherent_runs": ("run", "pair", "zone", "distance", "energy"),
    "incoherent_runs": ("run", "species", "q", "energy"),
}
_SCALES = ("distance", "energy", "q", "dispersion_distance")


def write_crystal_partials(path: Path, partials: CrystalPartials) -> None:
    """Write partials to a temporary name beside `path`, make sure they are on disk, then rename."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with h5py.File(temporary, "w") as file:
            file.attrs.update(
                format=FORMAT,
                version=FORMAT_VERSION,
                temperature_k=partials.temperature,
                statistics=partials.statistics,
                metadata=json.dumps(partials.metadata),
                normalisation="per atom of the sample, all species together; unlike pairs hold both orders",
            )
            file["species"] = list(partials.species)
            file["pair"] = ["-".join(pair) for pair in partials.pairs]
            file["label"] = list(partials.labels)
            file["tick_label"] = [name for _, name in partials.ticks]
            file["tick_distance"] = np.array([place for place, _ in partials.ticks], dtype=float)
            file["tick_distance"].attrs["units"] = "1/angstrom"
            held = {name: array for name in (*_UNITS, *_OPTIONAL) if (array := getattr(partials, name)) is not None}
            for name, array in held.items():
                options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.ndim >= 3 else {}
                dataset = file.create_dataset(name, data=array, **options)
                dataset.attrs["units"] = (_UNITS | _OPTIONAL)[name]
                dataset.attrs["axes"] = list(_AXES[name])
            for name in _SCALES:
                file[name].make_scale(name)
            for name in held:
                for index, axis in enumerate(_AXES[name]):
                    file[name].dims[index].label = axis
                    if axis in _SCALES and name != axis:
                        file[name].dims[index].attach_scale(file[axis])
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_crystal_partials(path: Path) -> CrystalPartials:
    """Read partials.

    Raises
    ------
    UnreadablePartials
        Not a file of this format and version.
    FileNotFoundError
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT or file.attrs.get("version") != FORMAT_VERSION:
                raise UnreadablePartials(f"{path.name} is not a file of a crystal's partials, version {FORMAT_VERSION}")
            names = [*_UNITS, *(name for name in _OPTIONAL if name in file)]
            places, ticks = file["tick_distance"][()].tolist(), file["tick_label"].asstr()[()]
            return CrystalPartials(
                species=tuple(file["species"].asstr()[()]),
                labels=tuple(file["label"].asstr()[()]),
                ticks=tuple(zip(places, map(str, ticks), strict=True)),
                temperature=float(file.attrs["temperature_k"]),
                statistics=file.attrs["statistics"],
                metadata=json.loads(file.attrs["metadata"]),
                **{name: np.asarray(file[name][()]) for name in names},
            )
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise UnreadablePartials(f"{path.name}: {error}") from error
