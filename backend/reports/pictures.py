"""The figures of a report, with their captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend import wording
from backend.figures.curves.elastic import elastic_foot
from backend.figures.labels import run_label
from backend.figures.measured import Points
from backend.figures.path import wave_vector_text
from backend.observing.spectra import line_of
from backend.predictions.tables import Prediction
from backend.reports import figures
from backend.reports.gathering import Gathered, Shown
from backend.reports.texts import clip
from backend.wording.reports import SPECTRA_ALT
from scattering import instruments
from scattering.core.notices import Notice
from scattering.crystal.view import Cut, PathSpectrum
from scattering.instruments import kinematics
from scattering.observe.view import View

WINDOW_POINTS = 256


@dataclass(frozen=True)
class Picture:
    """A figure as SVG."""

    name: str
    svg: str
    caption: str
    alt: str


def draw(gathered: Gathered) -> list[Picture]:
    """Draw the spectra, the map of the first spectrum, and the simulated measurement if there is one."""
    shown, features = gathered.shown, gathered.features
    panels = [_panel(gathered, one) for one in shown]
    symbol = "S(|q|, ω)" if shown[0].spectrum is not None else "Intensity"
    drawn = figures.spectra(panels, features, f"{symbol}\n({shown[0].unit})", gathered.limits)
    alt = SPECTRA_ALT.format(labels="; ".join(one.label for one in shown))
    pictures = [Picture("spectra", drawn, _text(_spectra_caption(gathered)), alt)]
    in_map = _map_caption(shown[0])
    numbered = [Notice("figure_numbered_features")] if features else []
    pictures.append(Picture("map", _map(gathered, shown[0]), _text([*in_map, *numbered]), _text(in_map)))
    if gathered.measurement is not None:
        counted, limits = gathered.measurement.counted, gathered.limits
        text = _text([Notice("figure_simulated_measurement", {"label": counted.label, "hours": counted.hours})])
        setting = gathered.measurement.setting
        view = View(instrument=setting.instrument, settings=setting.settings)
        foot = elastic_foot(np.array(counted.energy_mev), gathered.prediction.method, view, limits)
        drawn = figures.measurement(counted, features, limits, elastic_mev=foot)
        pictures.append(Picture("measurement", drawn, text, text))
    return pictures


def _text(notices: Sequence[Notice]) -> str:
    return " ".join(wording.messages(notices))


def _panel(gathered: Gathered, one: Shown) -> figures.Panel:
    line = one.line
    own, *names = _names([gathered.prediction, *gathered.others])
    view, limits = one.view.to_view(), gathered.limits
    others = [
        figures.Trace(
            name,
            found.energy,
            found.intensity,
            elastic_mev=elastic_foot(found.energy, other.method, view, limits),
        )
        for name, other, found in zip(names, gathered.others, map(line_of, one.others), strict=True)
    ]
    title = f"{one.label} · {wave_vector_text(line)}" if isinstance(line, Cut) else one.label
    points = [Points(clip(point.label, 40), point.measured, point.of) for point in one.points]
    main = figures.Trace(own, line.energy, line.intensity, line.error, one.elastic_mev(limits))
    return figures.Panel(clip(title, 100), main, others, points)


def _names(rows: Sequence[Prediction]) -> list[str]:
    """Return short, distinct names of predictions: with potentials or sources if they differ, and part of the id."""
    by_basis = len({row.basis for row in rows}) > 1
    words = [" · ".join([run_label(row), *[row.basis] * by_basis]) for row in rows]
    return [
        clip(name, 40) if name not in words[:index] else f"{clip(name, 30)} · {str(row.id)[:4]}"
        for index, (name, row) in enumerate(zip(words, rows, strict=True))
    ]


def _map(gathered: Gathered, first: Shown) -> str:
    seen = first.spectrum
    if isinstance(seen, PathSpectrum):
        return figures.path_map(seen.map, gathered.features, seen.unit, gathered.limits)
    window = None
    if first.view.instrument is not None:
        energy = np.linspace(*gathered.limits, WINDOW_POINTS)
        window = kinematics.window(instruments.get(first.view.instrument), first.view.settings, energy)
    return figures.powder_map(seen.map, window, gathered.features, seen.unit, gathered.limits)


def _map_caption(first: Shown) -> list[Notice]:
    caption = [Notice("figure_map", {"label": first.label})]
    if isinstance(first.spectrum, PathSpectrum):
        return [*caption, Notice("figure_phonon_lines")]
    if first.view.instrument is None:
        return caption
    has_lines = instruments.get(first.view.instrument).lines
    return [*caption, Notice("figure_bank_lines") if has_lines else Notice("figure_out_of_reach")]


def _spectra_caption(gathered: Gathered) -> list[Notice]:
    caption = [Notice("figure_spectra")]
    if any(one.line.error is not None for one in gathered.shown):
        caption.append(Notice("figure_statistical_error"))
    if gathered.others:
        caption.append(Notice("figure_other_predictions"))
    if any(one.points for one in gathered.shown):
        caption.append(Notice("figure_measured_data"))
    if gathered.features:
        caption.append(Notice("figure_marked_features"))
    if any(one.line.energy[-1] < 0.99 * gathered.limits[1] for one in gathered.shown):
        caption.append(Notice("figure_out_of_reach"))
    return caption
