"""Figures of predictions: observes the partials and draws the spectra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import plotly.graph_objects as go

from backend.figures.compared import draw_measured_map
from backend.figures.curves.curve import Curve, CutSpectrum
from backend.figures.labels import LabelledView, facts
from backend.figures.map import edges, map_figure
from backend.figures.measured import Points
from backend.figures.overlay import overlay
from backend.figures.path import cut_of, path_figure, wave_vector_text, zones_figure
from backend.figures.plain import plain
from backend.figures.schemas import Style, StyleWithData
from backend.figures.spectrum import spectrum_figure
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra import observe
from backend.predictions import service as predictions
from backend.structures import service as structures
from backend.wording.curves import SAMPLE, CurveFacts, curve_labels, cut_label, single_label
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

    @property
    def shown_label(self) -> str | None:
        """The label that the user gave, as Plotly shows it."""
        return None if self.label is None else plain(self.label)


def figure(scope: Scope, cache: PartialsCache, asked: list[LabelledView], style: StyleWithData) -> go.Figure:
    """Draw views of predictions on the same axes.

    Raises
    ------
    Unprocessable
        The figure has zones of a powder, or data beside single crystals alone, or differences of intensities in
        different units.
    """
    rows = [predictions.get_succeeded(scope, one.prediction_id) for one in asked]
    seen = []
    for row, one in zip(rows, asked, strict=True):
        view = view_in(one.view, style)
        spectrum = observe(scope.settings, cache, row, view)
        structure = structures.get(scope, row.structure_id).name
        seen.append(SeenView(spectrum, facts(view, row, structure), one.label, one.colour))
    if style.dataset_ids and all(isinstance(one.spectrum, PathSpectrum) for one in seen):
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
        Views with their spectra; a map has one. Powders and cuts of single crystals may share the axes of a spectrum.
    style
        Appearance.
    measured
        Function that returns the measured data beside the curves, which are those of powders.

    Raises
    ------
    Unprocessable
        The figure has zones of a powder, or differences of intensities in different units.
    """
    if style.kind != "spectrum":
        return _image(seen[0], style)
    known = [_with_cut(one) for one in seen]
    made = curve_labels([one.facts for one in known])
    curves = [_curve(one, label) for one, label in zip(known, made.labels, strict=True)]
    units = {curve.spectrum.unit for curve in curves}
    if style.arrangement == "difference" and style.normalise == "none" and len(units) > 1:
        raise Unprocessable.at("arrangement", Notice("difference_of_units", {"units": sorted(units)}))
    return spectrum_figure(curves, style, measured(curves), made.common)


def _with_cut(one: SeenView) -> SeenView:
    """Return a view whose facts state the wave vector and zone of its cut, if it is of a single crystal."""
    if not isinstance(one.spectrum, PathSpectrum):
        return one
    cut, path = cut_of(one.spectrum), one.facts.view.path
    zone = " ".join(map(str, cut.zones[0])) if path is not None and path.zone is not None else ""
    return replace(one, facts=replace(one.facts, point=wave_vector_text(cut), zone=zone))


def _curve(one: SeenView, made: str) -> Curve:
    spectrum, facts = one.spectrum, one.facts
    line: Spectrum | CutSpectrum = (
        CutSpectrum.of(cut_of(spectrum), spectrum.cut_unit) if isinstance(spectrum, PathSpectrum) else spectrum
    )
    label = cut_label(one.shown_label, facts.point) if one.shown_label else made
    return Curve(line, facts.view.instrument or SAMPLE, facts.method, label, facts.view, one.colour)


def _image(one: SeenView, style: Style) -> go.Figure:
    """Draw a map, or the zones of a single crystal."""
    spectrum, label = one.spectrum, one.shown_label or single_label(one.facts)
    if isinstance(spectrum, PathSpectrum):
        return path_figure(spectrum, style, label) if style.kind == "map" else zones_figure(spectrum, style, label)
    if style.kind == "zones":
        raise Unprocessable.at("kind", Notice("zones_of_powder"))
    return _map(spectrum, one.facts.view, style, label)


def _map(spectrum: Spectrum, view: View, style: Style, text: str) -> go.Figure:
    if view.instrument is None:
        return map_figure(spectrum, None, style, text)
    instrument = instruments.get(view.instrument)
    energy = np.linspace(*edges(spectrum.map)[1], WINDOW_POINTS)
    return map_figure(spectrum, kinematics.window(instrument, view.settings, energy), style, text)
