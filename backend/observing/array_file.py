"""Files of named arrays: HDF5 with axes and units, written whole or not at all. Powders and crystals share this."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

VERSION = 1


class UnreadablePartials(ValueError):
    """The file is not one of ours, or of a version that this program does not know."""


@dataclass(frozen=True)
class Layout:
    """What a format holds.

    Attributes
    ----------
    format
        Its name, in the file's attributes.
    units, axes
        Array → unit, and the names of its axes.
    optional
        Arrays that only some files have.
    scales
        Arrays that are axes of others.
    """

    format: str
    units: Mapping[str, str]
    axes: Mapping[str, Sequence[str]]
    optional: frozenset[str]
    scales: tuple[str, ...]


@contextmanager
def written(path: Path, layout: Layout, partials: Any) -> Iterator[h5py.File]:
    """A new file with the arrays and attributes of partials, for the caller to add to.

    It has a temporary name beside `path`, is made sure to be on disk, and then renamed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with h5py.File(temporary, "w") as file:
            file.attrs.update(
                format=layout.format,
                version=VERSION,
                temperature_k=partials.temperature,
                statistics=partials.statistics,
                metadata=json.dumps(partials.metadata),
                normalisation="per atom of the sample, all species together; unlike pairs hold both orders",
            )
            file["species"] = list(partials.species)
            file["pair"] = ["-".join(pair) for pair in partials.pairs]
            held = {name: array for name in layout.units if (array := getattr(partials, name)) is not None}
            for name, array in held.items():
                options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.ndim >= 3 else {}
                dataset = file.create_dataset(name, data=array, **options)
                dataset.attrs["units"] = layout.units[name]
                dataset.attrs["axes"] = list(layout.axes[name])
            for name in layout.scales:
                file[name].make_scale(name)
            for name in held:
                for index, axis in enumerate(layout.axes[name]):
                    file[name].dims[index].label = axis
                    if axis in layout.scales and name != axis:
                        file[name].dims[index].attach_scale(file[axis])
            yield file
        with temporary.open("rb") as complete:
            os.fsync(complete.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def opened(path: Path, layout: Layout) -> Iterator[tuple[h5py.File, dict[str, Any]]]:
    """A file and what all partials are made of, by the names of their fields.

    Raises
    ------
    UnreadablePartials
        Not a file of this format and version, or what the caller finds in it is wrong.
    FileNotFoundError
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != layout.format or file.attrs.get("version") != VERSION:
                raise UnreadablePartials(f"{path.name} is not a {layout.format} file of version {VERSION}")
            names = [name for name in layout.units if name in file or name not in layout.optional]
            fields: dict[str, Any] = {name: np.asarray(file[name][()]) for name in names}
            fields |= {
                "species": tuple(file["species"].asstr()[()]),
                "temperature": float(file.attrs["temperature_k"]),
                "statistics": file.attrs["statistics"],
                "metadata": json.loads(file.attrs["metadata"]),
            }
            yield file, fields
    except FileNotFoundError:
        raise
    except (OSError, KeyError, ValueError) as error:
        raise UnreadablePartials(f"{path.name}: {error}") from error
