"""A spectrum as JSON, CSV and HDF5."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import to_json

from backend.kit.files.nexus import new_nexus, nexus_data, put
from backend.kit.http.media_types import CSV, HDF5, JSON

if TYPE_CHECKING:
    from scattering.observe.spectrum import Spectrum


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


WRITERS: Mapping[str, Callable[[Spectrum, Mapping[str, Any]], bytes]] = {
    JSON: as_json,
    CSV: as_csv,
    HDF5: as_hdf5,
}
