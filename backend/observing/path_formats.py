"""What is seen along a path as JSON, CSV and HDF5, beside `formats` for powders."""

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
    from scattering.crystal.view import Cut, PathSpectrum


def as_json(spectrum: PathSpectrum, about: Mapping[str, Any]) -> bytes:
    """The body that `PathSpectrumOut` describes."""
    cut, image = _cut(spectrum), spectrum.map
    return to_json(
        {
            "energy_mev": cut.energy.tolist(),
            "intensity": cut.intensity.tolist(),
            "standard_error": None if cut.error is None else cut.error.tolist(),
            "unit": spectrum.cut_unit,
            "map": {
                "q_inv_angstrom": image.distance.tolist(),
                "energy_mev": image.energy.tolist(),
                "intensity": image.intensity.tolist(),
            },
            "map_unit": spectrum.unit,
            "path": {
                "ticks": [{"label": label, "distance_inv_angstrom": distance} for distance, label in image.ticks],
                "dispersion": {
                    "distance_inv_angstrom": image.dispersion_distance.tolist(),
                    "energy_mev": image.dispersion.tolist(),
                },
                "point": cut.label,
                "wave_vector": cut.wave_vector.tolist(),
                "zones": [
                    {
                        "hkl": zone.tolist(),
                        "q_inv_angstrom": float(q),
                        "reached_mev": None if np.isnan(reached).any() else reached.tolist(),
                        "intensity": values.tolist(),
                    }
                    for zone, q, reached, values in zip(cut.zones, cut.q, cut.reached, cut.per_zone, strict=True)
                ],
            },
            "warnings": spectrum.warnings,
        },
        inf_nan_mode="null",
    )


def as_csv(spectrum: PathSpectrum, about: Mapping[str, Any]) -> bytes:
    """The cut, one row for each energy and a column for each zone; `#` lines say what it is."""
    cut = _cut(spectrum)
    columns = {"energy_mev": cut.energy, "intensity": cut.intensity}
    if cut.error is not None:
        columns["standard_error"] = cut.error
    columns |= {
        "zone_" + "_".join(map(str, zone)): values for zone, values in zip(cut.zones, cut.per_zone, strict=True)
    }
    text = io.StringIO(newline="")
    where = f"at {cut.label or 'k'} = ({', '.join(f'{index:g}' for index in cut.wave_vector)}) r.l.u."
    for line in (
        f"intensity in {spectrum.cut_unit} {where}",
        json.dumps(about, ensure_ascii=False),
        *spectrum.warnings,
    ):
        text.write(f"# {line}\r\n")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([f"{value:.8g}" for value in row] for row in zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def as_hdf5(spectrum: PathSpectrum, about: Mapping[str, Any]) -> bytes:
    """NeXus groups `map` (along the path), `spectrum` (the cut), `zones` (the cut by zone) and `dispersion`."""
    cut, image = _cut(spectrum), spectrum.map
    content = io.BytesIO()
    with new_nexus(content, about, spectrum.warnings, default="map") as entry:
        area = nexus_data(entry, "map", {"distance": ("1/angstrom", image.distance), "energy": ("meV", image.energy)})
        put(area, "intensity", image.intensity, spectrum.unit)
        area["ticks"] = json.dumps([[distance, label] for distance, label in image.ticks], ensure_ascii=False)
        line = nexus_data(entry, "spectrum", {"energy": ("meV", cut.energy)})
        put(line, "intensity", cut.intensity, spectrum.cut_unit)
        if cut.error is not None:
            put(line, "intensity_errors", cut.error, spectrum.cut_unit)
        by_zone = nexus_data(entry, "zones", {"q": ("1/angstrom", cut.q), "energy": ("meV", cut.energy)})
        put(by_zone, "intensity", cut.per_zone, spectrum.cut_unit)
        put(by_zone, "hkl", cut.zones, "")
        phonons = entry.create_group("dispersion")
        put(phonons, "distance", image.dispersion_distance, "1/angstrom")
        put(phonons, "energy", image.dispersion, "meV")
    return content.getvalue()


def _cut(spectrum: PathSpectrum) -> Cut:
    if spectrum.cut is None:
        raise ValueError("a path is looked at with a cut")
    return spectrum.cut


WRITERS: Mapping[str, Callable[[PathSpectrum, Mapping[str, Any]], bytes]] = {
    JSON: as_json,
    CSV: as_csv,
    HDF5: as_hdf5,
}
