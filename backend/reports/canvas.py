"""A page of matplotlib for the figures of a report: size, style, and SVG without traces of the machine."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from backend.figures.theme import THEMES
from backend.reports.lettering import FAMILY, TEXT_PT

INCHES_PER_MM = 1 / 25.4
THEME = THEMES["light"]
SVG_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)

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
    # Letters as outlines look the same in every viewer; text of users is never parsed as mathematics
    "svg.fonttype": "path",
    "text.parse_math": False,
    "axes.unicode_minus": True,
}
_drawing_lock = threading.Lock()
"""The settings of matplotlib are global, and requests run in threads."""


@contextmanager
def canvas(name: str, width_mm: float, height_mm: float) -> Iterator[tuple[Figure, list[str]]]:
    """Give a figure and an empty list; on exit, the SVG of the figure is added to the list."""
    made: list[str] = []
    with _drawing_lock, rc_context(STYLE | {"svg.hashsalt": name}):
        close = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, hspace=0.0, wspace=0.02)
        figure = Figure(figsize=(width_mm * INCHES_PER_MM, height_mm * INCHES_PER_MM), layout=close)
        FigureCanvasSVG(figure)
        yield figure, made
        content = io.StringIO()
        figure.savefig(content, format="svg", dpi=220, metadata={"Date": None, "Creator": None})
        text = content.getvalue()
        made.append(SVG_COMMENT.sub("", text[text.index("<svg") :]))
