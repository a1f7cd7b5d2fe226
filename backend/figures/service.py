"""Figures of predictions: observes the partials and draws the spectra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go

from backend.figures.compared import draw_measured_map
from backend.figures.labels import SAMPLE, LabelledView, label
from backend.figures.map import edges, map_figure
from backend.figures.overlay import overlay
from backend.figures.path import cuts_figure, path_figure, zones_figure
from backend.figures.schemas import Style
from backend.figures.spectrum import Curve, spectrum_figure
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra import observe
from backend.predictions import service as predictions
from scattering import instruments
from scattering.core.notices import Notice
from scattering.crystal.view import PathSpectrum
from scattering.instruments import kinematics
from scattering.observe.spectrum import Spectrum
from scattering.observe.view import View

WINDOW_POINTS = 256


def figure(scope: Scope, cache: PartialsCache, asked: list[LabelledView], style: Style) -> go.Figure:
    """Draw views on the same axes.

    Raises
    ------
    Unprocessable
        The views mix powders and single crystals, or the figure has zones of a powder, or data beside a crystal.
    """
    rows = [predictions.get_succeeded(scope, one.prediction_id) for one in asked]
    views = [replace(one.view, finer_mev=style.finer_mev) for one in asked]
    labels = [one.label or label(one.view, row) for one, row in zip(asked, rows, strict=True)]
    seen = [observe(scope.settings, cache, row, view) for row, view in zip(rows, views, strict=True)]
    along = [one for one in seen if isinstance(one, PathSpectrum)]
    spectra = [one for one in seen if isinstance(one, Spectrum)]
    if along and spectra:
        raise Unprocessable.at("path", Notice("powders_beside_path"))
    if along:
        return _along_path(along, labels, style)
    if style.kind == "zones":
        raise Unprocessable.at("kind", Notice("zones_of_powder"))
    if style.kind == "map" and style.dataset_ids:
        return draw_measured_map(scope, cache, rows[0].id, views[0], style.dataset_ids, style)
    if style.kind == "map":
        return _map(spectra[0], views[0], style, labels[0])
    curves = [
        Curve(spectrum, view.instrument or SAMPLE, row.method, text)
        for spectrum, view, row, text in zip(spectra, views, rows, labels, strict=True)
    ]
    return spectrum_figure(curves, style, overlay(scope, style.dataset_ids, curves, style.dataset_scale))


def _along_path(spectra: list[PathSpectrum], labels: list[str], style: Style) -> go.Figure:
    if style.dataset_ids:
        raise Unprocessable.at("dataset_ids", Notice("data_beside_path"))
    if style.kind == "map":
        return path_figure(spectra[0], style, labels[0])
    if style.kind == "zones":
        return zones_figure(spectra[0], style, labels[0])
    return cuts_figure(spectra, labels, style)


def _map(spectrum: Spectrum, view: View, style: Style, text: str) -> go.Figure:
    if view.instrument is None:
        return map_figure(spectrum, None, style, text)
    instrument = instruments.get(view.instrument)
    energy = np.linspace(*edges(spectrum.map)[1], WINDOW_POINTS)
    return map_figure(spectrum, kinematics.window(instrument, view.settings, energy), style, text)
