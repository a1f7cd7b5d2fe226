"""Clean measured data in HDF5, as they are kept and as they are downloaded ("beamcast-hdf5").

Layout, version 1. A NeXus file, so that silx, nexpy and Mantid find axes and units::

    /                      NX_class=NXroot, default="entry", beamcast_format="measured", beamcast_version=1
    /entry                 NX_class=NXentry, default="data"
        title              text
        about              text: JSON of what is known of how it was measured; any key may be missing:
                           instrument, settings, fixed_energy_mev, temperature_k, exposure_uah, exposure_h, mass_g,
                           isotopes, y_unit, name, …
        warnings           texts
    /entry/data            NX_class=NXdata, signal="intensity"; every array has `units`

A spectrum (axes=["energy"])::

        energy             (n,) meV, ascending
        intensity          (n,)
        intensity_errors   (n,) NaN where not known; missing where known nowhere
        energy_low         (n,) meV: lower edges of the bins
        energy_high        (n,) meV: upper edges

A map (axes=["q", "energy"])::

        q                  (n_q + 1,) 1/angstrom, ascending: edges
        energy             (n_energy + 1,) meV, ascending: edges
        intensity          (n_q, n_energy) NaN where nothing was measured
        intensity_errors   (n_q, n_energy) NaN where not known; missing where known nowhere

All numbers are 64-bit floats, so that what is downloaded and uploaded again is the same to the bit.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from backend.kit.files.nexus import new_nexus, nexus_data, put
from backend.kit.files.storage import replace_file
from scattering.measured.data import MeasuredMap, MeasuredSpectrum

FORMAT: Final = "measured"
VERSION: Final = 1
Measured = MeasuredSpectrum | MeasuredMap


class DamagedData(ValueError):
    """A file of ours does not hold what it should."""


def as_hdf5(measured: Measured, about: Mapping[str, Any], warnings: Sequence[str] = ()) -> bytes:
    """The file's bytes. `about`: what is known of how it was measured, with `title` and `y_unit` among it."""
    content = io.BytesIO()
    unit = str(about.get("y_unit") or "arbitrary")
    with new_nexus(content, about, warnings, default="data") as entry:
        entry.file.attrs.update(beamcast_format=FORMAT, beamcast_version=VERSION)
        if isinstance(measured, MeasuredSpectrum):
            data = nexus_data(entry, "data", {"energy": ("meV", measured.energy)})
            put(data, "energy_low", measured.low, "meV")
            put(data, "energy_high", measured.high, "meV")
        else:
            axes = {"q": ("1/angstrom", measured.q), "energy": ("meV", measured.energy)}
            data = nexus_data(entry, "data", axes)
        put(data, "intensity", measured.intensity, unit)
        if measured.error is not None:
            put(data, "intensity_errors", measured.error, unit)
    return content.getvalue()


def write_measured(path: Path, measured: Measured, about: Mapping[str, Any] | None = None) -> None:
    """Write a file whole or not at all."""
    with replace_file(path) as temporary:
        temporary.write_bytes(as_hdf5(measured, about or {}))


def read_measured(path: Path) -> Measured:
    """Read a file of `write_measured`. The arrays are read-only, because they are shared.

    Raises
    ------
    DamagedData
        It is not one of ours, or of a version that this program does not know.
    FileNotFoundError
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("beamcast_format") != FORMAT or file.attrs.get("beamcast_version") != VERSION:
                raise DamagedData(f"{path.name} is not a file of measured data of version {VERSION}")
            data = file["entry/data"]
            energy, intensity = _array(data, "energy"), _array(data, "intensity")
            error = _array(data, "intensity_errors") if "intensity_errors" in data else None
            if "q" in data:
                return MeasuredMap(_array(data, "q"), energy, intensity, error)
            return MeasuredSpectrum(energy, intensity, error, _array(data, "energy_low"), _array(data, "energy_high"))
    except (FileNotFoundError, DamagedData):
        raise
    except (OSError, KeyError, ValueError) as error:
        raise DamagedData(f"{path.name}: {error}") from error


def _array(group: Any, name: str) -> NDArray[np.float64]:
    values = np.asarray(group[name][()], dtype=np.float64)
    values.setflags(write=False)
    return values
