"""Figures for paper, drawn by matplotlib as SVG, with the same arrays as the figures of the pages.

They are legible in black and white at 70 % of their size: lines have different dashes, data have different markers,
and letters have 10 pt (7 pt after reduction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from backend.figures.curves.elastic import largest_beyond
from backend.figures.map import MOMENTUM_TITLE, brightest, edges
from backend.figures.measured import Points, insert_gaps
from backend.figures.path import BRIGHTEST_PERCENTILE as PATH_PERCENTILE
from backend.plans.schemas import MeasurementOut
from backend.reports.canvas import THEME, canvas
from backend.reports.lettering import TEXT_PT, fit_text
from scattering.core.bins import bin_edges
from scattering.crystal.view import PathMap
from scattering.instruments.kinematics import Window
from scattering.measured.data import extremes
from scattering.observe.spectrum import Map

WIDTH_MM = 180.0
HALF_MM = 88.0
LETTERS = "ABCD"
PANEL_HEIGHT_MM = {1: 50.0, 2: 38.0, 3: 31.0, 4: 25.0}
"""Number of panels → height of each."""
HANDLE_MM = 16.0
"""Width of an entry of the legend without its text."""
TITLE_MM = 7.5
"""Height of the title within a panel."""
ENERGY_TITLE = "Energy transfer (meV)"
DASHES = ((5.0, 1.8), (1.3, 1.5), (6.0, 1.6, 1.2, 1.6))
MARKERS = ("o", "D", "s", "^", "P", "X")
MAX_POINTS = 400
"""Points of measured data in a panel 18 cm wide; the highest and lowest of each stretch are kept."""
TEXT_BOX: dict[str, Any] = {"facecolor": THEME.paper, "edgecolor": "none", "pad": 1.2, "alpha": 0.92}
"""Box behind text that covers lines."""
LEGEND_BOX: dict[str, Any] = {"frameon": True, "edgecolor": "none", "framealpha": 0.92, "borderaxespad": 0.3}
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Trace:
    """A line, shape (n,) each; NaN for unknown values. `elastic_mev` is half of the range of its elastic line."""

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    error: NDArray[np.float64] | None = None
    elastic_mev: float = 0.0


@dataclass(frozen=True, eq=False)
class Panel:
    """Spectrum of one instrument, with the other predictions and the measured data in the same panel."""

    title: str
    main: Trace
    others: Sequence[Trace] = field(default_factory=tuple)
    points: Sequence[Points] = field(default_factory=tuple)


def spectra(panels: Sequence[Panel], features: Sequence[float], title: str, limits: tuple[float, float]) -> str:
    """Draw spectra one below the other, with numbered features; ranges outside the instrument are hatched.

    Parameters
    ----------
    panels
        Panels from top to bottom.
    features
        Energies of the features in meV, numbered from 1.
    title
        Title of the intensity axes, with the unit.
    limits
        Lowest and highest energy shown, meV.
    """
    named = any(panel.others or panel.points for panel in panels)
    height = PANEL_HEIGHT_MM[len(panels)] * len(panels) + (18 if named else 13)
    with canvas("spectra", WIDTH_MM, height) as (figure, made):
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        handles: dict[str, Any] = {}
        n_points = 0
        for letter, axis, panel in zip(LETTERS, axes, panels, strict=False):
            _panel(
                axis,
                panel,
                limits,
                letter,
                n_points=n_points,
                headroom=1 / (1 - TITLE_MM / PANEL_HEIGHT_MM[len(panels)]),
            )
            n_points += len(panel.points)
            _mark(axis, features, limits, named=letter == "A")
            handles |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        axes[-1].set_xlabel(ENERGY_TITLE)
        figure.supylabel(title, fontsize=TEXT_PT, multialignment="center")
        if named:
            columns = min(3, len(handles))
            labels = [fit_text(label, WIDTH_MM / columns - HANDLE_MM) for label in handles]
            at: dict[str, Any] = {"loc": "outside upper left", "ncols": columns, "columnspacing": 1.2, "borderpad": 0.1}
            figure.legend(list(handles.values()), labels, **at)
    return made[0]


def _panel(
    axis: Axes, panel: Panel, limits: tuple[float, float], letter: str, *, n_points: int, headroom: float
) -> None:
    """Draw one panel.

    Parameters
    ----------
    n_points
        Number of measured spectra in the panels above, which have used the first markers.
    headroom
        End of the intensity axis over the highest intensity; it keeps the title free of curves.
    """
    low, high = limits
    main = panel.main
    shown = (main.x >= low) & (main.x <= high)
    if main.error is not None:
        under, over = main.y - main.error, main.y + main.error
        axis.fill_between(main.x, under, over, color=THEME.muted, alpha=0.35, linewidth=0)
    axis.plot(main.x[shown], main.y[shown], color=THEME.lines[0], label=main.label, zorder=3)
    for index, other in enumerate(panel.others):
        colour = THEME.lines[(index + 1) % len(THEME.lines)]
        axis.plot(other.x, other.y, color=colour, dashes=DASHES[index % len(DASHES)], label=other.label, zorder=2)
    for index, points in enumerate(panel.points, start=n_points):
        _points(axis, points, index, limits)
    axis.set_xlim(low, high)
    axis.set_ylim(0, headroom * highest_intensity(panel, limits))
    axis.yaxis.set_major_locator(MaxNLocator(3, prune="upper"))
    place: dict[str, Any] = {"transform": axis.transAxes, "va": "top", "ha": "left", "bbox": TEXT_BOX, "zorder": 6}
    title = fit_text(f"{letter}  {panel.title}", 0.8 * WIDTH_MM, bold=True)
    # A long title must not shrink the axes
    axis.text(0.008, 0.93, title, weight="bold", **place).set_in_layout(False)
    end, step = float(main.x[-1]), float(main.x[-1] - main.x[-2])
    for start, stop in ((end + step / 2, high), (low, float(main.x[0]) - step)):
        if stop - start > 0.01 * (high - low):
            axis.axvspan(start, stop, facecolor="#f1f3f5", edgecolor=THEME.muted, hatch="////", linewidth=0, zorder=1)


def highest_intensity(panel: Panel, limits: tuple[float, float]) -> float:
    """Return the largest intensity of the lines and data of a panel beyond the elastic line; 1 if there is none."""
    tops = [largest_beyond(one.x, one.y, one.elastic_mev, limits) for one in (panel.main, *panel.others)]
    foot, data = panel.main.elastic_mev, [points.measured for points in panel.points]
    return max(*tops, *[largest_beyond(one.energy, one.intensity, foot, limits) for one in data], 0.0) or 1.0


def _points(axis: Axes, points: Points, index: int, limits: tuple[float, float]) -> None:
    measured = points.measured
    x, y, error = insert_gaps(measured.energy.astype(np.float32), measured.intensity, measured.error, measured)
    inside = (x >= limits[0]) & (x <= limits[1])
    x, y, error = x[inside], y[inside], None if error is None else error[inside]
    if not len(x):
        return
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


def _mark(
    axis: Axes, features: Sequence[float], limits: tuple[float, float], *, named: bool, narrow: bool = False
) -> None:
    """Draw dotted lines at the features and, if `named`, their numbers above the axis.

    Numbers that would touch are stacked; above a narrow axis, the second one is left out.
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
    """Draw the intensity over (|q|, ω), light to dark; ranges outside the window are hatched."""
    (q_low, q_high), _ = edges(image)
    shown = image.inside if window is not None and not window.lines else np.ones_like(image.inside)
    within = (image.energy >= limits[0]) & (image.energy <= limits[1])
    seen = image.intensity[:, within][shown[:, within]]
    with canvas("map", HALF_MM, 72.0) as (figure, made):
        axis = figure.subplots()
        bins = np.maximum(bin_edges(image.q), 0.0), bin_edges(image.energy)
        _heat(figure, axis, image.intensity, bins, brightest(seen), f"S(|q|, ω) ({unit})")
        if window is not None and window.lines:
            for line, dash in zip(window.lines, ("-", (0, (4, 1.5))), strict=False):
                axis.plot(line.q, line.energy, color=THEME.paper, linewidth=3.0)
                axis.plot(line.q, line.energy, color=THEME.edge, linewidth=1.5, linestyle=dash, label=line.label)
            axis.legend(loc="upper left", **LEGEND_BOX)
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
        axis.set_ylabel(ENERGY_TITLE)
    return made[0]


def path_map(image: PathMap, features: Sequence[float], unit: str, limits: tuple[float, float]) -> str:
    """Draw the intensity along the path, with the harmonic phonons over it."""
    with canvas("map", HALF_MM, 72.0) as (figure, made):
        axis = figure.subplots()
        axis.set_facecolor("#d6dbe0")
        bins = image.edges, bin_edges(image.energy)
        _heat(figure, axis, image.intensity, bins, brightest(image.intensity, PATH_PERCENTILE), f"Intensity ({unit})")
        axis.plot(image.dispersion_distance, image.dispersion, color=THEME.edge, linewidth=0.5)
        for place, _ in image.ticks[1:-1]:
            axis.axvline(place, color=THEME.ink, linewidth=0.7)
        _numbers_at(axis, features, limits)
        axis.set_xticks([place for place, _ in image.ticks], [name for _, name in image.ticks])
        axis.set_xlim(image.ticks[0][0], image.ticks[-1][0])
        axis.set_ylim(*limits)
        axis.set_ylabel(ENERGY_TITLE)
    return made[0]


def _heat(
    figure: Figure,
    axis: Axes,
    intensity: NDArray[Any],
    edges_of_bins: tuple[NDArray[np.float64], NDArray[np.float64]],
    high: float,
    title: str,
) -> None:
    """Draw intensity, shape (n_x, n_y), in bins with these edges along x and y, as a raster image in the SVG."""
    colours = LinearSegmentedColormap.from_list("beamcast", list(THEME.heat))
    shown = np.ma.masked_invalid(np.asarray(intensity).T)
    picture = axis.pcolormesh(*edges_of_bins, shown, cmap=colours, vmin=0, vmax=high, rasterized=True)
    bar = figure.colorbar(picture, ax=axis, fraction=0.06, pad=0.02, aspect=25)
    bar.ax.yaxis.set_major_locator(MaxNLocator(4))
    bar.set_label(title)
    bar.outline.set_linewidth(0.5)


def _numbers_at(axis: Axes, features: Sequence[float], limits: tuple[float, float]) -> None:
    """Draw strokes at the right edge at the features, with their numbers if they do not overlap."""
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
                bbox={**TEXT_BOX, "pad": 0.6},
            )


def measurement(
    counted: MeasurementOut, features: Sequence[float], limits: tuple[float, float], *, elastic_mev: float
) -> str:
    """Draw counts with their errors, the expected counts without noise, and the background.

    The axis leaves out the counts below `elastic_mev`.
    """
    energy, counts = np.array(counted.energy_mev), np.array(counted.counts, dtype=float)
    highest = largest_beyond(energy, counts, elastic_mev, limits)
    power = 3 * int(np.log10(highest) // 3) if highest >= 1e4 else 0
    counts /= 10.0**power
    shown = (energy >= limits[0]) & (energy <= limits[1])
    keep = np.flatnonzero(shown)[extremes(counts[shown], 160)]
    with canvas("measurement", HALF_MM, 72.0) as (figure, made):
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
        away = largest_beyond(energy, counts, elastic_mev, limits)
        axis.set_xlim(*limits)
        axis.set_ylim(0, 1.5 * (away or 1.0))
        axis.set_xlabel(ENERGY_TITLE)
        axis.set_ylabel(
            f"10{str(power).translate(SUPERSCRIPTS)} {counted.unit}"
            if power
            else counted.unit[:1].upper() + counted.unit[1:]
        )
        axis.legend(loc="upper right", labelspacing=0.2, handlelength=2.0, **LEGEND_BOX)
    return made[0]
