"""The partials' file: HDF5 with named axes and units, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np

from scattering.partials import Partials

FORMAT = "beamcast-partials"
FORMAT_VERSION = 1

_UNITS = {
    "q": "1/angstrom",
    "energy": "meV",
    "concentration": "",
    "coherent": "1/meV",
    "incoherent": "1/meV",
    "coherent_elastic": "",
    "incoherent_elastic": "",
}
# What only some predictions have
_OPTIONAL = {"orders": "1/meV", "coherent_runs": "1/meV", "incoherent_runs": "1/meV"}
_AXES = {
    "q": ("q",),
    "energy": ("energy",),
    "concentration": ("species",),
    "coherent": ("pair", "q", "energy"),
    "incoherent": ("species", "q", "energy"),
    "coherent_elastic": ("pair", "q"),
    "incoherent_elastic": ("species", "q"),
    "orders": ("order", "species", "q", "energy"),
    "coherent_runs": ("run", "pair", "q", "energy"),
    "incoherent_runs": ("run", "species", "q", "energy"),
}


class UnreadablePartials(ValueError):
    """The file is not one of ours, or of a version that this program does not know."""


def write_partials(path: Path, partials: Partials) -> None:
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
            held = {name: array for name in (*_UNITS, *_OPTIONAL) if (array := getattr(partials, name)) is not None}
            for name, array in held.items():
                options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.ndim >= 3 else {}
                dataset = file.create_dataset(name, data=array, **options)
                dataset.attrs["units"] = (_UNITS | _OPTIONAL)[name]
                dataset.attrs["axes"] = list(_AXES[name])
            file["q"].make_scale("q")
            file["energy"].make_scale("energy")
            for name in held:
                axes = _AXES[name]
                for index, axis in enumerate(axes):
                    file[name].dims[index].label = axis
                    if axis in ("q", "energy") and name != axis:
                        file[name].dims[index].attach_scale(file[axis])
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_partials(path: Path) -> Partials:
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
                raise UnreadablePartials(f"{path.name} is not a partials file of version {FORMAT_VERSION}")
            names = [*_UNITS, *(name for name in _OPTIONAL if name in file)]
            arrays = {name: np.asarray(file[name][()]) for name in names}
            return Partials(
                species=tuple(file["species"].asstr()[()]),
                temperature=float(file.attrs["temperature_k"]),
                statistics=file.attrs["statistics"],
                metadata=json.loads(file.attrs["metadata"]),
                **arrays,
            )
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise UnreadablePartials(f"{path.name}: {error}") from error
