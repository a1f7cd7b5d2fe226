"""Labels of peaks: where the peaks are, and never over each other or over a curve."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from playwright.sync_api import Browser
from plotly.offline import get_plotlyjs

from backend.examples import forecast
from backend.examples.schemas import ExampleFiguresIn
from backend.examples.service import figure
from backend.figures.annotations import Box
from backend.figures.curves.curve import Curve
from backend.figures.curves.peak_labels import (
    Candidate,
    Drawn,
    Frame,
    peaks_of_curve,
    place_labels,
    to_annotations,
)
from backend.observing.partials_cache import PartialsCache
from scattering.observe.spectrum import EnergyGrid, View, observe

FRAME = Frame((0.0, 100.0), (0.0, 1.0), 500.0, 300.0)
FLAT = Drawn(np.array([0.0, 500.0]), np.array([0.0, 0.0]))


def candidate(x: float, y: float = 0.5, weight: float = 1.0, text: str = "12.3") -> Candidate:
    return Candidate(x, y, text, "#000000", weight)


@pytest.fixture(scope="module")
def cache() -> PartialsCache:
    cache = PartialsCache(10**9)
    forecast.read_partials(cache)
    return cache


def test_a_lone_label_stands_directly_above_its_peak() -> None:
    (placed,) = place_labels([candidate(40.0)], [FLAT], FRAME)
    assert placed.level == 0
    assert (placed.label.left + placed.label.right) / 2 == pytest.approx(200)
    assert placed.label.bottom == pytest.approx(154)


def test_the_less_prominent_of_two_near_peaks_gives_way() -> None:
    placed = place_labels([candidate(40.0, weight=0.5), candidate(44.0, weight=1.0)], [FLAT], FRAME)
    assert [(one.candidate.x, one.level) for one in placed] == [(44.0, 0), (40.0, 1)]


@pytest.mark.parametrize("height", np.linspace(0.45, 0.55, 21))
def test_peaks_of_two_curves_at_one_energy_are_labelled_one_above_the_other(height: float) -> None:
    other = Candidate(40.2, height, "12.4", "#ff0000", 0.9)
    first, second = place_labels([candidate(40.0), other], [FLAT], FRAME)
    assert not second.label.overlaps(first.label)
    # No line through the lower label
    if second.label.bottom > first.label.top and 300 * height < first.label.bottom:
        assert [note["showarrow"] for note in to_annotations([first, second])] == [True, False]
    # Peaks of one curve would be mixed up
    same = [candidate(40.0), candidate(40.2, weight=0.9)]
    assert len(place_labels(same, [FLAT], FRAME)) == 1


def test_a_label_without_a_place_is_left_out() -> None:
    crowd = [candidate(40.0 + 0.2 * n, weight=1 / (n + 1)) for n in range(60)]
    placed = place_labels(crowd, [FLAT], FRAME)
    assert 0 < len(placed) < len(crowd)
    assert placed[0].candidate is crowd[0]


def test_peaks_that_are_noise_of_the_mesh_get_no_label(cache: PartialsCache) -> None:
    """Acoustic modes of benzene at 5 and 7 meV, where the mesh of the example forecast resolves 2 meV."""
    view = View(fwhm_mev=0.1, energy_mev=EnergyGrid(0.0, 60.0, 0.05))
    spectrum = observe(forecast.read_partials(cache), view)
    assert spectrum.mesh_fwhm is not None
    named, noisy = (
        [one.energy for one in peaks_of_curve(Curve(curve, "Sample", "harmonic", "", view))]
        for curve in (spectrum, replace(spectrum, mesh_fwhm=None))
    )
    assert min(noisy) < 8 < min(named)
    # Lines of molecular modes are as sharp as before
    assert {36.5, 40.4} <= {round(energy, 1) for energy in named}


def test_labels_stay_in_the_panel() -> None:
    assert place_labels([candidate(0.5), candidate(99.8), candidate(50.0, y=0.99)], [FLAT], FRAME) == []


def test_a_label_rises_above_a_higher_neighbour() -> None:
    # A wall of 250 px, 10 px to the right of a peak of 150 px
    wall = Drawn(np.array([0.0, 209.0, 210.0, 212.0, 213.0, 500.0]), np.array([0.0, 0.0, 200.0, 200.0, 0.0, 0.0]))
    (placed,) = place_labels([candidate(40.0)], [wall], FRAME)
    assert placed.label.bottom > 200


def test_a_curve_crosses_a_box_also_between_its_points() -> None:
    steep = Drawn(np.array([0.0, 100.0]), np.array([0.0, 100.0]))
    assert steep.crosses(Box(40, 45, 60, 55))
    assert not steep.crosses(Box(40, 70, 60, 80))
    assert not steep.crosses(Box(200, 0, 220, 300))


def test_no_label_of_a_crowd_covers_another_one_or_a_curve() -> None:
    random = np.random.default_rng(3)
    crowd = [
        Candidate(x, y, f"{x:.1f}", colour, weight)
        for x, y, weight, colour in zip(
            random.uniform(0, 100, 200),
            random.uniform(0, 0.8, 200),
            random.uniform(0.1, 1, 200),
            random.choice(["#0072b2", "#d55e00"], 200),
            strict=True,
        )
    ]
    wave = Drawn(np.linspace(0, 500, 400), 60 + 50 * np.sin(np.linspace(0, 30, 400)))
    placed = place_labels(crowd, [wave], FRAME)
    assert len(placed) > 20
    for one, other in combinations(placed, 2):
        assert not one.label.overlaps(other.label)
    for one in placed:
        assert one.label.is_inside(FRAME.width_px, FRAME.height_px)
        assert not wave.crosses(one.label)
        assert one.line is None or not any(one.line.overlaps(other.label) for other in placed if other is not one)


TEXT_BOXES = """([width, height, figure]) => {
  document.body.innerHTML = `<div id="figure" style="width: ${width}px; height: ${height}px"></div>`;
  const {data, layout} = JSON.parse(figure);
  return Plotly.newPlot("figure", data, layout).then(() =>
    [...document.querySelectorAll(".annotation-text")].map((text) => {
      const {left, right, top, bottom} = text.getBoundingClientRect();
      return [left, right, top, bottom];
    }));
}"""


def test_no_label_covers_another_one_in_a_browser(cache: PartialsCache, chromium: Browser) -> None:
    """The sizes of letters, legend and margins here are those of a real browser."""
    page = chromium.new_page(viewport={"width": 1400, "height": 600})
    page.set_content("<body style='margin: 0'></body>")
    page.add_script_tag(content=get_plotlyjs())
    views = [{"instrument": "TOSCA"}, {"instrument": "VISION"}, {"instrument": "MAPS", "settings": {"e_init": 250}}]
    for width, scale, arrangement in product((390, 900), ("linear", "log"), ("overlay", "stack", "difference")):
        size = {"width_px": width, "height_px": 500}
        body = ExampleFiguresIn(views=views, arrangement=arrangement, scale=scale, peak_labels=True, **size)
        drawn = figure(cache, [view.to_example_view() for view in body.views], body).to_json(validate=False)
        boxes = page.evaluate(TEXT_BOXES, [width, 500, drawn])
        assert len(boxes) >= (3 if width < 400 else 8), (width, scale, arrangement)
        for one, other in combinations(boxes, 2):
            # The box of a text has 2 px of air above and below the digits
            apart = one[1] <= other[0] or other[1] <= one[0] or one[3] - 2 <= other[2] or other[3] - 2 <= one[2]
            assert apart, (width, scale, arrangement)
    page.close()


def test_a_narrower_range_has_room_for_more(cache: PartialsCache) -> None:
    texts = []
    for zoom in (None, {"min": 100, "max": 150}):
        body = ExampleFiguresIn(views=[{"instrument": "TOSCA"}], peak_labels=True, zoom_mev=zoom)
        drawn = figure(cache, [view.to_example_view() for view in body.views], body).to_plotly_json()
        texts.append({float(one["text"]) for one in drawn["layout"]["annotations"]})
    inside = {text for text in texts[0] if 100 < text < 150}
    assert len({text for text in texts[1] if 100 < text < 150}) > len(inside)


def test_annotations_have_the_positions_of_their_peaks() -> None:
    placed = place_labels([candidate(40.0, text="40.0")], [FLAT], FRAME)
    (note,) = to_annotations(placed)
    assert (note["x"], note["y"], note["text"]) == (40.0, 0.5, "40.0")
