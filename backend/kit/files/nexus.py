"""Writing of NeXus: HDF5 whose groups name their axes and units."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def new_nexus(content: io.BytesIO, about: Mapping[str, Any], warnings: Sequence[str], *, default: str) -> Iterator[Any]:
    """Yield the `entry` of a new HDF5 file with a description of the data; a viewer opens the group `default`."""
    import h5py

    with h5py.File(content, "w") as file:
        file.attrs["NX_class"] = "NXroot"
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        entry.attrs["default"] = default
        file.attrs["default"] = "entry"
        entry["title"] = str(about.get("title", "Beamcast"))
        entry["about"] = json.dumps(about, ensure_ascii=False)
        entry["warnings"] = np.array(warnings, dtype=h5py.string_dtype())
        yield entry


def nexus_data(entry: Any, name: str, axes: Mapping[str, tuple[str, Any]]) -> Any:
    """Make a group whose signal `intensity` has axes, given as name → unit and values."""
    group = entry.create_group(name)
    group.attrs["NX_class"] = "NXdata"
    group.attrs["signal"] = "intensity"
    group.attrs["axes"] = list(axes)
    for axis, (unit, values) in axes.items():
        put(group, axis, values, unit)
    return group


def put(group: Any, name: str, values: Any, unit: str) -> None:
    """Write a dataset with its unit."""
    group[name] = values
    group[name].attrs["units"] = unit
