"""Colours, fonts and layout of all figures, light and dark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'

TRANSPARENT = "rgba(0,0,0,0)"
MARGIN = {"l": 68, "r": 18, "t": 34, "b": 54}
"""Margins of every figure, in pixels."""


@dataclass(frozen=True)
class Theme:
    """Colours of a theme; lines are distinguishable with any kind of colour vision.

    Attributes
    ----------
    outside, hatch
        Ground and lines of parts that are not measured: neither the colour of zero nor any other of `heat`.
    wash
        Translucent `outside`, through which the simulated intensity is seen faintly.
    wash_of_lines
        The same over a whole map of which only lines are measured.
    heat
        Colours of intensities: (place from 0 to 1, colour).
    """

    paper: str
    ink: str
    muted: str
    grid: str
    outside: str
    hatch: str
    wash: str
    wash_of_lines: str
    edge: str
    lines: tuple[str, ...]
    heat: tuple[tuple[float, str], ...]


# From the colour of zero, white or black, to the largest value. The stops are where the lightness L* of their colours
# is linear in the value, so that equal steps look equal, also in black and white. The hue changes as well.
# "dense" of cmocean: Thyng et al., Oceanography 29, 9 (2016), as in plotly.colors.sequential, after white
_LIGHT_HEAT = (
    (0.0, "#ffffff"),
    (0.066, "#e6f0f0"),
    (0.154, "#bfdde5"),
    (0.239, "#9cc9e2"),
    (0.32, "#81b4e3"),
    (0.407, "#739ae4"),
    (0.49, "#757fdd"),
    (0.575, "#7864ca"),
    (0.66, "#774aaf"),
    (0.746, "#71328d"),
    (0.831, "#641f68"),
    (0.915, "#501442"),
    (1.0, "#360e24"),
)
# matplotlib's inferno at ten points (CC0), as in plotly.colors.sequential
_DARK_HEAT = (
    (0.0, "#000004"),
    (0.08, "#1b0c41"),
    (0.195, "#4a0c6b"),
    (0.298, "#781c6d"),
    (0.397, "#a52c60"),
    (0.503, "#cf4446"),
    (0.613, "#ed6925"),
    (0.737, "#fb9b06"),
    (0.866, "#f7d13d"),
    (1.0, "#fcffa4"),
)

THEMES = {
    "light": Theme(
        paper="#ffffff",
        ink="#1c2733",
        muted="#5b6773",
        grid="#e6eaee",
        outside="#c4cad0",
        hatch="#87919b",
        wash="rgba(196, 202, 208, 0.82)",
        wash_of_lines="rgba(196, 202, 208, 0.35)",
        edge="#b3440c",
        # Okabe and Ito, "Color Universal Design" (2008), without the yellow, which is invisible on white
        lines=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#a6761d", "#56b4e9", "#e69f00", "#1c2733"),
        heat=_LIGHT_HEAT,
    ),
    "dark": Theme(
        paper="#1f2327",
        ink="#e8ecf0",
        muted="#a3adb7",
        grid="#343a41",
        outside="#4a5057",
        hatch="#828c97",
        wash="rgba(74, 80, 87, 0.82)",
        wash_of_lines="rgba(74, 80, 87, 0.35)",
        edge="#99ddff",
        # Paul Tol, "Colour schemes" (2021), light scheme
        lines=("#77aadd", "#ee8866", "#44bb99", "#ffaabb", "#eedd88", "#99ddff", "#bbcc33", "#dddddd"),
        heat=_DARK_HEAT,
    ),
}


def layout(theme: Theme, **more: Any) -> dict[str, Any]:
    """Return the common layout of all figures."""
    return {
        # The background of the page shows through
        "paper_bgcolor": TRANSPARENT,
        "plot_bgcolor": TRANSPARENT,
        "font": {"family": FONT, "size": 13, "color": theme.ink},
        "margin": MARGIN,
        "hoverlabel": {
            "bgcolor": theme.paper,
            "bordercolor": theme.muted,
            "font": {"family": FONT, "color": theme.ink},
        },
        "modebar": {"bgcolor": TRANSPARENT, "color": theme.muted, "activecolor": theme.ink},
        **more,
    }


def draw(traces: list[dict[str, Any]], arrangement: dict[str, Any]) -> go.Figure:
    """Return a figure from plain dictionaries: Plotly checks them once, which is five times faster than one by one."""
    return go.Figure({"data": traces, "layout": arrangement})


POWERS = {"exponentformat": "power", "minexponent": 2, "showexponent": "last"}
"""Ticks of small numbers: 2 × 10⁻³ instead of 0.002."""


def axis(theme: Theme, title: str, **more: Any) -> dict[str, Any]:
    """Return an axis in the style of printed spectra: a frame, ticks outside, a faint grid."""
    return {
        "title": {"text": title, "standoff": 8},
        "showline": True,
        "mirror": True,
        "linecolor": theme.muted,
        "ticks": "outside",
        "tickcolor": theme.muted,
        "gridcolor": theme.grid,
        "zeroline": False,
        "automargin": True,
        **more,
    }


def powers_of_ten(low: float, high: float) -> dict[str, Any]:
    """Return the ticks of a colour bar of logarithms, from one exponent to another."""
    powers = list(range(math.ceil(low), math.floor(high) + 1))
    return {"tickvals": powers, "ticktext": [f"10<sup>{power}</sup>" for power in powers]}
