"""Which figures a report has, what is in them, and what is said below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.figures.labels import METHODS
from backend.figures.measured import Points
from backend.figures.path import where
from backend.predictions.tables import Prediction
from backend.reports import figures
from backend.reports.gathering import Gathered, Shown
from backend.reports.wording import clipped, hours_in_words
from scattering import instruments
from scattering.crystal.view import Cut
from scattering.instruments import kinematics
from scattering.observe.spectrum import Spectrum

WINDOW_POINTS = 256


@dataclass(frozen=True)
class Picture:
    """A figure as SVG."""

    name: str
    svg: str
    caption: str
    alt: str


def draw(gathered: Gathered) -> list[Picture]:
    """The figures: of the spectra, of the first one's map, and of the simulated measurement if there is one."""
    shown, features = gathered.shown, gathered.features
    panels = [_panel(gathered, one) for one in shown]
    symbol = "S(|q|, ω)" if shown[0].spectrum is not None else "Intensity"
    drawn = figures.spectra(panels, features, f"{symbol}\n({shown[0].unit})", gathered.limits)
    pictures = [Picture("spectra", drawn, _spectra_caption(gathered), "Spectra of " + "; ".join(_titles(shown)))]
    first = shown[0]
    svg = _map(gathered, first)
    text = f"Intensity, {first.label}{_of_map(first)}"
    pictures.append(Picture("map", svg, text + (" Numbers: the features." if features else ""), text))
    if gathered.measurement is not None:
        counted = gathered.measurement
        time = hours_in_words(counted.hours)
        text = f"Simulated measurement, {counted.label}, {time}, all detectors (Poisson noise, seeded)."
        pictures.append(Picture("measurement", figures.measurement(counted, features, gathered.limits), text, text))
    return pictures


def _titles(shown: Sequence[Shown]) -> list[str]:
    return [one.label for one in shown]


def _panel(gathered: Gathered, one: Shown) -> figures.Panel:
    energy, intensity, error = one.line
    own, *names = _names([gathered.prediction, *gathered.others])
    beside: list[Spectrum | Cut] = [*one.others, *(along.cut for along in one.others_along if along.cut is not None)]
    others = [figures.Trace(name, found.energy, found.intensity) for name, found in zip(names, beside, strict=True)]
    cut = None if one.along is None else one.along.cut
    title = one.label if cut is None else f"{one.label} · {where(cut)}"
    points = [Points(clipped(point.label, 40), point.measured, point.of) for point in one.points]
    return figures.Panel(clipped(title, 100), figures.Trace(own, energy, intensity, error), others, points)


def _names(rows: Sequence[Prediction]) -> list[str]:
    """What tells predictions apart, in a few words: the potential too where it differs, or else a part of the id."""
    by_potential = len({row.model_id for row in rows}) > 1
    words = [
        " · ".join([f"{METHODS.get(row.method, row.method)} {row.temperature_k:g} K", *[row.model] * by_potential])
        for row in rows
    ]
    return [
        clipped(name, 40) if name not in words[:index] else f"{clipped(name, 30)} · {str(row.id)[:4]}"
        for index, (name, row) in enumerate(zip(words, rows, strict=True))
    ]


def _map(gathered: Gathered, first: Shown) -> str:
    if first.along is not None:
        return figures.path_map(first.along.map, gathered.features, first.along.unit, gathered.limits)
    assert first.spectrum is not None
    window = None
    if first.view.instrument is not None:
        energy = np.linspace(*gathered.limits, WINDOW_POINTS)
        window = kinematics.window(instruments.get(first.view.instrument), first.view.settings, energy)
    return figures.powder_map(first.spectrum.map, window, gathered.features, first.unit, gathered.limits)


def _of_map(first: Shown) -> str:
    """What else a map shows."""
    if first.along is not None:
        return "; lines: harmonic phonons."
    if first.view.instrument is None:
        return "."
    return (
        "; lines: where its banks measure."
        if instruments.get(first.view.instrument).lines
        else "; hatched: not reached."
    )


def _spectra_caption(gathered: Gathered) -> str:
    words = ["What would be recorded."]
    if any(one.line[2] is not None for one in gathered.shown):
        words.append("Grey band: statistical error of the simulation, one standard deviation.")
    if gathered.others:
        words.append("Dashed: other predictions.")
    if any(one.points for one in gathered.shown):
        words.append("Points: measured data, scaled by least squares to the forecast of their instrument.")
    if gathered.features:
        words.append("Dotted, numbered: the features of Table 1.")
    if any(one.line[0][-1] < 0.99 * gathered.limits[1] for one in gathered.shown):
        words.append("Hatched: not reached.")
    return " ".join(words)
