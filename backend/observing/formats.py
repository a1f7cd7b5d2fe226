"""A spectrum as JSON, CSV and HDF5."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import to_json

if TYPE_CHECKING:
    from scattering.observe.spectrum import Spectrum

JSON = "application/json"
CSV = "text/csv"
HDF5 = "application/x-hdf5"


def as_json(spectrum: Spectrum, about: Mapping[str, Any]) -> bytes:
    """The body that `SpectrumOut` describes. Straight from the arrays: a model of 100 000 numbers takes seconds."""
    image = spectrum.map
    # What lies outside the window is NaN here and null there.
    intensity = np.where(image.inside, image.intensity, np.nan)
    return to_json(
        {
            "energy_mev": spectrum.energy.tolist(),
            "intensity": spectrum.intensity.tolist(),
            "standard_error": None if spectrum.error is None else spectrum.error.tolist(),
            "unit": spectrum.unit,
            "per_element": {name: values.tolist() for name, values in spectrum.per_element.items()},
            "banks": {name: values.tolist() for name, values in spectrum.banks.items()},
            "per_order": {str(order): values.tolist() for order, values in spectrum.per_order.items()},
            "map": {
                "q_inv_angstrom": image.q.tolist(),
                "energy_mev": image.energy.tolist(),
                "intensity": intensity.tolist(),
            },
            "warnings": spectrum.warnings,
        },
        inf_nan_mode="null",
    )


def as_csv(spectrum: Spectrum, about: Mapping[str, Any]) -> bytes:
    """One row for each energy; `#` lines say what it is. The map does not fit into a table of rows."""
    columns = {"energy_mev": spectrum.energy, "intensity": spectrum.intensity}
    if spectrum.error is not None:
        columns["standard_error"] = spectrum.error
    columns |= {f"bank_{name}": values for name, values in spectrum.banks.items()}
    columns |= {f"element_{name}": values for name, values in spectrum.per_element.items()}
    columns |= {f"order_{order}": values for order, values in spectrum.per_order.items()}
    text = io.StringIO(newline="")
    for line in (f"intensity in {spectrum.unit}", json.dumps(about, ensure_ascii=False), *spectrum.warnings):
        text.write(f"# {line}\r\n")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([f"{value:.8g}" for value in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def as_hdf5(spectrum: Spectrum, about: Mapping[str, Any]) -> bytes:
    """NeXus groups `spectrum` and `map`, so that silx, nexpy and Mantid find axes and units."""
    content = io.BytesIO()
    with new_nexus(content, about, spectrum.warnings, default="spectrum") as entry:
        line = nexus_data(entry, "spectrum", {"energy": ("meV", spectrum.energy)})
        put(line, "intensity", spectrum.intensity, spectrum.unit)
        if spectrum.error is not None:
            put(line, "intensity_errors", spectrum.error, spectrum.unit)
        for prefix, parts in (
            ("bank", spectrum.banks),
            ("element", spectrum.per_element),
            ("order", spectrum.per_order),
        ):
            for name, values in parts.items():
                put(line, f"{prefix}_{name}", values, spectrum.unit)
        image = spectrum.map
        axes = {"q": ("1/angstrom", image.q), "energy": ("meV", image.energy)}
        put(
            nexus_data(entry, "map", axes),
            "intensity",
            np.where(image.inside, image.intensity, np.nan),
            spectrum.unit,
        )
    return content.getvalue()


@contextmanager
def new_nexus(content: io.BytesIO, about: Mapping[str, Any], warnings: Sequence[str], *, default: str) -> Iterator[Any]:
    """An HDF5 file's `entry`, with what the data are about; `default` is the group that a viewer opens."""
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
    """A group whose signal `intensity` stands on axes, given as name → unit and values."""
    group = entry.create_group(name)
    group.attrs["NX_class"] = "NXdata"
    group.attrs["signal"] = "intensity"
    group.attrs["axes"] = list(axes)
    for axis, (unit, values) in axes.items():
        put(group, axis, values, unit)
    return group


def put(group: Any, name: str, values: Any, unit: str) -> None:
    """A dataset with its unit."""
    group[name] = values
    group[name].attrs["units"] = unit


WRITERS: Mapping[str, Callable[[Spectrum, Mapping[str, Any]], bytes]] = {
    JSON: as_json,
    CSV: as_csv,
    HDF5: as_hdf5,
}
SUFFIXES: Mapping[str, str] = {JSON: "json", CSV: "csv", HDF5: "h5"}
