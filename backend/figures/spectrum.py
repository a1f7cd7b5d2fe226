"""Figure of intensity against energy transfer, for several views on the same axes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.curves import difference_panel, peak_labels
from backend.figures.curves.curve import Curve
from backend.figures.curves.difference import differences
from backend.figures.curves.elastic import largest_beyond
from backend.figures.curves.normalisation import DIVISORS, normalise
from backend.figures.energy import ENERGY_TITLES, in_unit
from backend.figures.hover import CurveHover
from backend.figures.measured import Points, curve_offsets, points_trace
from backend.figures.schemas import Style
from backend.figures.theme import MARGIN, POWERS, THEMES, Theme, axis, draw, layout
from backend.wording.curves import order_text
from scattering.measured.comparison.peaks import Peak
from scattering.observe.spectrum import Spectrum

METHOD_DASHES = {"md": "solid", "harmonic": "dash", "trpmd": "dashdot"}
PART_DASHES = ("dot", "dash", "dashdot", "longdash", "longdashdot")
_REPEATED_DASHES = ("solid", "dash", "dot")
"""Dashes of curves whose colours repeat."""
Role = Literal["total", "bank", "element", "order"]
DECADES = 4
"""Initial orders of magnitude of a logarithmic axis."""
STACK_OFFSET = 1.05
"""Default offset of stacked curves over the largest intensity: none overlaps the curve below."""
LEGEND_ROW_PX, LEGEND_LINE_PX, LEGEND_CHARACTER_PX = 19.0, 45.0, 7.0
"""Height of a row of the legend, width of the line of an entry, and of a character."""
LABEL_ROOM = 0.2
"""Room for peak labels above the curves, over the height of the axis without it."""


@dataclass(frozen=True)
class _Place:
    """A curve is drawn at `factor` times its intensity plus `lift`."""

    factor: float
    lift: float


def spectrum_figure(
    curves: Sequence[Curve], style: Style, measured: Sequence[Points] = (), common: str = ""
) -> go.Figure:
    """Draw spectra and cuts: a colour for each instrument, a dash for each method, measured data as points.

    Parameters
    ----------
    curves
        Spectra of powders and cuts of single crystals, at least one.
    style
        Appearance.
    measured
        Measured data, in the units of their curves.
    common
        Facts that all curves have in common, for the page: `layout.meta.common_label`. With peak labels,
        `layout.meta.peaks` has the energies of all peaks.
    """
    theme = THEMES[style.theme]
    curves, measured = normalise(curves, measured, style.normalise)
    hover = CurveHover.of(style.energy_unit, [curve.spectrum.unit for curve in curves])
    top = _top(curves, measured)
    offsets = _offsets(curves, measured, style, top)
    places, data_places = ([_place(offset, style) for offset in some] for some in offsets)
    pens = _pens(curves, theme)
    traces: list[dict[str, Any]] = []
    for curve, pen, place in zip(curves, pens, places, strict=True):
        traces += _curve_traces(curve, pen, place, style, hover)
    for index, (points, place) in enumerate(zip(measured, data_places, strict=True)):
        named = replace(points, unit=curves[points.of].spectrum.unit)
        traces.append(points_trace(named, theme, hover, index=index, factor=place.factor, lift=place.lift))
    y_range = _intensity_range(top, max([0.0, *offsets[0], *offsets[1]]), style)
    below = differences(curves, measured) if style.arrangement == "difference" else []
    colours = [colour for colour, _ in pens]
    traces += difference_panel.traces(below, curves, measured, colours, theme, style.energy_unit)
    labels, peaks = [], _find_peaks(curves, measured) if style.peak_labels else []
    if style.peak_labels:
        names = [trace["name"] for trace in traces if trace.get("visible", True) and trace.get("showlegend", True)]
        frame = _frame(_energy_range(curves, style), y_range, style, names, has_panel=bool(below))
        labels = _peak_labels(peaks, curves, colours, [*places, *data_places], style, frame)
    y_axis = axis(theme, _intensity_title(curves, style), type=style.scale, range=y_range, **POWERS)
    if style.arrangement == "stack":
        # Ticks are those of the lowest curve only
        y_axis["showticklabels"] = False
    x_axis = axis(
        theme,
        ENERGY_TITLES[style.energy_unit],
        range=_energy_range(curves, style),
        unifiedhovertitle=hover.title,
    )
    return draw(
        traces,
        layout(
            theme,
            **difference_panel.axes(x_axis, y_axis, below, theme),
            annotations=labels,
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            hovermode=hover.mode,
            meta={"common_label": common, "peaks": _list_peaks(peaks, [*curves, *measured], style)},
            # Zoom and hidden lines stay when a slider moves
            uirevision=f"spectrum {style.energy_unit} {style.scale} {style.normalise} {style.arrangement}",
        ),
    )


def _offsets(
    curves: Sequence[Curve], measured: Sequence[Points], style: Style, top: float
) -> tuple[list[float], list[float]]:
    """Return the offsets of curves and data: intensities, or numbers of decades on a logarithmic axis."""
    room = LABEL_ROOM if style.peak_labels else 0.0
    offset = style.offset or (STACK_OFFSET + room if style.arrangement == "stack" else 0.0)
    return curve_offsets(len(curves), measured, offset * (DECADES if style.scale == "log" else top))


def _place(offset: float, style: Style) -> _Place:
    return _Place(10.0**offset, 0.0) if style.scale == "log" else _Place(1.0, offset)


def _curve_traces(
    curve: Curve, pen: tuple[str, str], place: _Place, style: Style, hover: CurveHover
) -> list[dict[str, Any]]:
    """Return a curve with its parts and its band of errors."""
    spectrum, (colour, dash) = curve.spectrum, pen
    x = in_unit(spectrum.energy, style.energy_unit)
    lines = [_Line(curve.label, spectrum.intensity, "total", True, 2.0, dash)]
    lines += _parts(curve, spectrum.banks, "bank", style.banks)
    lines += _parts(curve, spectrum.per_element, "element", style.per_element)
    orders = {order_text(order): values for order, values in spectrum.per_order.items()}
    lines += _parts(curve, orders, "order", True)
    traces: list[dict[str, Any]] = []
    if style.errors and spectrum.error is not None:
        intensity = place.factor * spectrum.intensity + place.lift
        traces += bands(x, intensity, place.factor * spectrum.error, colour, curve.label)
    return traces + [_trace(line, x, curve, colour, hover, place) for line in lines]


def _frame(
    x_range: list[float], y_range: list[float], style: Style, names: Sequence[str], *, has_panel: bool
) -> peak_labels.Frame:
    """Return the panel of the spectra below a legend of these names; enlarged if a range of energy is."""
    if style.finer_mev is not None:
        x_range = [float(end) for end in in_unit(np.array(style.finer_mev), style.energy_unit)]
    width = float(style.width_px - MARGIN["l"] - MARGIN["r"])
    longest = max(len(re.sub("<[^>]*>", "", name)) for name in names)
    in_row = max(1, int(width / (LEGEND_LINE_PX + LEGEND_CHARACTER_PX * longest)))
    legend = LEGEND_ROW_PX * (-(-len(names) // in_row) - 1)
    height = max(style.height_px - MARGIN["t"] - MARGIN["b"] - legend, LEGEND_ROW_PX)
    height *= difference_panel.SPECTRA_FRACTION if has_panel else 1.0
    # Wide tick labels take some pixels more
    return peak_labels.Frame((x_range[0], x_range[1]), (y_range[0], y_range[1]), 0.97 * width, 0.97 * height)


def _find_peaks(curves: Sequence[Curve], measured: Sequence[Points]) -> list[list[Peak]]:
    return [peak_labels.peaks_of_curve(one) for one in curves] + [peak_labels.peaks_of_points(one) for one in measured]


def _list_peaks(peaks: Sequence[Sequence[Peak]], of: Sequence[Curve | Points], style: Style) -> list[dict[str, Any]]:
    """Return the energies of the peaks of curves and data in the unit of the axis, for a table beside the figure."""
    energies = [np.sort(in_unit(np.array([peak.energy for peak in some]), style.energy_unit)) for some in peaks]
    return [
        {"label": one.label, "energies": [float(energy) for energy in found]}
        for one, found in zip(of, energies, strict=False)
    ]


def _peak_labels(
    peaks: Sequence[Sequence[Peak]],
    curves: Sequence[Curve],
    colours: Sequence[str],
    places: Sequence[_Place],
    style: Style,
    frame: peak_labels.Frame,
) -> list[dict[str, Any]]:
    """Return labels of the peaks of curves and data, whose peaks and places come in this order."""
    logarithmic = style.scale == "log"
    ink = [*colours, *[THEMES[style.theme].ink] * (len(peaks) - len(curves))]
    wanted: list[peak_labels.Candidate] = []
    for found, colour, place in zip(peaks, ink, places, strict=True):
        at = {"factor": place.factor, "lift": place.lift}
        wanted += peak_labels.candidates(found, colour, style.energy_unit, **at, logarithmic=logarithmic)
    drawn = []
    for curve, place in zip(curves, places, strict=False):
        height = place.factor * curve.spectrum.intensity + place.lift
        if logarithmic:
            height = np.log10(np.maximum(height, 10.0 ** frame.y[0]))
        x = in_unit(curve.spectrum.energy, style.energy_unit).astype(float)
        drawn.append(peak_labels.Drawn(*frame.to_pixels(x, height)))
    return peak_labels.to_annotations(peak_labels.place_labels(wanted, drawn, frame))


def _pens(curves: Sequence[Curve], theme: Theme) -> list[tuple[str, str]]:
    """Return the colour and the dash of each curve; dashes distinguish methods if there are several."""
    keys = [(curve.instrument, curve.method) for curve in curves]
    # If an instrument and method appear twice, with other settings, each curve has its own colour
    named = [curve.instrument for curve in curves] if len(set(keys)) == len(keys) else list(map(str, range(len(keys))))
    order = list(dict.fromkeys(named))
    one_method = len({curve.method for curve in curves}) == 1
    return [
        (
            curve.colour or theme.lines[order.index(name) % len(theme.lines)],
            _REPEATED_DASHES[order.index(name) // len(theme.lines) % len(_REPEATED_DASHES)]
            if one_method
            else METHOD_DASHES.get(curve.method, "solid"),
        )
        for name, curve in zip(named, curves, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Line:
    name: str
    values: NDArray[np.float64]
    role: Role
    visible: bool
    width: float
    dash: str


def _trace(
    line: _Line,
    x: NDArray[np.float32],
    curve: Curve,
    colour: str,
    hover: CurveHover,
    place: _Place,
) -> dict[str, Any]:
    shifted = place != _Place(1.0, 0.0)
    return {
        "type": "scatter",
        "x": x,
        "y": (place.factor * line.values + place.lift).astype(np.float32),
        "customdata": line.values.astype(np.float32) if shifted else None,
        "name": line.name,
        "mode": "lines",
        "line": {"color": colour, "width": line.width, "dash": line.dash},
        "legendgroup": curve.label if line.role == "total" else None,
        "visible": line.visible,
        # A page shows and hides the parts without another request
        "meta": {"role": line.role},
        "hovertemplate": hover.template(line.name, curve.spectrum.unit, shifted=shifted),
    }


def _intensity_title(curves: Sequence[Curve], style: Style) -> str:
    symbol = "Intensity" if any(curve.of_crystal for curve in curves) else "S(|q|, ω)"
    if style.normalise != "none":
        return f"{symbol} / {DIVISORS[style.normalise]}"
    return _with_unit(symbol, {curve.spectrum.unit for curve in curves})


def intensity_title(spectra: Sequence[Spectrum]) -> str:
    """Return the title of an intensity axis of powders; probes with different units have no common unit."""
    return _with_unit("S(|q|, ω)", {spectrum.unit for spectrum in spectra})


def _with_unit(symbol: str, units: set[str]) -> str:
    return f"{symbol} ({next(iter(units)) if len(units) == 1 else 'each in its own unit'})"


def bands(
    x: NDArray[np.float32], intensity: NDArray[np.float64], error: NDArray[np.float64], colour: str, group: str
) -> list[dict[str, Any]]:
    """Return shades of one standard error: one for each part without a gap, since a shade would close the gaps."""
    measured = np.flatnonzero(np.isfinite(error))
    parts = np.split(measured, np.flatnonzero(np.diff(measured) > 1) + 1)
    return [trace for part in parts for trace in _band(x[part], intensity[part], error[part], colour, group)]


def _band(
    x: NDArray[np.float32], intensity: NDArray[np.float64], error: NDArray[np.float64], colour: str, group: str
) -> list[dict[str, Any]]:
    """Return a shade of one standard error below and above, without an entry in the legend."""
    edge: dict[str, Any] = {
        "type": "scatter",
        "x": x,
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": group,
        "meta": {"role": "error"},
    }
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return [
        edge | {"y": (intensity - error).astype(np.float32)},
        edge
        | {
            "y": (intensity + error).astype(np.float32),
            "fill": "tonexty",
            "fillcolor": f"rgba({red}, {green}, {blue}, 0.22)",
        },
    ]


def _parts(curve: Curve, parts: Mapping[str, NDArray[np.float64]], role: Role, visible: bool) -> list[_Line]:
    return [
        _Line(f"{curve.label}: {name}", values, role, visible, 1.2, PART_DASHES[index % len(PART_DASHES)])
        for index, (name, values) in enumerate(parts.items())
    ]


def _energy_range(curves: Sequence[Curve], style: Style) -> list[float]:
    ends = [in_unit(curve.spectrum.energy[[0, -1]], style.energy_unit) for curve in curves]
    return [float(min(end[0] for end in ends)), float(max(end[1] for end in ends))]


def _top(curves: Sequence[Curve], measured: Sequence[Points]) -> float:
    """Return the largest intensity without the foot of the elastic line, which would dwarf everything else."""
    tops = [curve.highest for curve in curves]
    for points in measured:
        energy, intensity = points.measured.energy, points.measured.intensity
        of = curves[points.of]
        drawn = float(of.spectrum.energy[0]), float(of.spectrum.energy[-1])
        tops.append(largest_beyond(energy, intensity, of.elastic_mev, drawn))
    return max(tops) or 1.0


def _intensity_range(top: float, lifted: float, style: Style) -> list[float]:
    room = LABEL_ROOM if style.peak_labels else 0.0
    if style.scale == "log":
        low, high = float(np.log10(top)) - DECADES, float(np.log10(top)) + lifted + 0.3
    else:
        low, high = 0.0, 1.08 * top + lifted
    return [low, high + room * (high - low)]
