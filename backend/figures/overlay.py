"""Measured data in a figure of spectra, converted to the unit of their forecast."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from backend.datasets import service as datasets
from backend.datasets.tables import Dataset
from backend.figures.curves.curve import Curve
from backend.figures.curves.elastic import largest_beyond
from backend.figures.measured import Points, scale_intensity
from backend.figures.plain import plain
from backend.figures.schemas import DatasetScale
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.measured.comparison.fit import FitOptions, fit
from scattering.measured.data import MeasuredSpectrum


def overlay(scope: Scope, ids: Sequence[uuid.UUID], curves: Sequence[Curve], how: DatasetScale) -> list[Points]:
    """Return the measured spectra with these ids, beside the curves of powders.

    Raises
    ------
    Unprocessable
        A dataset is a map, or all curves are of single crystals.
    """
    if ids and all(curve.of_crystal for curve in curves):
        raise Unprocessable.at("dataset_ids", Notice("data_beside_path"))
    found = []
    for dataset_id in ids:
        row = datasets.get(scope, dataset_id)
        measured = datasets.measured(scope, row)
        if not isinstance(measured, MeasuredSpectrum):
            raise Unprocessable.at("dataset_ids", Notice("map_beside_spectrum", {"dataset": row.name}))
        index = _belongs_to(row, curves)
        scaled = scale_intensity(measured, _factor(measured, curves[index], how))
        found.append(Points(plain(row.name), scaled, index, is_scaled=how != "none"))
    return found


def _belongs_to(row: Dataset, curves: Sequence[Curve]) -> int:
    """Return the index of the first curve of the dataset's instrument, or of the first one; of powders only."""
    name = (row.instrument or "").casefold()
    powders = [index for index, curve in enumerate(curves) if not curve.of_crystal]
    return next((index for index in powders if curves[index].instrument.casefold() == name), powders[0])


def _factor(measured: MeasuredSpectrum, curve: Curve, how: DatasetScale) -> float:
    """Return the factor from the measured unit to that of the forecast."""
    spectrum = curve.spectrum
    if how == "none":
        return 1.0
    if how == "fit":
        try:
            scale = fit(measured, spectrum.energy, spectrum.intensity, FitOptions()).values["scale"]
        except ScatteringError:
            # For example, they have no energies in common; the figure still shows both
            scale = 0.0
        if np.isfinite(scale) and scale > 0:
            return 1 / scale
    foot, drawn = curve.elastic_mev, (float(spectrum.energy[0]), float(spectrum.energy[-1]))
    seen = largest_beyond(measured.energy, measured.intensity, foot, drawn)
    highest = seen or float(measured.intensity.max(initial=0.0))
    forecast = largest_beyond(spectrum.energy, spectrum.intensity, foot)
    return forecast / highest if highest > 0 and forecast > 0 else 1.0
