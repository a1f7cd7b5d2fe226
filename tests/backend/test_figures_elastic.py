"""The largest intensity of a curve, which its axis ends above: the same rule in every figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.figures.curves.curve import Curve
from backend.figures.curves.elastic import elastic_foot
from backend.figures.planning import isotopes_figure, measurement_figure
from backend.figures.schemas import Style
from backend.figures.sheet import Panel, sheet_figure
from backend.figures.spectrum import spectrum_figure
from backend.reports import figures as paper
from scattering.instruments.kinematics import Window
from scattering.observe.spectrum import Map, Spectrum
from scattering.observe.view import View
from scattering.planning.measurement import Measurement

ENERGY = np.arange(0.0, 500.0, 0.1)
LATTICE_MODE = 5.0
"""At 10 meV, which is within 3 % of 500 meV."""
INNER_MODE = 1.0
"""At 100 meV."""
FOOT_MEV = 0.03 * ENERGY[-1]


def spectrum() -> Spectrum:
    intensity = LATTICE_MODE * np.exp(-((ENERGY - 10) ** 2)) + INNER_MODE * np.exp(-((ENERGY - 100) ** 2))
    intensity[0] = 1000.0
    q = np.array([1.0, 2.0])
    image = Map(q, ENERGY, np.ones((2, len(ENERGY)), dtype=np.float32), np.ones((2, len(ENERGY)), dtype=bool))
    return Spectrum(ENERGY, intensity, None, "barn", {}, {}, {}, image)


def curve(method: str, **choices: Any) -> Curve:
    return Curve(spectrum(), "TOSCA", method, "", View("TOSCA", **choices))


WITHOUT_LINE = [curve("harmonic")]
WITH_LINE = [curve("harmonic", elastic=True), curve("md")]
EXPECTED = [(one, LATTICE_MODE) for one in WITHOUT_LINE] + [(one, INNER_MODE) for one in WITH_LINE]


def test_foot_without_an_elastic_line_is_the_resolution() -> None:
    assert curve("harmonic").elastic_mev == pytest.approx(0.73, abs=0.01)
    assert curve("md").elastic_mev == curve("harmonic", elastic=True).elastic_mev == pytest.approx(FOOT_MEV)


def test_foot_belongs_to_the_drawn_energies() -> None:
    """A spectrum of ± 0.5 meV on the axis of a report that ends at 300 meV keeps nearly all of its energies."""
    narrow = np.linspace(-0.5, 0.5, 201)
    assert elastic_foot(narrow, "md", None, (0.0, 300.0)) == pytest.approx(0.015)
    assert elastic_foot(ENERGY, "md", None, (0.0, 100.0)) == pytest.approx(3.0)
    assert elastic_foot(ENERGY, "md", None, (600.0, 700.0)) == 0.0


@pytest.mark.parametrize(("one", "largest"), EXPECTED)
def test_every_figure_has_the_same_end(one: Curve, largest: float) -> None:
    foot, view = one.elastic_mev, one.view
    assert one.highest == pytest.approx(largest, rel=0.01)
    page = spectrum_figure([one], Style())
    assert page.layout.yaxis.range[1] == pytest.approx(1.08 * largest, rel=0.01)

    window = Window(ENERGY, np.full(len(ENERGY), 1.0), np.full(len(ENERGY), 2.0), ())
    panel = Panel("TOSCA", one.spectrum, window, elastic_mev=foot)
    sheet = sheet_figure([panel], [], ENERGY[-1], theme="light", energy_unit="meV")
    assert sheet.layout.yaxis2.range[1] == pytest.approx(1.1 * largest, rel=0.01)

    limits = 0.0, float(ENERGY[-1])
    trace = paper.Trace("", ENERGY, one.spectrum.intensity, elastic_mev=elastic_foot(ENERGY, one.method, view, limits))
    assert paper.highest_intensity(paper.Panel("", trace), limits) == pytest.approx(largest, rel=0.01)

    isotopes = isotopes_figure([("CH4", one.spectrum)] * 2, theme="light", energy_unit="meV", elastic_mev=foot)
    assert isotopes.layout.yaxis.range[1] == pytest.approx(1.08 * largest, rel=0.01)

    counts = 1000 * one.spectrum.intensity
    measured = Measurement(ENERGY, counts.astype(int), counts, np.zeros(len(ENERGY)))
    counted = measurement_figure(measured, "", "counts", theme="light", energy_unit="meV", elastic_mev=foot)
    assert counted.layout.yaxis.range[1] == pytest.approx(1250 * largest, rel=0.01)


def test_without_intensity_beyond_the_line_an_axis_still_has_an_end() -> None:
    nothing = paper.Trace("", ENERGY, np.zeros(len(ENERGY)))
    assert paper.highest_intensity(paper.Panel("", nothing), (0.0, 500.0)) == 1.0
