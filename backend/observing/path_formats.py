"""The spectrum of a single crystal along a path as JSON, CSV and HDF5."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.kit.files.nexus import new_nexus, nexus_data, put
from backend.kit.http.media_types import CSV, HDF5, JSON
from backend.observing.writing import Writer, csv_of, json_of, put_line
from backend.wording import messages

if TYPE_CHECKING:
    from scattering.crystal.view import Cut, PathSpectrum


def as_json(spectrum: PathSpectrum, about: Mapping[str, Any]) -> bytes:
    """Return the body that `PathSpectrumOut` describes."""
    cut, image = _cut(spectrum), spectrum.map
    return json_of(
        cut,
        spectrum.cut_unit,
        {"q_inv_angstrom": image.distance, "energy_mev": image.energy, "intensity": image.intensity},
        spectrum.notices,
        map_unit=spectrum.unit,
        path={
            "ticks": [{"label": label, "distance_inv_angstrom": distance} for distance, label in image.ticks],
            "dispersion": {
                "distance_inv_angstrom": image.dispersion_distance.tolist(),
                "energy_mev": image.dispersion.tolist(),
            },
            "wave_vectors": image.wave_vectors.tolist(),
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
    )


def as_csv(spectrum: PathSpectrum, about: Mapping[str, Any]) -> bytes:
    """Return the cut, with a column for each zone."""
    cut = _cut(spectrum)
    zones = {"zone_" + "_".join(map(str, zone)): values for zone, values in zip(cut.zones, cut.per_zone, strict=True)}
    where = f"at {cut.label or 'k'} = ({', '.join(f'{index:g}' for index in cut.wave_vector)}) r.l.u."
    return csv_of(cut, zones, f"intensity in {spectrum.cut_unit} {where}", about, spectrum.notices)


def as_hdf5(spectrum: PathSpectrum, about: Mapping[str, Any]) -> bytes:
    """Return NeXus: `map` (along the path), `spectrum` (the cut), `zones` (the cut by zone) and `dispersion`."""
    cut, image = _cut(spectrum), spectrum.map
    content = io.BytesIO()
    with new_nexus(content, about, messages(spectrum.notices), default="map") as entry:
        area = nexus_data(entry, "map", {"distance": ("1/angstrom", image.distance), "energy": ("meV", image.energy)})
        put(area, "intensity", image.intensity, spectrum.unit)
        area["ticks"] = json.dumps([[distance, label] for distance, label in image.ticks], ensure_ascii=False)
        put_line(entry, cut, spectrum.cut_unit)
        by_zone = nexus_data(entry, "zones", {"q": ("1/angstrom", cut.q), "energy": ("meV", cut.energy)})
        put(by_zone, "intensity", cut.per_zone, spectrum.cut_unit)
        put(by_zone, "hkl", cut.zones, "")
        phonons = entry.create_group("dispersion")
        put(phonons, "distance", image.dispersion_distance, "1/angstrom")
        put(phonons, "energy", image.dispersion, "meV")
    return content.getvalue()


def _cut(spectrum: PathSpectrum) -> Cut:
    if spectrum.cut is None:
        raise ValueError("the spectrum of a path has no cut")
    return spectrum.cut


WRITERS: Mapping[str, Writer[PathSpectrum]] = {JSON: as_json, CSV: as_csv, HDF5: as_hdf5}
