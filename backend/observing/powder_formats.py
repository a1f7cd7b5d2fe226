"""The spectrum of a powder as JSON, CSV and HDF5."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.kit.files.nexus import new_nexus, nexus_data, put
from backend.kit.http.media_types import CSV, HDF5, JSON
from backend.observing.writing import Writer, csv_of, json_of, put_line
from backend.wording import messages

if TYPE_CHECKING:
    from scattering.observe.spectrum import Spectrum


def as_json(spectrum: Spectrum, about: Mapping[str, Any]) -> bytes:
    """Return the body that `SpectrumOut` describes."""
    image = spectrum.map
    # NaN outside the window becomes null
    intensity = np.where(image.inside, image.intensity, np.nan)
    return json_of(
        spectrum,
        spectrum.unit,
        {"q_inv_angstrom": image.q, "energy_mev": image.energy, "intensity": intensity},
        spectrum.notices,
        per_element={name: values.tolist() for name, values in spectrum.per_element.items()},
        banks={name: values.tolist() for name, values in spectrum.banks.items()},
        per_order={str(order): values.tolist() for order, values in spectrum.per_order.items()},
    )


def as_csv(spectrum: Spectrum, about: Mapping[str, Any]) -> bytes:
    """Return CSV of the spectrum and its contributions, without the map."""
    parts = {f"{prefix}_{name}": values for prefix, name, values in _parts(spectrum)}
    return csv_of(spectrum, parts, f"intensity in {spectrum.unit}", about, spectrum.notices)


def as_hdf5(spectrum: Spectrum, about: Mapping[str, Any]) -> bytes:
    """Return NeXus with the groups `spectrum` and `map`, which silx, nexpy and Mantid can plot."""
    content, image = io.BytesIO(), spectrum.map
    with new_nexus(content, about, messages(spectrum.notices), default="spectrum") as entry:
        line = put_line(entry, spectrum, spectrum.unit)
        for prefix, name, values in _parts(spectrum):
            put(line, f"{prefix}_{name}", values, spectrum.unit)
        area = nexus_data(entry, "map", {"q": ("1/angstrom", image.q), "energy": ("meV", image.energy)})
        put(area, "intensity", np.where(image.inside, image.intensity, np.nan), spectrum.unit)
    return content.getvalue()


def _parts(spectrum: Spectrum) -> list[tuple[str, str | int, Any]]:
    """Return the contributions to the spectrum: kind, name and values."""
    parts: dict[str, Mapping[Any, Any]] = {
        "bank": spectrum.banks,
        "element": spectrum.per_element,
        "order": spectrum.per_order,
    }
    return [(prefix, name, values) for prefix, of_kind in parts.items() for name, values in of_kind.items()]


WRITERS: Mapping[str, Writer[Spectrum]] = {JSON: as_json, CSV: as_csv, HDF5: as_hdf5}
