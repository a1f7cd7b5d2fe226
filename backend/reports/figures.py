"""Figures for paper: the arrays of the pages' figures, drawn by matplotlib as SVG.

Printed in black and white at 70 % they must still be read: lines differ by their dashes, data by their markers, and
every letter is 10 pt high, 7 pt then.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from backend.figures.map import BRIGHTEST_PERCENTILE, MOMENTUM_TITLE, edges
from backend.figures.measured import Points, with_gaps
from backend.figures.path import BRIGHTEST_PERCENTILE as PATH_PERCENTILE
from backend.figures.theme import THEMES
from backend.plans.schemas import MeasurementOut
from backend.reports.lettering import FAMILY, TEXT_PT, fitted
from scattering.core.bins import bin_edges
from scattering.crystal.view import PathMap
from scattering.instruments.kinematics import Window
from scattering.measured.data import extremes
from scattering.observe.spectrum import Map

MM = 1 / 25.4
"""Inches."""
WIDTH_MM = 180.0
HALF_MM = 88.0
LETTERS = "ABCD"
PANELS_MM = {1: 50.0, 2: 38.0, 3: 31.0, 4: 25.0}
"""Height of each of so many panels."""
HANDLE_MM = 16.0
"""Of a legend's entry, beside its words."""
TITLE_MM = 7.5
"""Of it, for a line of text."""
ENERGY = "Energy transfer (meV)"
THEME = THEMES["light"]
DASHES = ((5.0, 1.8), (1.3, 1.5), (6.0, 1.6, 1.2, 1.6))
MARKERS = ("o", "D", "s", "^", "P", "X")
MAX_POINTS = 400
"""Of measured data in a panel 18 cm wide; the highest and lowest of each stretch stay."""
ROOM: dict[str, Any] = {"facecolor": THEME.paper, "edgecolor": "none", "pad": 1.2, "alpha": 0.92}
"""Behind words that stand on lines."""
ON_LINES: dict[str, Any] = {"frameon": True, "edgecolor": "none", "framealpha": 0.92, "borderaxespad": 0.3}
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
COMMENTS = re.compile(r"<!--.*?-->\n?", re.DOTALL)

STYLE: Any = {
    "font.family": [FAMILY],
    "font.size": TEXT_PT,
    "axes.titlesize": TEXT_PT,
    "axes.labelsize": TEXT_PT,
    "xtick.labelsize": TEXT_PT,
    "ytick.labelsize": TEXT_PT,
    "legend.fontsize": TEXT_PT,
    "text.color": THEME.ink,
    "axes.labelcolor": THEME.ink,
    "axes.edgecolor": THEME.ink,
    "xtick.color": THEME.ink,
    "ytick.color": THEME.ink,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.3,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "hatch.linewidth": 0.4,
    # Letters as outlines: the same in every viewer, and none of a user's text is read as mathematics
    "svg.fonttype": "path",
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
_drawing = threading.Lock()
"""matplotlib's settings belong to the process, and requests run in threads."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A line, shape (n,) each; NaN where nothing is known."""

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Panel:
    """One instrument's spectrum, with what is drawn beside it."""

    title: str
    main: Trace
    others: Sequence[Trace] = field(default_factory=tuple)
    points: Sequence[Points] = field(default_factory=tuple)


@contextmanager
def _canvas(name: str, width_mm: float, height_mm: float) -> Iterator[tuple[Figure, list[str]]]:
    """A figure; its SVG is in the list afterwards."""
    made: list[str] = []
    with _drawing, rc_context(STYLE | {"svg.hashsalt": name}):
        close = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, hspace=0.0, wspace=0.02)
        figure = Figure(figsize=(width_mm * MM, height_mm * MM), layout=close)
        FigureCanvasSVG(figure)
        yield figure, made
        content = io.StringIO()
        figure.savefig(content, format="svg", dpi=220, metadata={"Date": None, "Creator": None})
        text = content.getvalue()
        made.append(COMMENTS.sub("", text[text.index("<svg") :]))


def spectra(panels: Sequence[Panel], features: Sequence[float], title: str, limits: tuple[float, float]) -> str:
    """Spectra below each other on one energy axis, each with its features numbered, and what it does not reach hatched.

    Parameters
    ----------
    panels
        From top to bottom.
    features
        Energies in meV; the first is called 1.
    title
        Of the intensities, with their unit.
    limits
        Lowest and highest energy shown, meV.
    """
    named = any(panel.others or panel.points for panel in panels)
    height = PANELS_MM[len(panels)] * len(panels) + (18 if named else 13)
    with _canvas("spectra", WIDTH_MM, height) as (figure, made):
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        handles: dict[str, Any] = {}
        n_named = 0
        for letter, axis, panel in zip(LETTERS, axes, panels, strict=False):
            _panel(axis, panel, limits, letter, n_named=n_named, room=1 / (1 - TITLE_MM / PANELS_MM[len(panels)]))
            n_named += len(panel.points)
            _mark(axis, features, limits, named=letter == "A")
            handles |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        axes[-1].set_xlabel(ENERGY)
        figure.supylabel(title, fontsize=TEXT_PT, multialignment="center")
        if named:
            columns = min(3, len(handles))
            labels = [fitted(label, WIDTH_MM / columns - HANDLE_MM) for label in handles]
            at: dict[str, Any] = {"loc": "outside upper left", "ncols": columns, "columnspacing": 1.2, "borderpad": 0.1}
            figure.legend(list(handles.values()), labels, **at)
    return made[0]


def _panel(axis: Axes, panel: Panel, limits: tuple[float, float], letter: str, *, n_named: int, room: float) -> None:
    """Draw one panel.

    `n_named` measured spectra stand in those above it and have taken their markers; `room` times the highest intensity
    is the axis long, so that the title stands on none.
    """
    low, high = limits
    main = panel.main
    shown = (main.x >= low) & (main.x <= high)
    tops = [_top(main.x, main.y, limits)]
    if main.error is not None:
        under, over = main.y - main.error, main.y + main.error
        axis.fill_between(main.x, under, over, color=THEME.muted, alpha=0.35, linewidth=0)
    axis.plot(main.x[shown], main.y[shown], color=THEME.lines[0], label=main.label, zorder=3)
    for index, other in enumerate(panel.others):
        colour = THEME.lines[(index + 1) % len(THEME.lines)]
        axis.plot(other.x, other.y, color=colour, dashes=DASHES[index % len(DASHES)], label=other.label, zorder=2)
        tops.append(_top(other.x, other.y, limits))
    for index, points in enumerate(panel.points, start=n_named):
        tops.append(_points(axis, points, index, limits))
    axis.set_xlim(low, high)
    axis.set_ylim(0, room * (max(tops) or 1.0))
    axis.yaxis.set_major_locator(MaxNLocator(3, prune="upper"))
    place: dict[str, Any] = {"transform": axis.transAxes, "va": "top", "ha": "left", "bbox": ROOM, "zorder": 6}
    title = fitted(f"{letter}  {panel.title}", 0.8 * WIDTH_MM, bold=True)
    # A long title must not take the room of the axes
    axis.text(0.008, 0.93, title, weight="bold", **place).set_in_layout(False)
    end, step = float(main.x[-1]), float(main.x[-1] - main.x[-2])
    for start, stop in ((end + step / 2, high), (low, float(main.x[0]) - step)):
        if stop - start > 0.01 * (high - low):
            axis.axvspan(start, stop, facecolor="#f1f3f5", edgecolor=THEME.muted, hatch="////", linewidth=0, zorder=1)


def _points(axis: Axes, points: Points, index: int, limits: tuple[float, float]) -> float:
    measured = points.measured
    x, y, error = with_gaps(measured.energy.astype(np.float32), measured.intensity, measured.error, measured)
    inside = (x >= limits[0]) & (x <= limits[1])
    x, y, error = x[inside], y[inside], None if error is None else error[inside]
    if not len(x):
        return 0.0
    keep = extremes(y, MAX_POINTS)
    bars = None if error is None else np.nan_to_num(error[keep])
    axis.errorbar(
        x[keep],
        y[keep],
        yerr=bars,
        linestyle="none",
        marker=MARKERS[index % len(MARKERS)],
        markersize=3.0,
        markerfacecolor=THEME.paper,
        markeredgecolor=THEME.ink,
        markeredgewidth=0.6,
        ecolor=THEME.ink,
        elinewidth=0.5,
        label=points.label,
        zorder=2.5,
    )
    return _top(x.astype(float), y, limits)


def _top(x: NDArray[np.float64], y: NDArray[np.float64], limits: tuple[float, float]) -> float:
    """The largest value but for the foot of the elastic line."""
    away = (np.abs(x) > 0.03 * (limits[1] - limits[0])) & (x >= limits[0]) & (x <= limits[1]) & np.isfinite(y)
    return float(y[away].max(initial=0.0))


def _mark(
    axis: Axes, features: Sequence[float], limits: tuple[float, float], *, named: bool, narrow: bool = False
) -> None:
    """Dotted lines at the features, and their numbers above the axis where they are named.

    Numbers that would touch stand one above the other; above a narrow axis the second is left out.
    """
    room, last, level = (0.06 if narrow else 0.027) * (limits[1] - limits[0]), -np.inf, 0
    for number, energy in enumerate(features, start=1):
        if not limits[0] <= energy <= limits[1]:
            continue
        axis.axvline(energy, color=THEME.ink, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1.5)
        close = energy - last < room
        if not named or (close and narrow):
            continue
        level = (level + 1) % 3 if close else 0
        last = energy
        axis.annotate(
            str(number),
            (energy, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 1.5 + 10.5 * level),
            textcoords="offset points",
            ha="center",
            va="bottom",
            annotation_clip=False,
        )


def powder_map(
    image: Map, window: Window | None, features: Sequence[float], unit: str, limits: tuple[float, float]
) -> str:
    """Intensity over (|q|, ω), light to dark, with what is not reached hatched."""
    (q_low, q_high), _ = edges(image)
    shown = image.inside if window is not None and not window.lines else np.ones_like(image.inside)
    within = (image.energy >= limits[0]) & (image.energy <= limits[1])
    seen = image.intensity[:, within][shown[:, within]]
    with _canvas("map", HALF_MM, 72.0) as (figure, made):
        axis = figure.subplots()
        bins = np.maximum(bin_edges(image.q), 0.0), bin_edges(image.energy)
        _heat(figure, axis, image.intensity, bins, _brightest(seen, BRIGHTEST_PERCENTILE), f"S(|q|, ω) ({unit})")
        if window is not None and window.lines:
            for line, dash in zip(window.lines, ("-", (0, (4, 1.5))), strict=False):
                axis.plot(line.q, line.energy, color=THEME.paper, linewidth=3.0)
                axis.plot(line.q, line.energy, color=THEME.edge, linewidth=1.5, linestyle=dash, label=line.label)
            axis.legend(loc="upper left", **ON_LINES)
        elif window is not None:
            hatched: dict[str, Any] = {
                "facecolor": "#ffffffd0",
                "edgecolor": THEME.muted,
                "hatch": "////",
                "linewidth": 0,
            }
            q_min, q_max = np.nan_to_num(window.q_min, nan=q_high), np.nan_to_num(window.q_max, nan=q_high)
            axis.fill_betweenx(window.energy, q_low, q_min, **hatched)
            axis.fill_betweenx(window.energy, q_max, q_high, **hatched)
            for edge in (window.q_min, window.q_max):
                axis.plot(edge, window.energy, color=THEME.edge, linewidth=1.5)
        _numbers_at(axis, features, limits)
        axis.set_xlim(q_low, q_high)
        axis.set_ylim(*limits)
        axis.set_xlabel(MOMENTUM_TITLE)
        axis.set_ylabel(ENERGY)
    return made[0]


def path_map(image: PathMap, features: Sequence[float], unit: str, limits: tuple[float, float]) -> str:
    """Intensity along the path with the harmonic phonons over it."""
    seen = image.intensity[np.isfinite(image.intensity)]
    with _canvas("map", HALF_MM, 72.0) as (figure, made):
        axis = figure.subplots()
        axis.set_facecolor("#d6dbe0")
        bins = image.edges, bin_edges(image.energy)
        _heat(figure, axis, image.intensity, bins, _brightest(seen, PATH_PERCENTILE), f"Intensity ({unit})")
        axis.plot(image.dispersion_distance, image.dispersion, color=THEME.edge, linewidth=0.5)
        for place, _ in image.ticks[1:-1]:
            axis.axvline(place, color=THEME.ink, linewidth=0.7)
        _numbers_at(axis, features, limits)
        axis.set_xticks([place for place, _ in image.ticks], [name for _, name in image.ticks])
        axis.set_xlim(image.ticks[0][0], image.ticks[-1][0])
        axis.set_ylim(*limits)
        axis.set_ylabel(ENERGY)
    return made[0]


def _brightest(seen: NDArray[Any], percentile: float) -> float:
    high = float(np.percentile(seen, percentile)) if len(seen) else 1.0
    return high if high > 0 else 1.0


def _heat(
    figure: Figure,
    axis: Axes,
    intensity: NDArray[Any],
    edges_of_bins: tuple[NDArray[np.float64], NDArray[np.float64]],
    high: float,
    title: str,
) -> None:
    """Colour bins by intensity, shape (n_x, n_y), given their edges along x and y; as a picture within the drawing."""
    colours = LinearSegmentedColormap.from_list("beamcast", list(THEME.heat))
    shown = np.ma.masked_invalid(np.asarray(intensity).T)
    picture = axis.pcolormesh(*edges_of_bins, shown, cmap=colours, vmin=0, vmax=high, rasterized=True)
    bar = figure.colorbar(picture, ax=axis, fraction=0.06, pad=0.02, aspect=25)
    bar.ax.yaxis.set_major_locator(MaxNLocator(4))
    bar.set_label(title)
    bar.outline.set_linewidth(0.5)


def _numbers_at(axis: Axes, features: Sequence[float], limits: tuple[float, float]) -> None:
    """Numbers at the right edge where the features are; strokes alone where there is no room for them."""
    room, last = 0.075 * (limits[1] - limits[0]), -np.inf
    for number, energy in enumerate(features, start=1):
        if not limits[0] <= energy <= limits[1]:
            continue
        axis.axhline(energy, xmin=0.97, color=THEME.ink, linewidth=1.2)
        if energy - last > room:
            last = energy
            axis.annotate(
                str(number),
                (0.97, energy),
                xycoords=("axes fraction", "data"),
                xytext=(-2, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                bbox={**ROOM, "pad": 0.6},
            )


def measurement(counted: MeasurementOut, features: Sequence[float], limits: tuple[float, float]) -> str:
    """Counts with their errors, what is expected without noise, and the background under it."""
    energy, counts = np.array(counted.energy_mev), np.array(counted.counts, dtype=float)
    highest = _top(energy, counts, limits)
    power = 3 * int(np.log10(highest) // 3) if highest >= 1e4 else 0
    counts /= 10.0**power
    shown = (energy >= limits[0]) & (energy <= limits[1])
    keep = np.flatnonzero(shown)[extremes(counts[shown], 160)]
    with _canvas("measurement", HALF_MM, 72.0) as (figure, made):
        axis = figure.subplots()
        axis.errorbar(
            energy[keep],
            counts[keep],
            yerr=np.array(counted.standard_error)[keep] / 10.0**power,
            linestyle="none",
            marker="o",
            markersize=2.4,
            markerfacecolor=THEME.paper,
            markeredgecolor=THEME.ink,
            markeredgewidth=0.6,
            ecolor=THEME.ink,
            elinewidth=0.5,
            label="simulated counts",
        )
        axis.plot(
            energy[shown],
            np.array(counted.expected)[shown] / 10.0**power,
            color=THEME.lines[0],
            label="expected",
            zorder=3,
        )
        background = np.array(counted.background)[shown] / 10.0**power
        axis.plot(energy[shown], background, color=THEME.lines[1], dashes=DASHES[0], label="background", zorder=3)
        _mark(axis, features, limits, named=True, narrow=True)
        away = _top(energy, counts, limits)
        axis.set_xlim(*limits)
        axis.set_ylim(0, 1.5 * (away or 1.0))
        axis.set_xlabel(ENERGY)
        axis.set_ylabel(
            f"10{str(power).translate(RAISED)} {counted.unit}" if power else counted.unit[:1].upper() + counted.unit[1:]
        )
        axis.legend(loc="upper right", labelspacing=0.2, handlelength=2.0, **ON_LINES)
    return made[0]
