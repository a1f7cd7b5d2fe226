"""Labels of the figures of plans do not cover each other, on a phone as on a wide screen."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from backend.figures.annotations import (
    HEIGHTS_PX,
    WIDTHS_PX,
    Box,
    box_at,
    offsets_of_labels,
    plot_sizes,
    rows_of_labels,
    text_size,
)
from backend.figures.planning import features_figure, front_figure
from backend.figures.sheet import Panel, sheet_figure
from scattering import instruments
from scattering.observe.spectrum import observe
from scattering.observe.view import View
from scattering.planning.evaluation import Evaluation, FeatureAt
from scattering.planning.features import Feature
from scattering.planning.ranking import rank
from tests.scattering.planned import lines

CROWDED = (12.1, 14.9, 18.3, 36.5, 40.4, 41.2, 43.0, 370.25)
"""As in a molecular crystal: below 50 meV, and a stretch of hydrogen far above."""


def drawn(figure: Any, width: float, height: float) -> Iterator[Box]:
    """Boxes of all annotations in a figure of a size, in pixels from the lower left corner of its plot."""
    layout = figure.to_plotly_json()["layout"]
    margin = layout["margin"]
    plot = (width - margin["l"] - margin["r"], height - margin["t"] - margin["b"])
    for note in layout["annotations"]:
        size = text_size(note["text"], note["font"]["size"])
        at = [_fraction(note, layout, axis) * extent for axis, extent in zip("xy", plot, strict=True)]
        at[0] += note.get("ax", 0)
        at[1] -= note.get("ay", 0)
        shift = {"left": 0.0, "center": 0.5}[note.get("xanchor", "center")]
        drop = {"bottom": 0.0, "middle": 0.5}[note.get("yanchor", "middle")]
        left, bottom = at[0] - shift * size[0], at[1] - drop * size[1]
        yield Box(left, bottom, left + size[0], bottom + size[1])


def _fraction(note: dict[str, Any], layout: dict[str, Any], axis: str) -> float:
    if note.get(f"{axis}ref") == "paper":
        return float(note[axis])
    low, high = layout[f"{axis}axis"]["range"]
    return float((note[axis] - low) / (high - low))


def assert_free(figure: Any, width: float, height: float, n_labels: int) -> None:
    boxes = list(drawn(figure, width, height))
    assert len(boxes) == n_labels
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other), (width, height, one, other)


@pytest.mark.parametrize("width", WIDTHS_PX)
@pytest.mark.parametrize("unit", ["meV", "cm-1"])
def test_energies_of_features(width: float, unit: Any) -> None:
    features = [Feature(at, True, "peak", 0.5, 0.02 * at, 0.0, {}) for at in CROWDED]
    spectrum = observe(lines(CROWDED, highest=400.0, width=1.0), View(fwhm_mev=1.0))
    figure = features_figure(spectrum, features, theme="light", energy_unit=unit)
    assert_free(figure, width, 400.0, len(features))
    # They stand above the plot, within the figure, and their own box is not cut off at its sides
    margin = figure.layout.margin
    for box in drawn(figure, width, 400.0):
        assert box.bottom >= 400.0 - margin.t - margin.b
        assert box.top <= 400.0 - margin.b
        assert box.left >= -margin.l


def best(name: str, settings: dict[str, Any], hours: float, percent: float) -> Evaluation:
    feature = Feature(40.0, True, "peak", 0.5, 0.0, 0.0, {})
    done = FeatureAt(feature, None, 0.4 * percent, 0.1, None, hours, hours / 2, 2 * hours)
    return Evaluation(instruments.get(name), settings, "absolute", (done,), ())


@pytest.mark.parametrize("width", WIDTHS_PX)
@pytest.mark.parametrize("height", HEIGHTS_PX)
@pytest.mark.parametrize(
    "points",
    [
        ((1.0, 2.0), (1.001, 2.0), (1.002, 2.001)),
        ((1.0, 2.0), (1.0, 2.0), (50.0, 1.0)),
        ((0.01, 1.0), (100.0, 9.0), (100.0, 8.9)),
    ],
)
def test_names_of_the_best_settings(points: Any, width: float, height: float) -> None:
    """Three instruments with nearly the same hours and resolution, also in a corner."""
    made = [
        best(name, dict(instruments.get(name).defaults), *point)
        for name, point in zip(("MAPS", "MERLIN", "SEQUOIA"), points, strict=True)
    ]
    figure = front_figure(rank(made), theme="dark", beam_time_h=None)
    assert_free(figure, width, height, 3)


@pytest.mark.parametrize("width", WIDTHS_PX)
def test_titles_of_the_sheet(width: float) -> None:
    label = "SEQUOIA, Eᵢ = 230 meV, SEQ-700-3.5-AST, 600 Hz"
    panels = [Panel(label, None, None, "The choppers transmit no neutrons with these settings.")] * 7
    figure = sheet_figure(panels, [], 100.0, theme="light", energy_unit="meV", width_px=width)
    assert_free(figure, width, figure.layout.height, 14)
    for box in drawn(figure, width, figure.layout.height):
        assert box.right <= width - figure.layout.margin.l


def test_rows_are_as_few_as_possible() -> None:
    assert rows_of_labels([0.1, 0.5, 0.9], ["36.5"] * 3, 12, 250.0) == [0, 0, 0]
    assert rows_of_labels([0.5, 0.5, 0.5], ["36.5"] * 3, 12, 250.0) == [0, 1, 2]
    # The first row is free again further to the right
    assert rows_of_labels([0.5, 0.1, 0.12], ["36.5"] * 3, 12, 250.0) == [0, 0, 1]
    assert rows_of_labels([], [], 12, 250.0) == []


def test_random_labels_find_a_place() -> None:
    rng = np.random.default_rng(5)
    plots = plot_sizes({"l": 68, "r": 18, "t": 102, "b": 54})
    for _ in range(20):
        points = [(float(x), float(y)) for x, y in rng.random((4, 2))]
        sizes = [text_size("1. SEQUOIA", 12)] * 4
        offsets = offsets_of_labels(points, sizes, plots)
        for plot in plots:
            boxes = [box_at(*one, plot) for one in zip(points, offsets, sizes, strict=True)]
            assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
