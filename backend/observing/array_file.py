"""Files of named arrays with axes and units, in HDF5."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import h5py
import numpy as np

from backend.kit.files.unreadable import Unreadable
from backend.phonon_files import harmonic_crystal_file
from scattering.core.notices import Notice

VERSION = 1
PartialsT = TypeVar("PartialsT")


class UnreadablePartials(Unreadable):
    """The file was not written by Beamcast, or its version is unknown."""


@dataclass(frozen=True)
class Layout(Generic[PartialsT]):
    """Arrays and attributes of a file format, with reader and writer.

    Attributes
    ----------
    make
        Constructor of the partials.
    format
        Name of the format in the attributes of the file.
    units, axes
        Array → unit, and array → names of its axes.
    optional
        Arrays that a file may lack.
    scales
        Arrays that are axes of other arrays.
    compression
        Level of gzip, 1 (fast) to 9 (small).
    """

    make: Callable[..., PartialsT]
    format: str
    units: Mapping[str, str]
    axes: Mapping[str, Sequence[str]]
    optional: frozenset[str]
    scales: tuple[str, ...]
    compression: int = 1

    def write(self, path: Path, partials: PartialsT) -> None:
        """Write a complete file or none.

        The file is written under a temporary name in the same folder, synchronised to the disk, and then renamed.

        Raises
        ------
        OSError
            The disk is full.
        """
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with h5py.File(temporary, "w") as file:
                self.write_attributes(file, partials)
                self.write_arrays(file, partials)
                self.write_more(file, partials)
                if (crystal := getattr(partials, "harmonic_crystal", None)) is not None:
                    harmonic_crystal_file.write(file, crystal)
            with temporary.open("rb") as complete:
                os.fsync(complete.fileno())
            temporary.replace(path)
        except RuntimeError as error:
            # HDF5 does not give the reason when it cannot write the end of a file
            if shutil.disk_usage(path.parent).free < self._size(partials):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise
        finally:
            temporary.unlink(missing_ok=True)

    def read(self, path: Path) -> PartialsT:
        """Read partials.

        Raises
        ------
        UnreadablePartials
            The file has another format or version, or lacks an array.
        FileNotFoundError
        """
        try:
            with h5py.File(path, "r") as file:
                if file.attrs.get("format") != self.format or file.attrs.get("version") != VERSION:
                    expected = {"file": path.name, "format": self.format, "version": VERSION}
                    raise UnreadablePartials(Notice("not_expected_partials", expected))
                names = [name for name in self.units if name in file or name not in self.optional]
                fields: dict[str, Any] = {name: np.asarray(file[name][()]) for name in names}
                fields |= {
                    "species": tuple(file["species"].asstr()[()]),
                    "temperature": float(file.attrs["temperature_k"]),
                    "statistics": file.attrs["statistics"],
                    "metadata": json.loads(file.attrs["metadata"]),
                    "harmonic_crystal": harmonic_crystal_file.read(file),
                }
                return self.make(**fields, **self.read_more(file))
        except (FileNotFoundError, UnreadablePartials):
            raise
        except (OSError, KeyError, ValueError) as error:
            raise UnreadablePartials(Notice("invalid_partials", {"file": path.name, "error": str(error)})) from error

    def write_attributes(self, file: h5py.File, partials: Any) -> None:
        """Write format, version, conditions, and the names of species and pairs."""
        file.attrs.update(
            format=self.format,
            version=VERSION,
            temperature_k=partials.temperature,
            statistics=partials.statistics,
            metadata=json.dumps(partials.metadata),
            normalisation="per atom of the sample, all species together; unlike pairs hold both orders",
        )
        file["species"] = list(partials.species)
        file["pair"] = ["-".join(pair) for pair in partials.pairs]

    def write_arrays(self, file: h5py.File, partials: PartialsT) -> None:
        """Write the arrays with their units and axes."""
        held = {name: array for name in self.units if (array := getattr(partials, name)) is not None}
        for name, array in held.items():
            packed = {"compression": "gzip", "compression_opts": self.compression, "shuffle": True}
            dataset = file.create_dataset(name, data=array, **(packed if array.ndim >= 3 else {}))
            dataset.attrs["units"] = self.units[name]
            dataset.attrs["axes"] = list(self.axes[name])
        for name in self.scales:
            file[name].make_scale(name)
        for name in held:
            for index, axis in enumerate(self.axes[name]):
                file[name].dims[index].label = axis
                if axis in self.scales and name != axis:
                    file[name].dims[index].attach_scale(file[axis])

    def _size(self, partials: PartialsT) -> int:
        arrays = (getattr(partials, name) for name in self.units)
        return sum(array.nbytes for array in arrays if array is not None)

    def write_more(self, file: h5py.File, partials: PartialsT) -> None:
        """Write everything that is not an array of numbers with axes."""

    def read_more(self, file: h5py.File) -> dict[str, Any]:
        """Return the fields that `write_more` has written."""
        return {}
