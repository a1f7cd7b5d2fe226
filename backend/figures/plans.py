"""Figures of plans: computes the plan and draws it."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from backend import wording
from backend.figures import planning
from backend.figures.curves.elastic import elastic_foot
from backend.figures.sheet import Panel, sheet_figure
from backend.kit.db.owners import Scope
from backend.kit.http.errors import Unprocessable, unprocessable
from backend.observing.partials_cache import PartialsCache
from backend.observing.spectra import observe_powder
from backend.plans import service
from backend.plans.schemas import (
    DeuterationFigureIn,
    FeaturesFigureIn,
    FrontFigureIn,
    MeasurementFigureIn,
    PlanFigureIn,
    SheetFigureIn,
)
from backend.plans.specimens import read_forecast
from backend.wording.formatting import duration, setting_label
from scattering import instruments
from scattering.core.errors import ScatteringError
from scattering.core.notices import Notice
from scattering.instruments import Instrument, kinematics
from scattering.instruments.suggestion import suited_settings
from scattering.observe.view import View

WINDOW_POINTS = 96
SHEET_HEADROOM = 1.05


def figure(scope: Scope, cache: PartialsCache, body: PlanFigureIn) -> go.Figure:
    """Draw the plan, measurement, sheet or features of a request."""
    if isinstance(body, FrontFigureIn):
        made = service.plan(scope, cache, body)
        return planning.front_figure(made.ranking, theme=body.theme, beam_time_h=body.constraints.beam_time_h)
    if isinstance(body, DeuterationFigureIn):
        here, there = service.compare_isotopes(scope, cache, body)
        spectra = [(one.sample.material.formula, one.features.spectrum) for one in (here, there)]
        foot = elastic_foot(here.features.spectrum.energy, here.method, here.features.view)
        return planning.isotopes_figure(spectra, theme=body.theme, energy_unit=body.energy_unit, elastic_mev=foot)
    if isinstance(body, MeasurementFigureIn):
        drawn = service.simulate(scope, cache, body)
        unit = f"counts per {drawn.bin_mev:g} meV"
        label = f"{setting_label(drawn.instrument, drawn.settings)}, {duration(body.hours)}"
        view = View(instrument=drawn.instrument.name, settings=drawn.settings)
        foot = elastic_foot(drawn.measurement.energy, drawn.method, view)
        return planning.measurement_figure(
            drawn.measurement, label, unit, theme=body.theme, energy_unit=body.energy_unit, elastic_mev=foot
        )
    if isinstance(body, FeaturesFigureIn):
        _, found = service.find_features(scope, cache, body)
        return planning.features_figure(found.spectrum, found.features, theme=body.theme, energy_unit=body.energy_unit)
    return _sheet(scope, cache, body)


def _sheet(scope: Scope, cache: PartialsCache, body: SheetFigureIn) -> go.Figure:
    what = read_forecast(scope, cache, body)
    highest = SHEET_HEADROOM * min(what.partials.extent, float(what.partials.energy[-1])) * body.energy_scale
    asked = [service.set_instrument(one, f"settings.{index}") for index, one in enumerate(body.settings)]
    if not asked:
        running = (one for one in instruments.catalogue() if one.can_be_asked_for)
        asked = [(one, suited_settings(one, highest)) for one in running]

    def panel(instrument: Instrument, settings: dict[str, Any]) -> Panel:
        label = setting_label(instrument, settings)
        view = View(
            instrument=instrument.name,
            settings=settings,
            isotopes=body.isotopes,
            quantum_correction=body.quantum_correction,
            energy_scale=body.energy_scale,
        )
        try:
            spectrum = observe_powder(scope.settings, cache, what.prediction, view)
        except (ScatteringError, Unprocessable) as error:
            return Panel(label, None, None, unprocessable(error).detail)
        if not any(share.any() for share in spectrum.banks.values()) and not spectrum.intensity.any():
            return Panel(label, None, None, wording.message(Notice("nothing_simulated_in_window")))
        low, high = instrument.energy_range(settings)
        energy = np.linspace(low, min(high, highest), WINDOW_POINTS)
        foot = elastic_foot(spectrum.energy, what.prediction.method, view, (0.0, highest))
        return Panel(label, spectrum, kinematics.window(instrument, settings, energy), elastic_mev=foot)

    panels = [panel(instrument, settings) for instrument, settings in asked]
    return sheet_figure(
        panels,
        body.features_mev,
        highest,
        theme=body.theme,
        energy_unit=body.energy_unit,
        width_px=body.width_px,
    )
