"""Beamcast's own HDF5: a forecast that was downloaded (`backend.observing.powder_formats`), or a dataset."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.datasets.formats.hdf5_kinds import require, speaks_for
from backend.datasets.formats.reading import Raw, RawMap, RawSpectrum, Stated
from backend.datasets.formats.spectrometers import geometry_of
from backend.datasets.run import RunConditions
from backend.kit.files.hdf5_guard import Group, attribute, group_at, names, number_array, open_hdf5, text
from backend.kit.files.unreadable import Unreadable
from scattering.core.notices import Notice

PARTS = {"element": "of {}", "bank": "bank {}", "order": "{} phonons"}
"""Curves beside the whole, by the beginning of their names; “order_1”: what one phonon scatters."""
RECOGNISED = "the file's “energy”, in meV"


def sniffs(head: bytes) -> bool:
    """Whether a file's first bytes speak for this format."""
    return speaks_for(head, "beamcast-hdf5")


def read(content: bytes) -> list[Raw]:
    """The spectrum, the map, and then the spectrum's parts.

    Raises
    ------
    Unreadable
        It is not Beamcast's, or has been changed so that it does not fit together.
    """
    with open_hdf5(content) as root:
        entry = require(root, "beamcast-hdf5")[0]
        stated, y_unit = _stated(root, entry)
        found: list[Raw] = []
        parts: list[Raw] = []
        for name in ("data", "spectrum"):
            group = group_at(root, f"{entry}/{name}")
            if group is None:
                continue
            if name == "data" and number_array(group, "q") is not None:
                found.append(_map(group, stated, y_unit))
            else:
                whole = _spectrum(group, stated, y_unit)
                found.append(whole)
                parts += _parts(group, whole)
        image = group_at(root, f"{entry}/map")
        # Along a path of wave vectors there is none: the axis is “distance”
        if image is not None and number_array(image, "q") is not None:
            found.append(_map(image, stated, y_unit))
    if not found:
        raise Unreadable(Notice("beamcast_file_without_data"))
    return found + parts


def _array(group: Group, name: str, dimensions: int = 1) -> NDArray[np.float64]:
    values = number_array(group, name)
    if values is None or values.ndim != dimensions:
        raise Unreadable(Notice("beamcast_array_missing", {"name": name}))
    return values


def _spectrum(group: Group, stated: Stated, y_unit: str) -> RawSpectrum:
    energy, intensity = _array(group, "energy"), _array(group, "intensity")
    low, high = number_array(group, "energy_low"), number_array(group, "energy_high")
    error = number_array(group, "intensity_errors")
    for other in (intensity, low, high, error):
        if other is not None and other.shape != energy.shape:
            raise Unreadable(Notice("sizes_differ", {"arrays": ["columns"]}))
    x = energy
    if low is not None and high is not None and len(energy):
        x, intensity, error = _with_gaps(low, high, intensity, error)
    return RawSpectrum(
        x=x,
        y=intensity,
        error=error,
        x_unit="meV",
        recognised_by=RECOGNISED,
        y_unit=attribute(group, "intensity", "units") or y_unit,
        stated=stated,
    )


def _with_gaps(
    low: NDArray[np.float64], high: NDArray[np.float64], y: NDArray[np.float64], error: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]:
    """One row of edges: where bins do not touch stands a bin without a value."""
    gap = np.flatnonzero(low[1:] != high[:-1]) + 1
    edges = np.append(np.insert(low, gap, high[gap - 1]), high[-1])
    return edges, np.insert(y, gap, np.nan), None if error is None else np.insert(error, gap, np.nan)


def _parts(group: Group, whole: RawSpectrum) -> list[Raw]:
    energy = _array(group, "energy")
    parts: list[Raw] = []
    for name in names(group):
        prefix, _, which = name.partition("_")
        if prefix in PARTS and which:
            values = number_array(group, name)
            if values is not None and values.shape == energy.shape:
                stated = replace(whole.stated, title=f"{whole.stated.title}, {PARTS[prefix].format(which)}")
                parts.append(replace(whole, x=energy, y=values, error=None, stated=stated))
    return parts


def _map(group: Group, stated: Stated, y_unit: str) -> RawMap:
    q, energy, intensity = _array(group, "q"), _array(group, "energy"), _array(group, "intensity", 2)
    n, n_energy = intensity.shape
    error = number_array(group, "intensity_errors")
    fits = len(q) - n in (0, 1) and len(energy) - n_energy in (0, 1)
    if not fits or (error is not None and error.shape != intensity.shape):
        raise Unreadable(Notice("sizes_differ", {"arrays": ["axes", "values"]}))
    return RawMap(
        kind="q",
        across=q,
        width=None,
        x=energy,
        y=intensity,
        error=error,
        x_unit="meV",
        recognised_by=RECOGNISED,
        y_unit=attribute(group, "intensity", "units") or y_unit,
        geometry=geometry_of(stated.instrument),
        stated=stated,
    )


def _stated(root: Group, entry: str) -> tuple[Stated, str]:
    """Return the facts in the JSON `about` of a dataset, or of a forecast and its view, and the unit of intensities."""
    try:
        about = json.loads(text(root, f"{entry}/about") or "{}")
    except (ValueError, RecursionError):
        about = {}
    about = about if isinstance(about, dict) else {}
    view = about.get("view")
    source: dict[str, Any] = view if isinstance(view, dict) else about
    settings, instrument = source.get("settings"), source.get("instrument")
    title = text(root, f"{entry}/title") or "Beamcast"
    if about.get("prediction"):
        title = f"forecast {str(about['prediction'])[:8]}"
    return (
        Stated(
            title=title,
            instrument=instrument if isinstance(instrument, str) and instrument else None,
            settings=settings if isinstance(settings, dict) else {},
            fixed_energy_mev=_number(about.get("fixed_energy_mev")),
            run=RunConditions.plausible(about),
        ),
        str(about.get("y_unit") or ""),
    )


def _number(value: object) -> float | None:
    """A positive number out of JSON; None of anything else."""
    if not isinstance(value, float) and (not isinstance(value, int) or isinstance(value, bool) or value > 10**9):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
