"""Figures of predictions: observes the partials and draws the spectra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from backend.figures.compared import draw_measured_map
from backend.figures.curves.curve import Curve
from backend.figures.curves.elastic import elastic_foot
from backend.figures.labels import LabelledView, facts
from backend.figures.map import edges, map_figure
from backend.figures.measured import Points
from backend.figures.overlay import overlay
from backend.figures.path import cuts_figure, path_figure, zones_figure
from backend.figures.schemas import Style, StyleWithData
from backend.figures.spectrum import spectrum_figure
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra import line_of, observe
from backend.predictions import service as predictions
from backend.structures import service as structures
from backend.wording.curves import SAMPLE, CurveFacts, curve_labels
from scattering import instruments
from scattering.core.notices import Notice
from scattering.crystal.view import PathSpectrum
from scattering.instruments import kinematics
from scattering.observe.spectrum import Spectrum
from scattering.observe.view import View

WINDOW_POINTS = 256


@dataclass(frozen=True, eq=False)
class SeenView:
    """A view with its spectrum and its facts; if `label` is None, a label is made."""

    spectrum: Spectrum | PathSpectrum
    facts: CurveFacts
    label: str | None = None
    colour: str | None = None


def figure(scope: Scope, cache: PartialsCache, asked: list[LabelledView], style: StyleWithData) -> go.Figure:
    """Draw views of predictions on the same axes.

    Raises
    ------
    Unprocessable
        The views mix powders and single crystals, or the figure has zones of a powder, or data beside a crystal.
    """
    rows = [predictions.get_succeeded(scope, one.prediction_id) for one in asked]
    seen = []
    for row, one in zip(rows, asked, strict=True):
        view = view_in(one.view, style)
        spectrum = observe(scope.settings, cache, row, view)
        structure = structures.get(scope, row.structure_id).name
        seen.append(SeenView(spectrum, facts(view, row, structure), one.label, one.colour))
    if style.dataset_ids and any(isinstance(one.spectrum, PathSpectrum) for one in seen):
        raise Unprocessable.at("dataset_ids", Notice("data_beside_path"))
    if style.kind == "map" and style.dataset_ids:
        return draw_measured_map(scope, cache, rows[0].id, seen[0].facts.view, style.dataset_ids, style)
    return draw_views(seen, style, lambda curves: overlay(scope, style.dataset_ids, curves, style.dataset_scale))


def view_in(view: View, style: Style) -> View:
    """Return a view as a figure shows it, with finer bins in its enlarged range."""
    return replace(view, finer_mev=style.finer_mev)


def draw_views(
    seen: Sequence[SeenView], style: Style, measured: Callable[[Sequence[Curve]], Sequence[Points]] = lambda _: ()
) -> go.Figure:
    """Draw views on the same axes.

    Parameters
    ----------
    seen
        Views with their spectra; a map has one.
    style
        Appearance.
    measured
        Function that returns the measured data beside the curves of powders.

    Raises
    ------
    Unprocessable
        The views mix powders and single crystals, or the figure has zones of a powder, or differences of intensities
        in different units.
    """
    made = curve_labels([one.facts for one in seen])
    labels = [one.label or label for one, label in zip(seen, made.labels, strict=True)]
    along = [one.spectrum for one in seen if isinstance(one.spectrum, PathSpectrum)]
    if along and len(along) < len(seen):
        raise Unprocessable.at("path", Notice("powders_beside_path"))
    if along:
        return _along_path(along, [one.facts for one in seen], labels, style)
    if style.kind == "zones":
        raise Unprocessable.at("kind", Notice("zones_of_powder"))
    curves = [
        Curve(one.spectrum, one.facts.view.instrument or SAMPLE, one.facts.method, label, one.facts.view, one.colour)
        for one, label in zip(seen, labels, strict=True)
        if isinstance(one.spectrum, Spectrum)
    ]
    if style.kind == "map":
        return _map(curves[0].spectrum, seen[0].facts.view, style, labels[0])
    units = {curve.spectrum.unit for curve in curves}
    if style.arrangement == "difference" and style.normalise == "none" and len(units) > 1:
        raise Unprocessable.at("arrangement", Notice("difference_of_units", {"units": sorted(units)}))
    return spectrum_figure(curves, style, measured(curves), made.common)


def _along_path(
    spectra: Sequence[PathSpectrum], of: Sequence[CurveFacts], labels: Sequence[str], style: Style
) -> go.Figure:
    if style.kind == "map":
        return path_figure(spectra[0], style, labels[0])
    if style.kind == "zones":
        return zones_figure(spectra[0], style, labels[0])
    feet = [
        elastic_foot(line_of(spectrum).energy, one.method, one.view) for spectrum, one in zip(spectra, of, strict=True)
    ]
    return cuts_figure(spectra, labels, feet, style)


def _map(spectrum: Spectrum, view: View, style: Style, text: str) -> go.Figure:
    if view.instrument is None:
        return map_figure(spectrum, None, style, text)
    instrument = instruments.get(view.instrument)
    energy = np.linspace(*edges(spectrum.map)[1], WINDOW_POINTS)
    return map_figure(spectrum, kinematics.window(instrument, view.settings, energy), style, text)
