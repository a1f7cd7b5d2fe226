"""Run of a processed file of Mantid: spectrometer, fixed energy, temperature, angles of detectors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.reading import Stated
from backend.datasets.formats.spectrometers import geometry_of
from backend.datasets.run import RunConditions
from backend.kit.files.hdf5_guard import Group, attribute, number_array, shape_of, text
from scattering.core.notices import Notice
from scattering.instruments import Geometry

MAX_PARAMETERS_BYTES = 16 * 1024**2
MAX_LOG = 100_000
"""Values of a log that are averaged."""
SAME_ENERGY = 0.01
"""Relative spread of the analysers' energies that counts as one energy."""
TEMPERATURES = (
    "sample_temperature",
    "sample_temp",
    "SampleTemp",
    "Temp_Sample",
    "Temperature",
    "temperature",
    "sample.temperature",
    "Temp",
)
"""Names of the sample's thermometer, of which every beamline has its own."""
GEOMETRY_PARAMETER = re.compile(r";string;deltaE-mode;(direct|indirect)\b", re.IGNORECASE)
EFIXED_PARAMETER = re.compile(r";double;Efixed;([-+.\deE]{1,32})", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """Known facts about a run."""

    stated: Stated
    geometry: Geometry | None
    notices: tuple[Notice, ...]


def run_of(root: Group, entry: str) -> Run:
    """Instrument, geometry, fixed energy and temperature, as far as an entry says them."""
    name = text(root, f"{entry}/instrument/name") or None
    parameters = text(root, f"{entry}/instrument/instrument_parameter_map/data", max_bytes=MAX_PARAMETERS_BYTES) or ""
    incident = _log_mean(root, entry, "Ei")
    statements = GEOMETRY_PARAMETER.search(parameters)
    mode = statements.group(1) if statements else text(root, f"{entry}/logs/deltaE-mode/value") or ""
    geometry = cast(Geometry, mode.casefold()) if mode.casefold() in ("direct", "indirect") else geometry_of(name)
    if geometry is None and incident:
        geometry = "direct"
    notices: tuple[Notice, ...] = ()
    fixed = incident
    if geometry != "direct":
        analysers = _analysers(parameters)
        fixed = float(analysers.mean()) if len(analysers) else None
        if fixed and np.ptp(analysers) > SAME_ENERGY * fixed:
            ends = {"lowest_mev": float(analysers.min()), "highest_mev": float(analysers.max())}
            notices = (Notice("analysers_differ", ends),)
            fixed = None
    return Run(
        stated=Stated(
            instrument=name,
            settings={"e_init": fixed} if geometry == "direct" and fixed else {},
            fixed_energy_mev=fixed,
            run=RunConditions.plausible({"temperature_k": _temperature(root, entry)}),
        ),
        geometry=geometry,
        notices=notices,
    )


def angles_of(root: Group, entry: str, n: int) -> NDArray[np.float64] | None:
    """2θ in degrees of each of n spectra, the mean of its detectors'; None where the file does not give them."""
    place = f"{entry}/instrument/detector"
    position = number_array(root, f"{place}/detector_positions")
    index, count = number_array(root, f"{place}/detector_index"), number_array(root, f"{place}/detector_count")
    if position is None or index is None or count is None:
        return None
    # Older files have one index more than spectra
    if position.ndim != 2 or position.shape[1] != 3 or index.ndim != 1 or len(index) < n or count.shape != (n,):
        return None
    index, count = index[:n].astype(int), count.astype(int)
    if (count < 1).any() or (index < 0).any() or (count > len(position) - np.minimum(index, len(position))).any():
        return None
    total = np.append(0.0, np.cumsum(np.abs(position[:, 1])))
    angles = (total[index + count] - total[index]) / count
    return angles if np.isfinite(angles).all() and np.ptp(angles) > 0 else None


def _analysers(parameters: str) -> NDArray[np.float64]:
    """Final energies that the instrument's parameters give, meV."""
    found = []
    for match in EFIXED_PARAMETER.finditer(parameters):
        try:
            found.append(float(match.group(1)))
        except ValueError:
            continue
    energies = np.array(found, dtype=np.float64)
    return np.asarray(energies[np.isfinite(energies) & (energies > 0)])


def _log_mean(root: Group, entry: str, name: str) -> float | None:
    """Mean of a log; before 2011 logs stood among what is statements of the sample."""
    for place in ("logs", "sample"):
        path = f"{entry}/{place}/{name}/value"
        shape = shape_of(root, path)
        # Some logs are words
        if shape is None or attribute(root, f"{entry}/{place}/{name}", "NX_class") not in (None, "NXlog"):
            continue
        values = _numbers(root, path)
        if values is not None and len(values := values[np.isfinite(values)]):
            return float(values.mean())
    return None


def _numbers(root: Group, path: str) -> NDArray[np.float64] | None:
    if text(root, path) is not None:
        return None
    values = number_array(root, path, max_values=MAX_LOG)
    return None if values is None else values.ravel()


def _temperature(root: Group, entry: str) -> float | None:
    for name in TEMPERATURES:
        value = _log_mean(root, entry, name)
        unit = (attribute(root, f"{entry}/logs/{name}/value", "units") or "K").strip().casefold()
        if value is not None and 0 < value < 3000 and unit in ("k", "kelvin", "kelvins"):
            return value
    return None
