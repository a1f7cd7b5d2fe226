"""Panel of differences below the spectra of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from backend.figures.curves.curve import Curve
from backend.figures.curves.difference import Difference
from backend.figures.curves.elastic import largest_beyond
from backend.figures.energy import in_unit
from backend.figures.hover import CurveHover
from backend.figures.measured import SYMBOLS, Points
from backend.figures.schemas import EnergyUnit
from backend.figures.theme import POWERS, Theme, axis

HEIGHT: Final = 0.28
"""Height of the panel over that of the figure."""
GAP: Final = 0.04
SPECTRA_FRACTION: Final = 1 - HEIGHT - GAP


def traces(
    found: Sequence[Difference],
    curves: Sequence[Curve],
    measured: Sequence[Points],
    colours: Sequence[str],
    theme: Theme,
    energy_unit: EnergyUnit,
) -> list[dict[str, Any]]:
    """Return the differences as traces; each is shown and hidden with its curve by the legend."""
    hover = CurveHover.of(energy_unit, [curves[0].spectrum.unit] * len(found))
    drawn = []
    for one in found:
        label = measured[one.of].label if one.is_measured else curves[one.of].label
        trace: dict[str, Any] = {
            "type": "scatter",
            "x": in_unit(one.energy, energy_unit),
            "y": one.values.astype(np.float32),
            "yaxis": "y2",
            "name": f"{label} − {curves[0].label}",
            "legendgroup": label,
            "showlegend": False,
            "meta": {"role": "difference"},
            "hovertemplate": hover.template(f"{label} − {curves[0].label}", curves[0].spectrum.unit),
        }
        if one.is_measured:
            marker = {"color": theme.ink, "size": 3.5, "symbol": SYMBOLS[one.of % len(SYMBOLS)], "opacity": 0.85}
            drawn.append(trace | {"mode": "markers", "marker": marker})
        else:
            drawn.append(trace | {"mode": "lines", "line": {"color": colours[one.of], "width": 1.4}})
    return drawn


def axes(x_axis: dict[str, Any], y_axis: dict[str, Any], found: Sequence[Difference], theme: Theme) -> dict[str, Any]:
    """Return the axes of the figure, with those of the panel if there are differences."""
    if not found:
        return {"xaxis": x_axis, "yaxis": y_axis}
    ends = [largest_beyond(one.energy, np.abs(one.values), one.elastic_mev) for one in found]
    end = 1.1 * max(ends) or 1.0
    below = axis(theme, "Difference", domain=[0.0, HEIGHT], range=[-end, end], nticks=5, **POWERS)
    frames = [_frame(HEIGHT + GAP, 1.0, theme), _frame(0.0, HEIGHT, theme)]
    return {
        "xaxis": x_axis | {"anchor": "y2"},
        "yaxis": y_axis | {"domain": [HEIGHT + GAP, 1.0]},
        "yaxis2": below | {"zeroline": True, "zerolinecolor": theme.muted, "zerolinewidth": 1},
        "shapes": frames,
    }


def _frame(low: float, high: float, theme: Theme) -> dict[str, Any]:
    """Return a frame around a panel; the shared energy axis frames only the lowest one."""
    box = {"type": "rect", "xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": low, "y1": high}
    return {**box, "line": {"color": theme.muted, "width": 1}}
