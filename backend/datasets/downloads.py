"""Measured data as JSON, CSV and HDF5, and thinned out to be drawn."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from backend.datasets.data_file import Measured, as_hdf5
from backend.datasets.formats.beamcast_csv import NO_UNIT
from backend.datasets.schemas import PREVIEW_BINS, PREVIEW_POINTS
from backend.kit.files.csv_text import comment, json_comment
from backend.kit.http.media_types import CSV, HDF5, JSON
from scattering.measured.data import MeasuredMap, MeasuredSpectrum, centres, extremes


def as_json(measured: Measured, about: Mapping[str, Any]) -> bytes:
    """The body that `SpectrumDataOut` or `MapDataOut` describes, straight from the arrays."""
    if isinstance(measured, MeasuredSpectrum):
        axes = {"energy_mev": measured.energy, "low_mev": measured.low, "high_mev": measured.high}
    else:
        axes = {"q_inv_angstrom": measured.q, "energy_mev": measured.energy}
    body = {name: values.tolist() for name, values in axes.items()}
    body["intensity"] = measured.intensity.tolist()
    body["standard_error"] = None if measured.error is None else measured.error.tolist()
    return to_json(body, inf_nan_mode="null")


def as_csv(measured: Measured, about: Mapping[str, Any]) -> bytes:
    """One row for each point, or for each bin of a map where something was measured; `#` lines say what it is."""
    if isinstance(measured, MeasuredSpectrum):
        columns = {"energy_mev": measured.energy}
        there = np.ones(measured.intensity.shape, dtype=bool)
    else:
        q, energy = np.meshgrid(centres(measured.q), centres(measured.energy), indexing="ij")
        columns = {"q_inv_angstrom": q, "energy_mev": energy}
        there = np.isfinite(measured.intensity)
    columns["intensity"] = measured.intensity
    if measured.error is not None:
        columns["standard_error"] = measured.error
    # First the unit, by which our reader knows the file again
    lines = [comment(f"intensity in {about.get('y_unit') or NO_UNIT}"), json_comment(about)]
    text = io.StringIO(newline="")
    text.writelines(f"# {line}\r\n" for line in lines)
    text.write(",".join(columns) + "\r\n")
    text.writelines(_row(row) for row in zip(*(values[there].tolist() for values in columns.values()), strict=True))
    return text.getvalue().encode()


def _row(values: Iterable[float]) -> str:
    # The shortest text that is read back as the same number; nothing where none is known.
    return ",".join("" if math.isnan(value) else repr(value) for value in values) + "\r\n"


def thinned_curve(spectrum: MeasuredSpectrum) -> dict[str, Any]:
    """A spectrum as `CurveOut` has it, NaN for null: peaks stay, because the highest and lowest of each stretch do."""
    keep = extremes(spectrum.intensity, PREVIEW_POINTS)
    return {
        "energy_mev": spectrum.energy[keep].tolist(),
        "intensity": spectrum.intensity[keep].tolist(),
        "standard_error": None if spectrum.error is None else spectrum.error[keep].tolist(),
    }


def thinned_map(image: MeasuredMap) -> dict[str, Any]:
    """A map as `MapOut` has it, NaN for null: neighbouring bins averaged."""
    q, energy, intensity = image.q, image.energy, image.intensity
    rows, columns = _starts(intensity.shape[0]), _starts(intensity.shape[1])
    there = np.isfinite(intensity)
    total = _blocks(np.where(there, intensity, 0.0), rows, columns)
    count = _blocks(there.astype(float), rows, columns)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return {
        "q_inv_angstrom": centres(q[np.append(rows, len(q) - 1)]).tolist(),
        "energy_mev": centres(energy[np.append(columns, len(energy) - 1)]).tolist(),
        "intensity": mean.tolist(),
    }


def _starts(n: int) -> NDArray[np.intp]:
    """Return the first bins of at most `PREVIEW_BINS` blocks of n bins, of equal size except the last."""
    return np.arange(0, n, -(-n // PREVIEW_BINS))


def _blocks(values: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.asarray(np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1))


WRITERS: Mapping[str, Callable[[Measured, Mapping[str, Any]], bytes]] = {JSON: as_json, CSV: as_csv, HDF5: as_hdf5}
