"""Places for labels in figures so that none covers another, on a phone as on a wide screen.

A figure is drawn before the width of its page is known. Labels have a size in pixels, and their points a place in the
plot; a place is taken only if it is free at the narrowest and at a wide page.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTHS_PX: Final = (340.0, 1100.0)
"""Widths of a whole figure, with its margins: of a phone, and of a wide page."""
HEIGHTS_PX: Final = (300.0, 430.0, 520.0)
"""Heights that pages give to figures."""
CHARACTER_EM: Final = 0.6
"""Width of a character over the font size: of digits and letters in sans-serif fonts, on average."""
LINE_EM: Final = 1.3
GAP_PX: Final = 3.0
"""Free space around a label."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; y runs upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        """Return whether two rectangles are nearer than a gap in both directions."""
        return (
            self.left < other.right + gap
            and other.left < self.right + gap
            and self.bottom < other.top + gap
            and other.bottom < self.top + gap
        )

    def is_inside(self, width: float, height: float) -> bool:
        """Return whether it lies in a rectangle that begins at 0."""
        return self.left >= 0 and self.bottom >= 0 and self.right <= width and self.top <= height


def text_size(text: str, font_px: float) -> tuple[float, float]:
    """Return the estimated width and height of a text in pixels; its lines are separated by `<br>`."""
    rows = text.split("<br>")
    return CHARACTER_EM * font_px * max(map(len, rows)), LINE_EM * font_px * len(rows)


def plot_sizes(margin: dict[str, int]) -> tuple[tuple[float, float], ...]:
    """Return widths and heights of the plot in figures of all sizes, in pixels, without its margins."""
    return tuple(
        (width - margin["l"] - margin["r"], height - margin["t"] - margin["b"])
        for width, height in itertools.product(WIDTHS_PX, HEIGHTS_PX)
    )


def rows_of_labels(places: Sequence[float], texts: Sequence[str], font_px: float, plot_px: float) -> list[int]:
    """Return a row for each label, 0 the lowest, so that labels centred at their places do not overlap in a row.

    Parameters
    ----------
    places
        Of the centres, as fractions of the width of the plot.
    plot_px
        The narrowest width of the plot: in a wider one there is more space.
    """
    ends: list[float] = []
    rows = [0] * len(places)
    for index in sorted(range(len(places)), key=lambda at: places[at]):
        half = text_size(texts[index], font_px)[0] / 2
        left, right = places[index] * plot_px - half, places[index] * plot_px + half
        row = next((number for number, end in enumerate(ends) if end + GAP_PX <= left), len(ends))
        ends[row:] = [right, *ends[row + 1 :]]
        rows[index] = row
    return rows


def offsets_of_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    plots: Sequence[tuple[float, float]],
) -> list[tuple[float, float]]:
    """Return an offset for each label from its point to its centre, in pixels, upwards and to the right.

    The first label takes the best place: the nearest that is free in all plots. A label that finds none has the one
    with the fewest overlaps.

    Parameters
    ----------
    points
        As fractions of the width and height of the plot.
    sizes
        Width and height of each label, pixels.
    plots
        Widths and heights of the plot, pixels.
    """
    taken: list[list[Box]] = [[] for _ in plots]
    found = []
    for point, size in zip(points, sizes, strict=True):
        best, fewest = (0.0, 0.0), math.inf
        for offset in _candidates(size):
            boxes = [box_at(point, offset, size, plot) for plot in plots]
            faults = sum(
                10 * sum(box.overlaps(other, GAP_PX) for other in there) + (not box.is_inside(*plot))
                for box, there, plot in zip(boxes, taken, plots, strict=True)
            )
            if faults < fewest:
                best, fewest = offset, faults
            if not faults:
                break
        for there, plot in zip(taken, plots, strict=True):
            there.append(box_at(point, best, size, plot))
        found.append(best)
    return found


def box_at(
    point: tuple[float, float], offset: tuple[float, float], size: tuple[float, float], plot: tuple[float, float]
) -> Box:
    """Return the rectangle of a label in a plot, in pixels from its lower left corner."""
    x, y = point[0] * plot[0] + offset[0], point[1] * plot[1] + offset[1]
    return Box(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)


def _candidates(size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return offsets around a point, the nearest first, above before below, and to the right before to the left."""
    width, height = size
    steps = [
        (side * (width / 2 + 12), level * (height + GAP_PX + 2))
        for level in (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)
        for side in (1, -1, 0)
    ]
    return sorted(steps, key=lambda one: math.hypot(one[0] / 4, one[1]))
