"""Figure of intensity against energy transfer, for several views on the same axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from backend.figures.energy import ENERGY_TITLES, in_unit
from backend.figures.hover import CurveHover
from backend.figures.labels import order_label
from backend.figures.measured import Points, curve_offsets, points_trace
from backend.figures.schemas import Style
from backend.figures.theme import POWERS, THEMES, Theme, axis, draw, layout
from scattering.observe.spectrum import Spectrum

METHOD_DASHES = {"md": "solid", "harmonic": "dash", "trpmd": "dashdot"}
PART_DASHES = ("dot", "dash", "dashdot", "longdash", "longdashdot")
Role = Literal["total", "bank", "element", "order"]
ELASTIC_FRACTION = 0.03
"""Fraction of the energy range next to the elastic line that the intensity axis ignores."""
DECADES = 4
"""Initial orders of magnitude of a logarithmic axis."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A spectrum with the facts that distinguish it from the others."""

    spectrum: Spectrum
    instrument: str
    method: str
    label: str


def spectrum_figure(curves: Sequence[Curve], style: Style, measured: Sequence[Points] = ()) -> go.Figure:
    """Draw spectra: a colour for each instrument, a dash for each method, measured data as points."""
    theme = THEMES[style.theme]
    hover = CurveHover.of(style.energy_unit, [curve.spectrum.unit for curve in curves])
    traces: list[dict[str, Any]] = []
    top = _top(curves, measured)
    logarithmic = style.scale == "log"
    lifted, points_lifted = curve_offsets(len(curves), measured, style.offset * (DECADES if logarithmic else top))
    for curve, (colour, dash), lift in zip(curves, _pens(curves, theme), lifted, strict=True):
        x = in_unit(curve.spectrum.energy, style.energy_unit)
        lines = [_Line(curve.label, curve.spectrum.intensity, "total", True, 2.0, dash)]
        lines += _parts(curve, curve.spectrum.banks, "bank", style.banks)
        lines += _parts(curve, curve.spectrum.per_element, "element", style.per_element)
        orders = {order_label(order): values for order, values in curve.spectrum.per_order.items()}
        lines += _parts(curve, orders, "order", True)
        factor, added = (10.0**lift, 0.0) if logarithmic else (1.0, lift)
        if style.errors and curve.spectrum.error is not None:
            intensity, error = factor * curve.spectrum.intensity + added, factor * curve.spectrum.error
            traces += band(x, intensity, error, colour, curve.label)
        traces += [_trace(line, x, curve, colour, hover, factor=factor, lift=added) for line in lines]
    for index, (points, lift) in enumerate(zip(measured, points_lifted, strict=True)):
        factor, added = (10.0**lift, 0.0) if logarithmic else (1.0, lift)
        in_figure = replace(points, unit=curves[points.of].spectrum.unit)
        traces.append(points_trace(in_figure, theme, hover, index=index, factor=factor, lift=added))
    return draw(
        traces,
        layout(
            theme,
            xaxis=axis(
                theme,
                ENERGY_TITLES[style.energy_unit],
                range=_energy_range(curves, style),
                unifiedhovertitle=hover.title,
            ),
            yaxis=axis(
                theme,
                intensity_title([curve.spectrum for curve in curves]),
                type=style.scale,
                range=_intensity_range(top, max([0.0, *lifted, *points_lifted]), style),
                **POWERS,
            ),
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
            hovermode=hover.mode,
            # Zoom and hidden lines stay when a slider moves
            uirevision=f"spectrum {style.energy_unit} {style.scale}",
        ),
    )


def _pens(curves: Sequence[Curve], theme: Theme) -> list[tuple[str, str]]:
    """Return the colour and the dash of each curve; dashes distinguish methods if there are several."""
    keys = [(curve.instrument, curve.method) for curve in curves]
    # If an instrument and method appear twice, with other settings, each curve has its own colour
    named = [curve.instrument for curve in curves] if len(set(keys)) == len(keys) else list(map(str, range(len(keys))))
    order = list(dict.fromkeys(named))
    one_method = len({curve.method for curve in curves}) == 1
    return [
        (
            theme.lines[order.index(name) % len(theme.lines)],
            "solid" if one_method else METHOD_DASHES.get(curve.method, "solid"),
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
    *,
    factor: float,
    lift: float,
) -> dict[str, Any]:
    shifted = (factor, lift) != (1.0, 0.0)
    return {
        "type": "scatter",
        "x": x,
        "y": (factor * line.values + lift).astype(np.float32),
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


def intensity_title(spectra: Sequence[Spectrum]) -> str:
    """Return the title of an intensity axis; probes with different units have no common unit."""
    units = {spectrum.unit for spectrum in spectra}
    return f"S(|q|, ω) ({units.pop()})" if len(units) == 1 else "S(|q|, ω) (each in its own unit)"


def band(
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
    tops = []
    for curve in curves:
        energy, intensity = curve.spectrum.energy, curve.spectrum.intensity
        near = ELASTIC_FRACTION * (energy[-1] - energy[0])
        tops.append(_largest(energy, intensity, near) or float(intensity.max(initial=0.0)))
    for points in measured:
        energy, intensity = points.measured.energy, points.measured.intensity
        axis_of = curves[points.of].spectrum.energy
        shown = (energy >= axis_of[0]) & (energy <= axis_of[-1])
        tops.append(_largest(energy[shown], intensity[shown], ELASTIC_FRACTION * (axis_of[-1] - axis_of[0])))
    return max(tops) or 1.0


def _largest(energy: NDArray[np.float64], intensity: NDArray[np.float64], near: float) -> float:
    return float(intensity[np.abs(energy) > near].max(initial=0.0))


def _intensity_range(top: float, lifted: float, style: Style) -> list[float]:
    if style.scale == "log":
        return [float(np.log10(top)) - DECADES, float(np.log10(top)) + lifted + 0.3]
    return [0.0, 1.08 * top + lifted]
