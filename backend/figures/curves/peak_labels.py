"""Labels of the peaks of curves: found as a plan finds features, and placed so that no two overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from backend.figures.annotations import Box
from backend.figures.curves.curve import Curve
from backend.figures.energy import in_unit
from backend.figures.measured import Points
from backend.figures.schemas import EnergyUnit
from scattering.core.bins import bin_widths
from scattering.measured.comparison.forecast_grid import fwhm
from scattering.measured.comparison.peaks import Peak, find_peaks
from scattering.observe.spectrum import Spectrum
from scattering.planning.features import lowest_feature, most_prominent

MAX_LABELS: Final = 12
"""Largest number of labels of a curve."""
FONT_PX: Final = 11
CHARACTER_PX: Final = 6.6
"""Width of a digit of this font, with some room."""
LINE_PX: Final = 14
"""Height of a label."""
GAP_PX: Final = 4
"""Distance from a peak to its label, and between lines of labels."""
APART_PX: Final = 3
"""Smallest distance of labels, in both directions."""
MAX_LEVELS: Final = 8
"""Lines above a peak that are tried."""
NumberT = TypeVar("NumberT", float, NDArray[np.float64])


@dataclass(frozen=True)
class Candidate:
    """A label that would be good to have.

    Attributes
    ----------
    x, y
        Top of the peak on the axes, where y is a logarithm on a logarithmic axis.
    text
        The label.
    colour
        Colour of the curve.
    weight
        Prominence, over that of the most prominent peak of the curve.
    """

    x: float
    y: float
    text: str
    colour: str
    weight: float


@dataclass(frozen=True)
class Frame:
    """Ranges of the axes, and the size of the panel in pixels."""

    x: tuple[float, float]
    y: tuple[float, float]
    width_px: float
    height_px: float

    def to_pixels(self, x: NumberT, y: NumberT) -> tuple[NumberT, NumberT]:
        """Return the distances in pixels from the left and from the lower edge."""
        (left, right), (low, high) = self.x, self.y
        return (x - left) / (right - left) * self.width_px, (y - low) / (high - low) * self.height_px


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn curve in pixels, from left to right."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def crosses(self, box: Box) -> bool:
        """Return whether the curve passes through a box."""
        first, last = np.searchsorted(self.x, (box.left, box.right))
        ends = np.interp((box.left, box.right), self.x, self.y, left=np.nan, right=np.nan)
        heights = np.concatenate([self.y[first:last], ends])
        heights = heights[np.isfinite(heights)]
        return bool(len(heights) and heights.max() > box.bottom and heights.min() < box.top)


@dataclass(frozen=True)
class Placed:
    """A label, by how many lines it stands above its peak, and the boxes that it takes.

    Attributes
    ----------
    line
        Place of the line to the peak; None if another curve's label stands there, on a peak at the same energy.
    """

    candidate: Candidate
    level: int
    label: Box
    line: Box | None


def peaks_of_curve(curve: Curve) -> list[Peak]:
    """Return the most prominent peaks of a curve, the largest first; those of a cut are where it is measured."""
    spectrum = curve.spectrum
    resolution = 2 * bin_widths(spectrum.energy)
    if curve.view is not None:
        resolution = np.maximum(resolution, fwhm(curve.view, spectrum.energy))
    if isinstance(spectrum, Spectrum):
        resolution = spectrum.search_fwhm(resolution)
    measured = np.isfinite(spectrum.intensity)
    if not measured.any():
        return []
    error = None if spectrum.error is None else spectrum.error[measured]
    return _largest(
        spectrum.energy[measured], spectrum.intensity[measured], error, resolution[measured], correlated=True
    )


def peaks_of_points(points: Points) -> list[Peak]:
    """Return the most prominent peaks of measured data, the largest first."""
    measured = points.measured
    return _largest(measured.energy, measured.intensity, measured.error, None, correlated=False)


def candidates(
    peaks: Sequence[Peak], colour: str, energy_unit: EnergyUnit, *, factor: float, lift: float, logarithmic: bool
) -> Iterator[Candidate]:
    """Yield a candidate for each peak of a curve that is drawn at `factor` times its intensity plus `lift`."""
    for peak in peaks:
        at, height = float(in_unit(np.array([peak.energy]), energy_unit)[0]), factor * peak.height + lift
        if logarithmic and height <= 0:
            continue
        text = f"{at:.1f}" if energy_unit == "meV" else f"{at:.0f}"
        weight = peak.prominence / peaks[0].prominence
        yield Candidate(at, float(np.log10(height)) if logarithmic else height, text, colour, weight)


def place_labels(wanted: Sequence[Candidate], curves: Sequence[Drawn], frame: Frame) -> list[Placed]:
    """Return the labels that have a place where they cover no other label and no curve.

    The more prominent peaks choose first. A label that finds no free place in `MAX_LEVELS` lines is left out.
    """
    placed: list[Placed] = []
    for candidate in sorted(wanted, key=lambda one: -one.weight):
        tried = (_at_level(candidate, level, placed, frame) for level in range(MAX_LEVELS))
        free = (one for one in tried if _is_free(one, placed, curves, frame))
        placed += [one for one in (next(free, None),) if one is not None]
    return placed


def _at_level(candidate: Candidate, level: int, placed: Sequence[Placed], frame: Frame) -> Placed:
    x, y = frame.to_pixels(candidate.x, candidate.y)
    half, low = CHARACTER_PX * len(candidate.text) / 2, y + GAP_PX + level * (LINE_PX + GAP_PX)
    line = Box(x, y, x, low)
    below = [one for one in placed if line.overlaps(one.label, APART_PX)]
    is_on_others = all(
        one.candidate.colour != candidate.colour and one.label.left <= x <= one.label.right for one in below
    )
    # Directly above the label of another curve it needs no line; farther away nobody would know its peak
    is_next = bool(below) and low - max(one.label.top for one in below) < LINE_PX + 2 * GAP_PX
    label = Box(x - half, low, x + half, low + LINE_PX)
    return Placed(candidate, level, label, None if is_on_others and is_next else line)


def _is_free(one: Placed, placed: Sequence[Placed], curves: Sequence[Drawn], frame: Frame) -> bool:
    return (
        one.label.is_inside(frame.width_px, frame.height_px)
        and not any(one.label.overlaps(other.label, APART_PX) for other in placed)
        and not any(one.label.overlaps(other.line, APART_PX) for other in placed if other.line is not None)
        and not any(one.line.overlaps(other.label, APART_PX) for other in placed if one.line is not None)
        and not any(curve.crosses(one.label) for curve in curves)
    )


def to_annotations(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """Return the labels for Plotly."""
    return [_to_annotation(one) for one in placed]


def _to_annotation(one: Placed) -> dict[str, Any]:
    colour, height = one.candidate.colour, GAP_PX + one.level * (LINE_PX + GAP_PX)
    note: dict[str, Any] = {
        "x": one.candidate.x,
        "y": one.candidate.y,
        "text": one.candidate.text,
        "font": {"size": FONT_PX, "color": colour},
        "yanchor": "bottom",
        "borderpad": 0,
        "name": "peak",
    }
    if one.line is None:
        return note | {"showarrow": False, "yshift": height}
    line = {"showarrow": True, "arrowhead": 0, "arrowwidth": 0.8, "arrowcolor": colour, "standoff": 1}
    return note | line | {"ax": 0, "ay": -height}


def _largest(
    energy: NDArray[np.float64],
    intensity: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    resolution: NDArray[np.float64] | None,
    *,
    correlated: bool,
) -> list[Peak]:
    lowest = lowest_feature(float(energy[-1]))
    peaks = find_peaks(energy, intensity, error, resolution_mev=resolution, elastic_mev=lowest, correlated=correlated)
    return most_prominent(peaks, MAX_LABELS)
